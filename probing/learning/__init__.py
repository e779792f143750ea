"""Probes that train."""
