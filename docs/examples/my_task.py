"""A task of your own: a word that was there before picks where it stood."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from probing.core.sentences import Sentence
from probing.core.terms import ALL, Rival, Terms
from probing.core.windows import Tokenizer, Window
from probing.data.census import Census
from probing.data.tasks.base import misfit
from probing.data.tasks.dependencies import OFFSET_NAMES
from probing.data.text import joined


@dataclass(frozen=True)
class Repeats:
    """The last place of each repeated word, in windows of one sentence.

    Args:
        most: how many words back it may stand.
    """

    most: int = 10
    terms: ClassVar[Terms] = Terms(
        row="distance",
        score="accuracy",
        title="Repeated words",
        directions=("word->earlier", "earlier->word", "both"),
        baselines=OFFSET_NAMES,
        rivals=(Rival("offset", OFFSET_NAMES),),
    )

    def __call__(
        self, sentences: Iterable[Sentence], tokenizer: Tokenizer, census: Census
    ) -> Iterator[Window]:
        """The windows, lazily; a sentence without a repeated word has no anchor."""
        for sentence in sentences:
            census.sentences += 1
            [wordpieces] = tokenizer([joined([sentence])])
            if (reason := misfit(sentence, wordpieces, tokenizer.limit)) is not None:
                census.left_out[reason] += 1
                continue
            census.count_window(wordpieces, [sentence])
            last: dict[str, int] = {}
            anchors, gold, rows = [], [], []
            for place, word in enumerate(sentence.words):
                distance = place - last.get(word, -self.most - 1)
                if distance <= self.most:
                    anchors.append(place)
                    gold.append([last[word] + 1])  # candidate 0 is ROOT
                    rows.append([census.row(ALL), census.row(f"{distance}")])
                last[word] = place
            yield Window(sentence.words, wordpieces, anchors, gold, None, rows)
