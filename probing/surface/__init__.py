"""What heads do on plain text: averages, gradients, distances between heads, and figures."""
