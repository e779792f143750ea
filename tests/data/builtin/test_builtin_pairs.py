"""Minimal pairs of the built-in lexicon: they differ in what is asked, and in nothing else."""

from __future__ import annotations

from collections import Counter

from probing.data.builtin.grammar import inflect, plural_of
from probing.data.builtin.lexicon import INTRANSITIVE, NOUNS
from probing.data.builtin.pairs import SETS, builtin_pairs

SINGULAR = {noun for nouns in NOUNS.values() for noun in nouns if plural_of(noun) != noun}
PLURAL = {plural_of(noun) for noun in SINGULAR}
OF_ONE = {"is", "was", *(inflect(v, "VBZ") for own in INTRANSITIVE.values() for v in own)}
OF_SEVERAL = {"are", "were", *(v for own in INTRANSITIVE.values() for v in own)}


def pairs_of(name: str, count: int = 400) -> list[tuple[str, str]]:
    said, found = builtin_pairs(f"builtin:{name},pairs={count},seed=3")
    assert said == name
    return found


def words(sentence: str) -> list[str]:
    assert sentence[0].isupper()
    assert sentence.endswith(".")
    return sentence[:-1].split()


def test_agreement_is_with_the_subject_across_a_noun_of_the_other_number() -> None:
    numbers = Counter()
    for good, bad in pairs_of("agreement"):
        _, subject, _, _, attractor, verb, *rest = words(good)
        assert (subject in PLURAL) != (attractor in PLURAL)
        assert (subject in SINGULAR) != (attractor in SINGULAR)
        assert verb in (OF_SEVERAL if subject in PLURAL else OF_ONE)
        other = words(bad)
        assert other[:5] == words(good)[:5]
        assert other[6:] == rest
        assert other[5] in (OF_ONE if subject in PLURAL else OF_SEVERAL)
        assert other[5] != verb
        numbers[subject in PLURAL] += 1
    assert min(numbers.values()) > 100  # neither number wins by itself


def test_roles_are_those_of_the_same_phrases_the_other_way_round() -> None:
    people = {*NOUNS["person"], *map(plural_of, NOUNS["person"])}
    for name in ("roles", "reversible"):
        for good, bad in pairs_of(name):
            own, other = words(good), words(bad)
            assert Counter(map(str.lower, own)) == Counter(map(str.lower, other))
            place = own.index("the") - 1
            verb = own[place]
            first, second = own[1:place], own[place + 2 :]
            assert other == ["The", *second, verb, "the", *first]
            assert first[-1] in people
            assert (second[-1] in people) == (name == "reversible")


def test_pairs_come_once_and_more_of_them_begin_with_the_fewer() -> None:
    for name in SETS:
        many = pairs_of(name, 2000)
        assert len(set(many)) == 2000
        assert many[:50] == pairs_of(name, 50)
        assert builtin_pairs(f"builtin:{name},pairs=50,seed=4")[1] != many[:50]
