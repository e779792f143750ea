"""``report.html``: the report on a split as one page, opened from disk, that asks no network."""
