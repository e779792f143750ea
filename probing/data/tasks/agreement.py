"""What English words tell of number, gender and person, for the rules of section 4.3.

The lists are short and closed: pronouns, and nouns that name people by gender or by role. What
is not listed may be anything that its tag allows, so two mentions disagree only where both say
so. They are for the baselines alone; no head or probe sees them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

PRONOUN_TAGS = frozenset({"PRP", "PRP$", "PRON"})
PROPER_TAGS = frozenset({"NNP", "NNPS", "PROPN"})

FIRST_PERSON = frozenset(
    "i me my mine myself we us our ours ourselves ourself 's ’s lets".split()
)  # the clitic of let's
SECOND_PERSON = frozenset(
    "you your yours yourself yourselves ya y' y’ u ur ye thou thee thy thine yall y'all".split()
)
THIRD_PERSON = frozenset(
    """he him his himself she her hers herself it its itself they them their theirs themselves
    themself 'em ’em em one one's oneself it's 't ’t s/he hir ze""".split()
)
_PRONOUNS = FIRST_PERSON | SECOND_PERSON | THIRD_PERSON
_SINGULAR = frozenset(
    """i me my mine myself he him his himself she her hers herself it its itself one oneself
    yourself this that each""".split()
)
_PLURAL = frozenset(
    """we us our ours ourselves they them their theirs themselves 'em ’em yourselves these those
    both people children men women police""".split()
)
_FEMININE = frozenset(
    """she her hers herself woman women girl girls lady mother mom mum mama daughter sister aunt
    grandmother grandma niece wife widow girlfriend bride queen princess actress waitress
    goddess mrs mrs. ms ms. miss madam nun heroine""".split()
)
_MASCULINE = frozenset(
    """he him his himself man men boy boys gentleman guy father dad papa son brother uncle
    grandfather grandpa nephew husband widower boyfriend groom king prince actor waiter god mr
    mr. sir lord monk hero""".split()
)
_PEOPLE = frozenset(
    """person people child children baby friend adult teenager parent author writer reader
    student teacher professor scientist researcher doctor nurse patient lawyer judge officer
    soldier president minister senator mayor governor leader chief director manager boss worker
    employee player member artist singer musician painter actor driver farmer engineer editor
    journalist reporter neighbor neighbour guest visitor user speaker host candidate victim
    witness citizen resident cousin partner spouse coach captain general detective
    gardener baker pilot sailor tailor librarian carpenter mechanic hunter guard poet chemist
    secretary tourist traveler photographer plumber dentist""".split()
)
_NEUTER = frozenset("it its itself this that".split())
_TAG_NUMBER = {"NNP": "singular", "NNPS": "plural", "NNS": "plural"}
_NUMBERS = frozenset({"singular", "plural"})
_GENDERS = frozenset({"feminine", "masculine", "neuter"})


@dataclass(frozen=True, slots=True)
class Features:
    """What a mention may be; several values where its words do not tell."""

    number: frozenset[str]
    gender: frozenset[str]
    person: frozenset[str]

    def agrees(self, other: Features) -> bool:
        """Whether both could be the same in number, gender and person."""
        return bool(
            self.number & other.number and self.gender & other.gender and self.person & other.person
        )


def features(words: Sequence[str], head: str, tag: str) -> Features:
    """The features of a mention, from its lower-case words, its head word and the head's tag."""
    return Features(_number(head, tag), _gender(words, head, tag), frozenset({person(head, tag)}))


def as_annotated(features: Features, feats: str) -> Features:
    """The features with number and gender as FEATS of the head word say them, where they do."""
    said = dict(pair.split("=", 1) for pair in feats.split("|") if "=" in pair)
    number = _known(said.get("Number", ""), _NUMBER_OF)
    gender = _known(said.get("Gender", ""), _GENDER_OF)
    return replace(features, number=number or features.number, gender=gender or features.gender)


def _known(values: str, names: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """What a feature says, of several values with commas between them; nothing if unheard of."""
    return frozenset().union(*(names.get(value, frozenset()) for value in values.split(",")))


_NUMBER_OF = {
    "Sing": frozenset({"singular"}),
    **dict.fromkeys(("Plur", "Dual", "Tri", "Pauc", "Grpa", "Grpl", "Ptan"), frozenset({"plural"})),
}
_GENDER_OF = {
    "Masc": frozenset({"masculine"}),
    "Fem": frozenset({"feminine"}),
    "Neut": frozenset({"neuter"}),
    "Com": frozenset({"feminine", "masculine"}),
}


def person(head: str, tag: str) -> str:
    """``first``, ``second`` or ``third``; empty for a pronoun that is not listed."""
    if tag not in PRONOUN_TAGS:
        return "third"
    return next((name for name, words in _PERSONS.items() if head in words), "")


_PERSONS = {"first": FIRST_PERSON, "second": SECOND_PERSON, "third": THIRD_PERSON}


def _number(head: str, tag: str) -> frozenset[str]:
    if tag in _TAG_NUMBER:
        return frozenset({_TAG_NUMBER[tag]})
    if tag in PROPER_TAGS:  # the US is no pronoun
        return _NUMBERS
    if head in _PLURAL:
        return frozenset({"plural"})
    return frozenset({"singular"}) if head in _SINGULAR or tag == "NN" else _NUMBERS


def _gender(words: Sequence[str], head: str, tag: str) -> frozenset[str]:
    # Mrs. Smith says so with another word than its head; the US is no pronoun.
    said = set(words) - _PRONOUNS if tag in PROPER_TAGS else {head}
    for gender, listed in (("feminine", _FEMININE), ("masculine", _MASCULINE), ("neuter", _NEUTER)):
        if said & listed:
            return frozenset({gender})
    if tag in PRONOUN_TAGS and person(head, tag) != "third":
        return frozenset({"feminine", "masculine"})
    if head in _PEOPLE or head.removesuffix("s") in _PEOPLE:
        return frozenset({"feminine", "masculine"})
    # A name may be anybody's; a common noun that is not listed is seldom a person.
    return frozenset({"neuter"}) if tag == "NN" else _GENDERS
