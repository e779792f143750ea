"""For notebooks and scripts of one's own."""
