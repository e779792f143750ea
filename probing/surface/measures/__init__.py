"""What is measured of heads on plain text."""
