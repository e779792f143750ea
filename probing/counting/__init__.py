"""Right of how many."""
