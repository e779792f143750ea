"""The rows of the table: what is measured, one kind of work a file."""
