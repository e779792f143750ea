"""Readers: one file a format, from a path to sentences."""
