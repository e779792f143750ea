"""``report.html`` of the analyses of plain text."""
