"""The paper's rule for possessors: where there is a clitic (*'s*), its choice counts.

Head 7-6 of BERT attends from the clitic to what is possessed; the treebank marks the possessor as
the dependent. "The accuracy in Table 1 counts 's as correct" (section 4.2).
"""

from __future__ import annotations

from probing.core.schemes import universal
from probing.core.sentences import Sentence

POSS_CLITIC = "poss+clitic"
"""The name of the row."""

_POSSESSORS = frozenset({"poss", "nmod:poss"})  # Stanford Dependencies; UD
_FORMS = frozenset(f"{mark}{s}" for mark in "'’`´" for s in ("", "s"))


def stand_ins(sentence: Sentence) -> dict[int, int]:
    """For each possessor of the sentence the word that asks for it: its clitic, else itself.

    A clitic is the first word behind the possessor that depends on it as ``possessive``
    (Stanford), or as ``case`` (UD) with the tag POS or a form such as *'s* or *'*. Words are
    counted from zero.
    """
    annotated = zip(sentence.relations, sentence.heads, strict=True)
    possessors = {
        word: word
        for word, (relation, head) in enumerate(annotated)
        if relation in _POSSESSORS and head >= 0
    }
    for word, head in enumerate(sentence.heads):
        possessor = head - 1
        asks_itself = possessors.get(possessor) == possessor
        # A word that the possessor depends on in turn is in a cycle, and could not be right.
        in_cycle = asks_itself and sentence.heads[possessor] == word + 1
        if asks_itself and word > possessor and not in_cycle and _is_clitic(sentence, word):
            possessors[possessor] = word
    return possessors


def _is_clitic(sentence: Sentence, word: int) -> bool:
    relation = universal(sentence.relations[word])
    written = sentence.tag(word) == "POS" or sentence.words[word].lower() in _FORMS
    return relation == "possessive" or (relation == "case" and written)
