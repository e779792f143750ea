"""The words in which a task reports; a task names its own by their import path."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pkgutil import resolve_name

from probing.core.errors import ProbingError
from probing.core.terms import Terms


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of a report.

    - ``row``: what a row of the report is.
    - ``score``: what a share of right anchors is called.
    - ``title``: what the probes' table is about, ``note``: what its reader must know.
    - ``scope``: what the score leaves out, as in "UAS: each word's best head, …", ``counted``:
      which words that leaves.
    """

    row: str
    score: str
    title: str
    note: str = ""
    scope: str = ""
    counted: str = ""


PLAIN = Wording(row="row", score="accuracy", title="Right anchors")
"""Of a task that names none."""

DEPENDENCIES = Wording(
    row="relation",
    score="UAS",
    title="Unlabelled attachment without punctuation",
    note="best-offset and best-head: the best over all words. Root words count as wrong\n"
    "for what takes no training.",
    scope="without punctuation",
    counted="words that are no punctuation",
)

DEPENDENCIES_WITH_PUNCTUATION = replace(
    DEPENDENCIES,
    title="Unlabelled attachment",
    note=f"{DEPENDENCIES.note}\nPunctuation counts: nothing in the data tells it from words.",
    scope="punctuation included, which nothing in the data tells from words",
    counted="all words",
)
"""For treebanks where neither relations nor tags say what is punctuation."""

DEPENDENCIES_SOME_PUNCTUATION = replace(
    DEPENDENCIES,
    title="Unlabelled attachment",
    note=f"{DEPENDENCIES.note}\nPunctuation is left out in the files that tell it from words; in "
    "the others it counts.",
    scope="without punctuation in the files that tell it from words",
    counted="words that nothing says are punctuation",
)
"""For several files of which some do."""

COREFERENCE = Wording(
    row="mention type",
    score="accuracy",
    title="Antecedents of all anaphors",
    note="best-head: the best over all anaphors. random: the expected value.",
)


def wording_of(terms: Terms) -> Wording:
    """The words that ``terms.wording`` names.

    Raises:
        ProbingError: if there are none.
    """
    return _named(terms.wording)


@cache
def _named(path: str) -> Wording:
    try:
        found = resolve_name(path)
    except (ImportError, AttributeError, ValueError) as error:
        raise ProbingError(f"Terms.wording {path!r}: {error}") from error
    if not isinstance(found, Wording):
        raise ProbingError(
            f"Terms.wording {path!r}: expected a probing.reports.wording.Wording, "
            f"found {type(found).__name__}"
        )
    return found
