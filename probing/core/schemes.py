"""Annotation schemes: which one a treebank follows, subtypes, and the paper's relations in UD.

``docs/schemes.md`` says the same in prose.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

SchemeName = Literal["UD", "SUD", "Stanford"]
UNKNOWN = "unknown"
SEPARATORS = ":"
"""What starts a subtype: ``nsubj:pass``."""

SUD_SEPARATORS = ":@$/"
"""What extends a label in SUD: ``comp:obj``, ``subj@pass``, ``mod$purp``, ``conj/m``."""

ALL_SUBTYPES = ":*"
"""How the name of a row ends that adds up a relation and its subtypes: ``nsubj:*``."""

# Relations that no other scheme has together. What UD 1 shares with Stanford Dependencies (dobj,
# nsubjpass) decides nothing, nor does what other treebanks call the same (mod, obj, prep alone).
_MARKS: Mapping[SchemeName, tuple[frozenset[str], ...]] = {
    "UD": (
        frozenset({"nsubj", "obj"}),
        frozenset({"nsubj", "obl"}),
        frozenset({"case", "obl"}),
        frozenset({"case", "nmod"}),
    ),
    "SUD": tuple(
        frozenset({label}) for label in ("comp:obj", "comp:obl", "comp:aux", "comp:pred", "udep")
    ),
    "Stanford": (frozenset({"prep", "pobj"}),),
}


@dataclass(frozen=True)
class Scheme:
    """The annotation scheme of a treebank and how it is known.

    ``name`` is one of :data:`SchemeName` or :data:`UNKNOWN`; ``by`` is ``"labels"``, or
    ``"option"`` where the user said so; ``labels`` is what the labels alone say.
    """

    name: str
    by: str
    labels: str

    def __str__(self) -> str:
        """The name, and how it is known, in a few words."""
        if self.by == "option":
            other = f", though its labels say {self.labels}"
            return f"{self.name} (as given{other if self.is_doubtful else ''})"
        if self.name == UNKNOWN:
            return f"{UNKNOWN} (its labels do not decide; --data.scheme says which)"
        return f"{self.name} (by its labels)"

    @property
    def separators(self) -> str:
        """What starts a subtype in its labels."""
        return SUD_SEPARATORS if self.name == "SUD" else SEPARATORS

    @property
    def is_doubtful(self) -> bool:
        """Whether the labels say another scheme than the user."""
        return self.labels not in {self.name, UNKNOWN}


def scheme_of(relations: Collection[str], given: SchemeName | None = None) -> Scheme:
    """The scheme of a treebank with these relations: what the user says, else what they tell."""
    labels = recognised(relations)
    return Scheme(labels, "labels", labels) if given is None else Scheme(given, "option", labels)


def recognised(relations: Collection[str]) -> str:
    """The one scheme whose marks occur among the relations, else :data:`UNKNOWN`."""
    known = {universal(label) for label in relations}
    known |= {universal(label, SUD_SEPARATORS.replace(":", "")) for label in relations}
    found = [name for name, marks in _MARKS.items() if any(mark <= known for mark in marks)]
    return found[0] if len(found) == 1 else UNKNOWN


@lru_cache(maxsize=4096)
def universal(relation: str, separators: str = SEPARATORS) -> str:
    """A relation without its subtype."""
    return re.split(f"[{re.escape(separators)}]", relation, maxsplit=1)[0]


def is_roll_up(row: str) -> bool:
    """Whether a row of a report adds up the labels of a relation."""
    return row.endswith(ALL_SUBTYPES)


Edge = Literal["same", "swapped", "other head"]


class Counterpart(NamedTuple):
    """What a relation of the Stanford Dependencies is in UD 2.

    ``relations`` are those in UD, the usual one first; none, if it has no counterpart. ``edge``
    says whether they join the same dependent and head, the two with their places swapped (then
    the anchor there is the gold word here), or the same dependent and another head.
    """

    relations: tuple[str, ...]
    edge: Edge = "same"


STANFORD_TO_UD: Mapping[str, Counterpart] = {
    # The paper's Table 1, in its order.
    "prep": Counterpart(()),
    "pobj": Counterpart(("case",), "swapped"),
    "det": Counterpart(("det",)),
    "nn": Counterpart(("compound",)),
    "nsubj": Counterpart(("nsubj",)),
    "amod": Counterpart(("amod",)),
    "dobj": Counterpart(("obj",)),
    "advmod": Counterpart(("advmod",)),
    "aux": Counterpart(("aux", "mark")),
    "poss": Counterpart(("nmod:poss",)),
    "auxpass": Counterpart(("aux:pass",)),
    "ccomp": Counterpart(("ccomp", "acl")),
    "mark": Counterpart(("mark",)),
    "prt": Counterpart(("compound:prt",)),
    # What else there is, by the alphabet.
    "acomp": Counterpart(("xcomp",)),
    "advcl": Counterpart(("advcl",)),
    "appos": Counterpart(("appos",)),
    "cc": Counterpart(("cc",), "other head"),
    "conj": Counterpart(("conj",)),
    "cop": Counterpart(("cop",)),
    "csubj": Counterpart(("csubj",)),
    "csubjpass": Counterpart(("csubj:pass",)),
    "dep": Counterpart(("dep",)),
    "discourse": Counterpart(("discourse",)),
    "expl": Counterpart(("expl",)),
    "infmod": Counterpart(("acl",)),
    "iobj": Counterpart(("iobj",)),
    "mwe": Counterpart(("fixed",), "swapped"),
    "neg": Counterpart(("advmod", "det")),
    "npadvmod": Counterpart(("obl:unmarked", "nmod:unmarked")),
    "nsubjpass": Counterpart(("nsubj:pass",)),
    "num": Counterpart(("nummod",)),
    "number": Counterpart(("compound",)),
    "parataxis": Counterpart(("parataxis",)),
    "partmod": Counterpart(("acl",)),
    "pcomp": Counterpart(("mark",), "swapped"),
    "possessive": Counterpart(("case",)),
    "preconj": Counterpart(("cc:preconj",)),
    "predet": Counterpart(("det:predet",)),
    "quantmod": Counterpart(("advmod",)),
    "rcmod": Counterpart(("acl:relcl",)),
    "tmod": Counterpart(("obl:unmarked", "nmod:unmarked")),
    "vmod": Counterpart(("acl",)),
    "xcomp": Counterpart(("xcomp",)),
}
"""Relations of the paper's Stanford Dependencies (basic) and their counterparts in UD 2."""

TABLE_1 = tuple(STANFORD_TO_UD)[:14]


def in_the_paper(relations: Collection[str]) -> str:
    """Which of these relations of UD have another name in the paper's Table 1, as a sentence.

    Empty, if none has.
    """
    names = []
    for stanford in TABLE_1:
        counterpart = STANFORD_TO_UD[stanford]
        for relation in counterpart.relations[:1]:
            if relation in relations and relation != stanford:
                swapped = ", dependent and head swapped" if counterpart.edge == "swapped" else ""
                names.append(f"{relation} ({stanford}{swapped})")
    if not names:
        return ""
    return f"Relations with another name in the paper's Table 1: {', '.join(names)}."
