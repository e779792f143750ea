"""Plain text, from file to batch."""
