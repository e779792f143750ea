"""Right of how many, about whole trees."""
