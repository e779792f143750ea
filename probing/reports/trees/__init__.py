"""What is written about trees."""
