"""Universal part-of-speech tags and features, from word, Penn tag and relation.

They are those of the English Web Treebank, as far as these three tell: no voice, no number and
person of verbs but of the third person singular, and no features of adverbs but *not*.
"""

from __future__ import annotations

_UPOS = {
    "NN": "NOUN", "NNS": "NOUN", "NNP": "PROPN", "JJ": "ADJ", "RB": "ADV", "WRB": "ADV",
    "PRP": "PRON", "PRP$": "PRON", "WP": "PRON", "WP$": "PRON", "WDT": "PRON", "EX": "PRON",
    "DT": "DET", "CD": "NUM", "CC": "CCONJ", "IN": "ADP", "RP": "ADP", "TO": "PART", "POS": "PART",
    "MD": "AUX", "VB": "VERB", "VBD": "VERB", "VBG": "VERB", "VBN": "VERB", "VBP": "VERB",
    "VBZ": "VERB", ",": "PUNCT", ".": "PUNCT",
}  # fmt: skip
_UPOS_OF_WORD = {("someone", "NN"): "PRON", ("everyone", "NN"): "PRON", ("not", "RB"): "PART"}
_AUXILIARY = frozenset({"aux", "aux:pass", "cop"})

_FEATS = {
    "NN": "Number=Sing",
    "NNS": "Number=Plur",
    "NNP": "Number=Sing",
    "JJ": "Degree=Pos",
    "CD": "NumForm=Word|NumType=Card",
    "WP": "PronType=Rel",
    "WP$": "Poss=Yes|PronType=Rel",
    "WDT": "PronType=Rel",
    "WRB": "PronType=Int",
    "MD": "VerbForm=Fin",
    "VB": "VerbForm=Inf",
    "VBD": "Mood=Ind|Tense=Past|VerbForm=Fin",
    "VBG": "Tense=Pres|VerbForm=Part",
    "VBN": "Tense=Past|VerbForm=Part",
    "VBP": "Mood=Ind|Tense=Pres|VerbForm=Fin",
    "VBZ": "Mood=Ind|Number=Sing|Person=3|Tense=Pres|VerbForm=Fin",
}
_FEATS_OF_WORD = {
    ("someone", "NN"): "Number=Sing|PronType=Ind",
    ("everyone", "NN"): "Number=Sing|PronType=Tot",
    ("not", "RB"): "Polarity=Neg",
    ("the", "DT"): "Definite=Def|PronType=Art",
    ("a", "DT"): "Definite=Ind|PronType=Art",
    ("an", "DT"): "Definite=Ind|PronType=Art",
    ("some", "DT"): "PronType=Ind",
    ("all", "DT"): "PronType=Tot",
    ("every", "DT"): "PronType=Tot",
    ("this", "DT"): "Number=Sing|PronType=Dem",
    ("that", "DT"): "Number=Sing|PronType=Dem",
    ("these", "DT"): "Number=Plur|PronType=Dem",
    ("those", "DT"): "Number=Plur|PronType=Dem",
}
# What comes between Case and PronType. "It" looks the same in both cases.
_PERSONAL = {
    "she her": "Gender=Fem|Number=Sing|Person=3",
    "he him his": "Gender=Masc|Number=Sing|Person=3",
    "it": "Gender=Neut|Number=Sing|Person=3",
    "they them their": "Number=Plur|Person=3",
    "we us our": "Number=Plur|Person=1",
}
_OF_PRONOUN = {word: feats for words, feats in _PERSONAL.items() for word in words.split()}


def upos_of(word: str, tag: str, relation: str) -> str:
    """The universal part of speech of a word with a Penn tag."""
    if relation in _AUXILIARY:
        return "AUX"
    if (tag, relation) == ("IN", "mark"):
        return "SCONJ"
    return _UPOS_OF_WORD.get((word.lower(), tag), _UPOS[tag])


def feats_of(word: str, tag: str, relation: str) -> str:
    """The features of a word, as CoNLL-U writes them; ``"_"`` if none are known."""
    word = word.lower()
    if tag == "PRP":
        case = "Nom" if relation.startswith("nsubj") else "Acc"
        return f"Case={case}|{_OF_PRONOUN[word]}|PronType=Prs"
    if tag == "PRP$":
        return f"Case=Gen|{_OF_PRONOUN[word]}|Poss=Yes|PronType=Prs"
    return _FEATS_OF_WORD.get((word, tag), _FEATS.get(tag, "_"))
