"""Who and what a document is about."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from random import Random

from probing.data.builtin import lexicon
from probing.data.builtin.lexicon import Kind, Pronoun

FORMS: dict[Pronoun, tuple[str, str, str]] = {
    "she": ("she", "her", "her"),
    "he": ("he", "him", "his"),
    "it": ("it", "it", "its"),
    "they": ("they", "them", "their"),
    "we": ("we", "us", "our"),
}
"""Subject, object and possessive form."""


@dataclass(frozen=True, eq=False, slots=True)
class Entity:
    """Somebody or something, or several, that is mentioned.

    ``pronoun`` tells gender and number. ``noun`` is what it is (empty for ``we`` and cities),
    ``name`` how it is named at first and ``called`` how later. A relative belongs to its
    ``owner``. Who is ``quantified`` (*every nurse*) is nobody whom one could come back to.
    """

    kind: Kind
    noun: str
    pronoun: Pronoun = "it"
    name: tuple[str, ...] = ()
    called: str = ""
    trait: str = ""
    owner: Entity | None = None
    quantified: bool = False

    @property
    def plural(self) -> bool:
        """Whether a verb agrees with it as with several."""
        return self.pronoun in {"they", "we"}

    @property
    def tells_gender(self) -> bool:
        """Whether its name or noun alone says *he* or *she*."""
        return bool(self.name) or self.owner is not None or self.pronoun not in {"she", "he"}


@cache
def head_noun(lemma: str) -> str:
    """The head of a compound, which stands for all that a reader might take for the same."""
    last = lemma.split("_")[-1]
    return lexicon.ALIKE.get(last, last)


def cast(random: Random) -> list[Entity]:
    """The entities that a document has in mind from the start.

    A woman and a man, often somebody else of the gender of one of them, perhaps *we* or a
    group, and one or two (groups of) animals or things.
    """
    taken: set[str] = set()

    def untaken(options: list[str]) -> str:
        choice = random.choice([word for word in options if head_noun(word) not in taken])
        taken.add(head_noun(choice))
        return choice

    surnames = random.random() < 0.25  # as in a newspaper
    genders: list[Pronoun] = random.sample(["she", "he"], 2)
    if random.random() < 0.85:
        genders.append(random.choice(genders))
    entities = []
    for gender in genders:
        role = untaken(lexicon.NOUNS["person"])
        trait = _trait(random, "person")
        if random.random() < 0.75:
            first, last = untaken(lexicon.NAMES[gender]), untaken(lexicon.SURNAMES)
            called = last if surnames else first
            entities.append(Entity("person", role, gender, (first, last), called, trait))
        else:
            entities.append(Entity("person", role, gender, trait=trait))
    if random.random() < 0.15:
        entities.append(Entity("person", "", "we"))
    if random.random() < 0.3:
        entities.append(Entity("person", untaken(lexicon.GROUPS), "they"))
    kinds: list[Kind] = ["animal", "text", "tool", "vehicle", "building", "idea"]
    for kind in random.sample(kinds, random.choice([1, 2])):
        pronoun: Pronoun = "they" if random.random() < 0.2 else "it"
        word = untaken([word for word in lexicon.NOUNS[kind] if word not in lexicon.MASS])
        entities.append(Entity(kind, word, pronoun, trait=_trait(random, kind)))
    return entities


def _trait(random: Random, kind: Kind) -> str:
    return random.choice(random.choice(lexicon.ADJECTIVES[kind]))
