"""The words in which a task reports; a task names its own by their import path."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from pkgutil import resolve_name

from probing.core.category_rules import FORM, GOLD, KINDS, rule_of
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
    - ``caveat``: what a reader of any table of these scores must know, if anything.
    """

    row: str
    score: str
    title: str
    note: str = ""
    scope: str = ""
    counted: str = ""
    caveat: str = ""


PLAIN = Wording(row="row", score="accuracy", title="Right anchors")
"""Of a task that names none."""

DEPENDENCIES = Wording(
    row="relation",
    score="UAS",
    title="Unlabelled attachment without punctuation",
    note="best-…: the best of its kind over all words. Root words count as wrong for what\n"
    "takes no training.",
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
    note="best-…: the best of its kind over all anaphors. random: the expected value.",
)

_PICKS = "Heads and probes pick from {}; baselines from earlier mentions."
COREFERENCE_MENTIONS = replace(
    COREFERENCE, caveat=_PICKS.format("earlier mentions and those behind the anaphor")
)
COREFERENCE_EARLIER_WORDS = replace(COREFERENCE, caveat=_PICKS.format("all earlier words"))
COREFERENCE_WORDS = replace(COREFERENCE, caveat=_PICKS.format("all words of the window"))
"""Where candidates are not earlier mentions alone."""


def in_words(baseline: str) -> str:
    """A baseline as a reader understands it: ``nearest VERB to the left (gold tags)``."""
    found = rule_of(baseline)
    if found is None:
        return _without_tags(baseline)
    family, rule = found
    which = "nearest" if rule.nth == 1 else "second nearest"
    return f"{which} {_KINDS[rule.kind]} to the {rule.side} ({_TAGS[family]})"


def in_brief(baseline: str) -> str:
    """The same where there is little room: ``VERB left (gold)``."""
    found = rule_of(baseline)
    if found is None:
        return _without_tags(baseline)
    family, rule = found
    which = "" if rule.nth == 1 else "2nd "
    return f"{which}{_KINDS[rule.kind]} {rule.side} ({_BRIEF_TAGS[family]})"


def _without_tags(baseline: str) -> str:
    return _offset(baseline) or _mention(baseline) or baseline


def briefly(baselines: Iterable[str]) -> list[str]:
    """What a reader of :func:`in_brief` must know of those that stand in a table, in one line."""
    shown = set(baselines)
    families = {found[0] for found in map(rule_of, shown) if found}
    nearest = "the nearest VERB to the left, by"
    told = (
        (f"VERB left (gold): {nearest} the data's own tags", GOLD in families),
        ("(form): by tags guessed from forms", families == {FORM, GOLD}),
        (f"VERB left (form): {nearest} tags guessed from forms", families == {FORM}),
        ("offset +1: the next word", any(map(_offset, shown))),
    )
    said = "; ".join(text for text, is_there in told if is_there)
    return [f"{said}."] if said else []


_TAGS = {FORM: "tags by form", GOLD: "gold tags"}
_BRIEF_TAGS = {FORM: "form", GOLD: "gold"}
_KINDS = {
    name: f"{', '.join(parts[:-1])} or {parts[-1]}" if len(parts) > 1 else parts[0]
    for name in KINDS
    for parts in [name.replace("content", "content word").split("+")]
}


def _offset(baseline: str) -> str:
    family, _, offset = baseline.partition("=")
    is_number = offset.removeprefix("-").isdecimal()
    return f"offset {int(offset):+d}" if family == "offset" and is_number else ""


def _mention(baseline: str) -> str:
    family, _, alike = baseline.partition("=")
    *first, last = alike.split("+")
    named = f"{', '.join(first)} and {last}" if first else last
    return f"nearest of the same {named}" if family == "same-kind" and last else ""


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
