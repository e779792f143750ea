"""Windows: what the model sees at once, and the edges to be selected in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar

from probing.core.picking import OFFSETS
from probing.core.schemes import SEPARATORS, is_roll_up
from probing.core.sentences import Sentence
from probing.core.terms import ALL, UAS, UAS_WITH_PUNCTUATION, WHOLE, Rival, Terms
from probing.core.windows import Tokenizer, Window, Wordpieces
from probing.data.census import Census
from probing.data.formats.trees import UNKNOWN, tree_faults
from probing.data.tasks.base import Misread, check_annotations, check_limit, origin_of, unusable
from probing.data.tasks.possessives import POSS_CLITIC, stand_ins
from probing.data.tasks.punctuation import UNTOLD, punctuation
from probing.data.text import joined

WITH_PUNCTUATION = "probing.reports.wording.DEPENDENCIES_WITH_PUNCTUATION"
SOME_PUNCTUATION = "probing.reports.wording.DEPENDENCIES_SOME_PUNCTUATION"
"""The words for data in which nothing tells punctuation from words."""
_HEADLESS = "words without a head, which are no anchors"
OFFSET_NAMES = tuple(f"offset={k}" for k in OFFSETS)


@dataclass(frozen=True)
class Dependencies:
    """Dependency trees: every word is an anchor and picks its head. One sentence a window.

    Sentences that do not fit, hold a word without a wordpiece, or no word with a head, are left
    out whole and counted; a word without a head is no anchor. Punctuation does not count in
    ``all``. For possessors there is the row ``poss+clitic`` besides, of heads and baselines.

    Args:
        limit: the most wordpieces of a sentence, special tokens included; as many as the model
            takes, if not given.
    """

    limit: int | None = None

    terms: ClassVar[Terms] = Terms(
        directions=("dep->head", "head->dep", "both"),
        baselines=OFFSET_NAMES,
        rivals=(
            Rival("right-branching", ("offset=1",), beside_heads=False),
            Rival("offset", OFFSET_NAMES),
        ),
        order=WHOLE,
        with_roots=(UAS, UAS_WITH_PUNCTUATION),
        subtypes=SEPARATORS,
        reach=20,
        wording="probing.reports.wording.DEPENDENCIES",
    )

    def __call__(
        self, sentences: Iterable[Sentence], tokenizer: Tokenizer, census: Census
    ) -> Iterator[Window]:
        """The windows, lazily.

        Raises:
            ProbingError: for a limit that cannot be met.
            Misread: for what is no tree at all.
        """
        check_limit(self.limit, tokenizer)
        limit = tokenizer.limit if self.limit is None else self.limit
        documents: dict[str, int] = {}
        has_clitic = False
        for sentence, wordpieces in _tokenized(sentences, tokenizer):
            _check(sentence)
            census.sentences += 1
            document = documents.setdefault(sentence.document, census.documents + 1)
            census.documents = max(census.documents, document)
            words = [word for word, head in enumerate(sentence.heads) if head != UNKNOWN]
            reason = unusable(sentence, wordpieces, limit)
            reason = reason or (None if words else "none of whose words has a head")
            if reason is not None:
                census.left_out[reason] += 1
                continue
            census.faults.update(tree_faults(sentence.heads))
            census.count_window(wordpieces, [sentence])
            if len(words) < len(sentence.words):
                census.counts[_HEADLESS] += len(sentence.words) - len(words)
            if sentence.punctuation_by == "nothing":
                census.counts[UNTOLD] += 1
            marks = punctuation(sentence)
            rows = [_rows_of(sentence.relations[w], census, is_mark=marks[w]) for w in words]
            asking = stand_ins(sentence)
            has_clitic |= any(word != possessor for possessor, word in asking.items())
            heads = [sentence.heads[word] for word in (*words, *asking)]
            yield Window(
                words=sentence.words,
                upos=sentence.upos,
                xpos=sentence.xpos,
                feats=sentence.feats,
                wordpieces=wordpieces,
                anchors=[*words, *asking.values()],
                gold=[[head] for head in heads],
                candidates=None,
                rows=[*rows, *([census.row(POSS_CLITIC)] for _ in asking)],
                for_probes=[True for _ in words] + [False for _ in asking] if asking else None,
                document=document,
                place=census.sentences,
                origin=origin_of([sentence]),
            )
        if POSS_CLITIC in census.rows and not has_clitic:
            census.unused.append(POSS_CLITIC)


def _tokenized(
    sentences: Iterable[Sentence], tokenizer: Tokenizer
) -> Iterator[tuple[Sentence, Wordpieces]]:
    """Each sentence by itself with its wordpieces, tokenized many at a time."""
    stream = iter(sentences)
    while chunk := list(islice(stream, 256)):
        pieces = tokenizer([joined([sentence]) for sentence in chunk])
        yield from zip(chunk, pieces, strict=True)


def _check(sentence: Sentence) -> None:
    """Refuse what no tree can be made of.

    Raises:
        Misread: naming document and line.
    """
    count = len(sentence.words)
    if count and not sentence.heads and not sentence.relations:
        raise Misread(
            sentence,
            "expected a dependency tree, a head and a relation for each word, found none"
            + (": this is coreference data" if sentence.heads_by else ""),
        )
    if not count == len(sentence.heads) == len(sentence.relations):
        raise Misread(
            sentence,
            f"expected a head and a relation for each of {count} words, "
            f"found {len(sentence.heads)} and {len(sentence.relations)}",
        )
    check_annotations(sentence)
    for word, head in enumerate(sentence.heads, start=1):
        if not UNKNOWN <= head <= count or head == word:
            raise Misread(
                sentence,
                f"expected a head from 0 to {count} other than the word itself, or -1, "
                f"found {head} for word {word}",
            )
    for relation in sentence.relations:
        if relation in WHOLE:
            raise Misread(
                sentence, f"expected relations, found {relation!r}, which names a row of all words"
            )
        if relation == POSS_CLITIC or is_roll_up(relation):
            raise Misread(
                sentence,
                f"expected relations, found {relation!r}, which names a further row of the report",
            )


def _rows_of(relation: str, census: Census, *, is_mark: bool) -> list[int]:
    own = census.row(relation)
    return [own] if is_mark else [census.row(ALL), own]
