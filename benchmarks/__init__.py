"""What the README and the documents say about speed and memory, measured."""
