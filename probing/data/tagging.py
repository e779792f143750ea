"""Which category rules can be tried on the splits that heads are scored on, and by which tags."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from probing.core.category_rules import FORM, GOLD, NONE
from probing.data.rules import FAMILIES, Rules
from probing.data.store import EdgeWindows
from probing.data.word_tags import Lexicon, Numbers, Tags, Words

VAL = "val"


def rules_of(
    opened: Mapping[str, EdgeWindows],
    lexicon: Lexicon | None,
    families: Collection[str] = (FORM, GOLD),
) -> Mapping[str, Rules]:
    """The rules of each split; all have the same, so that what is chosen on one is in the other.

    Tags by form are those of the lexicon. Without one they are learnt on ``val``: of its own words
    on all documents but theirs (on all sentences, where documents are not told apart), so that the
    choice of a rule does not take them for better than they are elsewhere; on ``test`` never.

    Args:
        opened: ``val`` and ``test``, or one of them.
        lexicon: what was learnt on the training data; ``None`` if nothing was.
        families: of the rules that are wanted.
    """
    words = {split: Words.of(corpus.table.data.table) for split, corpus in opened.items()}
    tags: dict[str, dict[str, Tags]] = {split: {} for split in opened}
    learnt_on = lexicon.source if lexicon else ""
    is_guessed = FORM in families
    if is_guessed and lexicon is None and VAL in opened and words[VAL].is_tagged:
        corpus, own = opened[VAL], words[VAL]
        unit = "document" if corpus.units.documents else "sentence"
        lexicon = Lexicon.learnt(corpus.source, own.counts)
        learnt_on = f"{corpus.source}, there each {unit}'s on the others"
        tags[VAL][FORM] = own.by_the_others(_units(corpus))
    if is_guessed and lexicon is not None:
        for split, own in words.items():
            tags[split].setdefault(FORM, own.by(lexicon))
    if GOLD in families and all(own.is_tagged for own in words.values()):
        for split, own in words.items():
            tags[split][GOLD] = own.tags
    return {
        split: _rules(tags[split], words[split], opened[split], learnt_on, families)
        for split in opened
    }


def _units(corpus: EdgeWindows) -> Numbers:
    """The document, or else the window, of each word."""
    windows = np.arange(len(corpus))
    number = corpus.table.data.column("number").to_numpy() if corpus.units.documents else windows
    return np.repeat(number, corpus.word_counts)


def _rules(
    tags: Mapping[str, Tags],
    words: Words,
    corpus: EdgeWindows,
    learnt_on: str,
    families: Collection[str],
) -> Rules:
    """With what is said of them, in words and in numbers."""
    known = words.tags != NONE
    count = int(known.sum())
    why_not = {
        FORM: "neither training nor validation data has tags to learn from",
        GOLD: "not every scored split has any",
    }
    said = [f"no {FAMILIES[own]}: {why_not[own]}" for own in families if own not in tags]
    counted: dict[str, object] = {}
    if FORM in tags:
        right = int((tags[FORM] == words.tags)[known].sum())
        share = f"; {100 * right / count:.1f}% of {count:,} words right" if count else ""
        said.append(f"{FAMILIES[FORM]}: tags guessed from forms, learnt on {learnt_on}{share}")
        counted[FORM] = {"learnt_on": learnt_on, "right": right, "words": count}
    if GOLD in tags:
        said.append(f"{FAMILIES[GOLD]}: {count:,} of {len(words.tags):,} words have one")
        counted[GOLD] = {"words": count}
    starts = np.cumsum(corpus.word_counts) - corpus.word_counts
    return Rules(tags, starts, said, counted)
