"""What heads do on plain text (the paper's sections 3 and 6)."""
