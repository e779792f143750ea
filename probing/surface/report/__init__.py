"""What is written and drawn about heads on plain text."""
