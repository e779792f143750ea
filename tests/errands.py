"""The words of the made-up task of the tests."""

from __future__ import annotations

from probing.reports.wording import Wording

WORDS = Wording(
    row="kind of errand",
    score="Found",
    title="What an errand is for",
    note="Nobody runs these errands.",
)
