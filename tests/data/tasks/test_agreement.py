"""Agreement of mentions in number, gender and person, against a table written by hand."""

from __future__ import annotations

from itertools import product

import pytest

from probing.data.tasks.agreement import Features, features, person

# name of a mention: its words, head word and the head's tag
MENTIONS = {
    "I": ("i", "i", "PRP"),
    "we": ("we", "we", "PRP"),
    "you": ("you", "you", "PRP"),
    "she": ("she", "she", "PRP"),
    "her": ("her", "her", "PRP$"),
    "he": ("he", "he", "PRON"),
    "it": ("it", "it", "PRP"),
    "they": ("they", "they", "PRP"),
    "Mr. Smith": ("mr. smith", "smith", "NNP"),
    "Mr. Smith, by title": ("mr. smith", "mr.", "NNP"),
    "Mrs. Smith": ("mrs. smith", "smith", "PROPN"),
    "Smith": ("smith", "smith", "NNP"),
    "the Smiths": ("the smiths", "smiths", "NNPS"),
    "the woman": ("the woman", "woman", "NN"),
    "the boys": ("the boys", "boys", "NNS"),
    "women": ("women", "women", "NNS"),
    "the nurse": ("the nurse", "nurse", "NN"),
    "nurses": ("nurses", "nurses", "NNS"),
    "the table": ("the table", "table", "NN"),
    "tables": ("tables", "tables", "NNS"),
}
# Each mention, and which others it agrees with.
AGREES = {
    "I": ["I"],
    "we": ["we"],
    "you": ["you"],
    "she": [
        "she", "her", "Mrs. Smith", "Smith", "the woman", "the nurse",
    ],
    "her": [
        "she", "her", "Mrs. Smith", "Smith", "the woman", "the nurse",
    ],
    "he": [
        "he", "Mr. Smith", "Mr. Smith, by title", "Smith", "the nurse",
    ],
    "it": ["it", "Smith", "the table"],  # a name may be that of a thing
    "they": [
        "they", "the Smiths", "the boys", "women", "nurses", "tables",
        "Mrs. Smith",  # PROPN says nothing of number
    ],
    "Mr. Smith": ["he", "Mr. Smith", "Mr. Smith, by title", "Smith", "the nurse"],
    "Mr. Smith, by title": ["he", "Mr. Smith", "Mr. Smith, by title", "Smith", "the nurse"],
    "Mrs. Smith": [
        "she", "her", "they", "Mrs. Smith", "Smith", "the Smiths", "the woman", "women",
        "the nurse", "nurses", "tables",
    ],
    "Smith": [
        "she", "her", "he", "it", "Mr. Smith", "Mr. Smith, by title", "Mrs. Smith", "Smith",
        "the woman", "the nurse", "the table",
    ],
    "the Smiths": [
        "they", "Mrs. Smith", "the Smiths", "the boys", "women", "nurses", "tables",
    ],
    "the woman": ["she", "her", "Mrs. Smith", "Smith", "the woman", "the nurse"],
    "the boys": ["they", "the Smiths", "the boys", "nurses", "tables"],
    "women": ["they", "Mrs. Smith", "the Smiths", "women", "nurses", "tables"],
    "the nurse": [
        "she", "her", "he", "Mr. Smith", "Mr. Smith, by title", "Mrs. Smith", "Smith",
        "the woman", "the nurse",
    ],
    "nurses": [
        "they", "Mrs. Smith", "the Smiths", "the boys", "women", "nurses", "tables",
    ],
    "the table": ["it", "Smith", "the table"],
    "tables": [  # the plural of a noun that is not listed may be people
        "they", "Mrs. Smith", "the Smiths", "the boys", "women", "nurses", "tables",
    ],
}  # fmt: skip


def about(name: str) -> Features:
    words, head, tag = MENTIONS[name]
    return features(words.split(), head, tag)


@pytest.mark.parametrize("name", MENTIONS)
def test_mentions_agree_as_the_table_says(name: str) -> None:
    found = [other for other in MENTIONS if about(name).agrees(about(other))]
    assert sorted(found) == sorted(AGREES[name])


def test_agreement_is_symmetric() -> None:
    for one, other in product(MENTIONS, repeat=2):
        assert about(one).agrees(about(other)) == about(other).agrees(about(one))
        assert (other in AGREES[one]) == (one in AGREES[other])


@pytest.mark.parametrize(
    ("word", "tag", "expected"),
    [
        *((word, "PRP", "first") for word in ("i", "me", "we", "us", "ourselves")),
        *((word, "PRP$", "first") for word in ("my", "our")),
        *((word, "PRON", "second") for word in ("you", "your", "yourself", "yourselves")),
        *((word, "PRP", "third") for word in ("he", "she", "it", "they", "them", "itself", "one")),
        *((word, "PRP$", "third") for word in ("his", "her", "its", "their")),
        ("qui", "PRON", ""),  # not listed
        ("smith", "NNP", "third"),
        ("table", "NN", "third"),
        ("mine", "NN", "third"),  # where gold is found
        ("i", "_", "third"),
    ],
)
def test_person(word: str, tag: str, expected: str) -> None:
    assert person(word, tag) == expected


def test_a_pronoun_that_is_not_listed_agrees_in_person_with_its_like_only() -> None:
    unlisted = features(["qui"], "qui", "PRON")
    assert unlisted.agrees(unlisted)
    assert not unlisted.agrees(about("she"))


@pytest.mark.parametrize("tag", ["NNP", "PROPN"])
def test_a_name_that_is_spelled_like_a_pronoun_is_a_name(tag: str) -> None:
    """The US: what agrees with it is ``it``, not ``they`` alone."""
    assert features(["the", "us"], "us", tag).agrees(about("it"))
