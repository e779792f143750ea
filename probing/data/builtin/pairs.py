"""Minimal pairs of the built-in lexicon: a sentence, and the one that differs in what is asked.

- ``agreement``: a verb that agrees with its subject, or with a noun of the other number that
  stands between the two (an attractor): *The key to the cabinets is rusty*, *… are rusty*.
- ``roles``: who does what to what, and the same reversed: *The teacher wrote the letter*, *The
  letter wrote the teacher*.
- ``reversible``: the same of two people, of which neither is better than the other: for distances.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from random import Random

from probing.core.errors import ProbingError
from probing.data.builtin.grammar import inflect, plural_of
from probing.data.builtin.lexicon import (
    ADJECTIVES,
    DESCRIBING,
    INTRANSITIVE,
    MASS,
    NOUNS,
    STATES,
    TRANSITIVE,
    Kind,
)

Pair = tuple[str, str]
"""A good sentence and a bad one."""
PREFIX = "builtin:"
_MOST = 10_000
_FORM = re.compile(r"builtin:([a-z]+),pairs=([0-9]{1,6}),seed=([0-9]{1,18})")
_COUNTED: Mapping[Kind, list[str]] = {
    kind: [n for n in nouns if "_" not in n and n not in MASS and plural_of(n) != n]
    for kind, nouns in NOUNS.items()
}
# What things do to people makes no sense.
_THINGS: tuple[Kind, ...] = ("text", "food", "tool", "vehicle", "furniture", "box", "building")


def _agreement(random: Random) -> Pair:
    kind = random.choice(sorted(DESCRIBING.keys() - {"idea"}))
    preposition, others = random.choice(DESCRIBING[kind])
    subject, attractor = _different(random, kind, random.choice(others))
    plural = random.random() < 0.5
    phrase = f"The {_number(subject, plural)} {preposition} the {_number(attractor, not plural)}"
    if kind in INTRANSITIVE and random.random() < 0.4:
        verb = random.choice(INTRANSITIVE[kind])
        forms, rest = [inflect(verb, tag) for tag in ("VBZ", "VBP")], ""
    else:
        tags = random.choice([("VBZ", "VBP"), ("VBD", "VBD")])
        forms = [
            inflect("be", tag, plural=own) for tag, own in zip(tags, (False, True), strict=True)
        ]
        rest = f" {random.choice(STATES[kind])}"
    good, bad = (f"{phrase} {forms[own]}{rest}." for own in (plural, not plural))
    return good, bad


def _roles(random: Random) -> Pair:
    return _reversed(random, random.choice(_THINGS))


def _reversible(random: Random) -> Pair:
    return _reversed(random, "person")


def _reversed(random: Random, kind: Kind) -> Pair:
    """A person does something to something of a kind, and the other way round."""
    subject, thing = _different(random, "person", kind)
    verb = inflect(random.choice(TRANSITIVE["person"][kind]), "VBD")
    agent = _phrase(random, "person", subject)
    patient = _phrase(random, kind, thing)
    good, bad = (f"The {a} {verb} the {b}." for a, b in ((agent, patient), (patient, agent)))
    return good, bad


def _phrase(random: Random, kind: Kind, noun: str) -> str:
    """A noun in either number, sometimes with an adjective."""
    adjective = f"{random.choice(random.choice(ADJECTIVES[kind]))} " * (random.random() < 0.3)
    return adjective + _number(noun, random.random() < 0.3)


def _different(random: Random, *kinds: Kind) -> list[str]:
    """A noun of each kind, none twice."""
    while True:
        found = [random.choice(_COUNTED[kind]) for kind in kinds]
        if len(set(found)) == len(found):
            return found


def _number(noun: str, plural: bool) -> str:
    return plural_of(noun) if plural else noun


SETS: Mapping[str, Callable[[Random], Pair]] = {
    "agreement": _agreement,
    "roles": _roles,
    "reversible": _reversible,
}


def builtin_pairs(source: str) -> tuple[str, list[Pair]]:
    """The name of a set and its pairs, none twice: ``builtin:SET,pairs=N,seed=S``.

    Pair *k* is the same however many are asked for.

    Raises:
        ProbingError: if ``source`` is not of that form.
    """
    found = _FORM.fullmatch(source)
    if not found or found[1] not in SETS or not 0 < int(found[2]) <= _MOST:
        raise ProbingError(
            f"expected 'builtin:SET,pairs=N,seed=S' with a SET of {', '.join(SETS)} and up to "
            f"{_MOST:,} pairs, found {source!r}"
        )
    make, random = SETS[found[1]], Random(f"{found[1]}/{found[3]}")
    pairs: dict[Pair, None] = {}
    while len(pairs) < int(found[2]):
        pairs[make(random)] = None
    return found[1], list(pairs)
