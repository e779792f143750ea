"""What the two scripts do."""
