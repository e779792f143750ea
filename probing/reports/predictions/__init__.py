"""What every probe and the chosen heads pick, anchor by anchor."""
