"""What is asked about the anaphors of a window: which mentions are right, and how hard it is."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, combinations

from probing.core.picking import NO_WORD, UNTOLD
from probing.core.sentences import Mention, Sentence, annotation
from probing.core.terms import ALL
from probing.core.windows import Window, Wordpieces
from probing.data.census import Census
from probing.data.tasks.agreement import person
from probing.data.tasks.base import origin_of
from probing.data.tasks.candidates import Candidates, Heads
from probing.data.tasks.earlier import Earlier
from probing.data.tasks.mentions import LIKENESS, PlacedMention, placed_mentions

_COMBINED = tuple(some for size in (1, 2, 3) for some in combinations(LIKENESS, size))
SAME_KIND = tuple(f"same-kind={'+'.join(some)}" for some in _COMBINED)
"""The nearest mention that may be of the same number, of the same gender, is of the same type."""

BASELINES = ("nearest", "head-match", "rules", "random", *SAME_KIND)
ERRORS = ("same head word", "nearer mention", "other mention")
NO_MENTION = "no mention"
"""The last kind of error where words that head no mention are candidates, too."""
MENTION_TYPES = (
    ALL,
    "pronoun",
    "pronoun-1-2",
    "pronoun-3",
    "proper",
    "nominal",
    "untagged",
    "no-shared-head",
)
# How many sentences back the nearest antecedent is.
_DISTANCES = ((0, "distance=0"), (1, "distance=1"), (4, "distance=2-4"))
_FARTHER = "distance=5+"
ROWS = (*MENTION_TYPES, *(name for _, name in _DISTANCES), _FARTHER)
"""All rows of the report, in their order."""


def coreference_window(
    numbers: Sequence[int],
    sentences: Sequence[Sentence],
    words: Sequence[str],
    wordpieces: Wordpieces,
    kept: Sequence[Sequence[Mention]],
    mentioned_in: Mapping[str, Sequence[int]],
    census: Census,
    allowed: Candidates,
) -> Window:
    """The questions of the window that the sentences ``numbers`` make."""
    mentions = placed_mentions(numbers, sentences, kept)
    head_words = {mention.head: mention.head_word for mention in mentions}
    heads = sorted(head_words)
    inside = set(numbers)
    anchors, gold, candidates, rows = [], [], [], []
    baselines, picks, kinds, spans = [], [], [], []
    earlier = Earlier()
    for mention in mentions:
        earlier.ask_about(mention)
        right = earlier.lasts("entity", mention.entity)
        if right:
            last = earlier.lasts()
            later = heads[bisect(heads, mention.words[-1]) :]
            listed = allowed.heads(Heads(mention.head, last, later, heads))
            anchors.append(mention.head)
            gold.append([head + 1 for head in sorted(right)])
            candidates.append([head + 1 for head in listed])
            if allowed.span is not None:
                spans.append(allowed.span(mention.head, len(words)))
            nearest = max(last[head] for head in right)
            rows.append([census.row(name) for name in _rows(mention, earlier, nearest)])
            picked = _picks(mention, earlier, max(last.values()))
            picks.append(picked)
            dice = len(right) / len(last)
            baselines.append([dice if pick == UNTOLD else float(pick in right) for pick in picked])
            # The kind of error, from one, that picking each would be; 0 for a right one.
            kinds.append(
                [
                    0
                    if head in right
                    else 1
                    if head_words[head] == mention.head_word
                    else 2
                    if last.get(head, -1) > nearest
                    else 3
                    for head in listed
                ]
            )
        else:
            outside = (s for s in mentioned_in[mention.entity] if s not in inside)
            is_cut_off = next(outside, mention.sentence) < mention.sentence
            census.counts["anaphors cut off from all their antecedents"] += is_cut_off
        earlier.add(mention)
    census.counts["anaphors"] += len(anchors)
    used = [sentences[s] for s in numbers]
    census.count_window(wordpieces, used)
    return Window(
        words=words,
        wordpieces=wordpieces,
        anchors=anchors,
        gold=gold,
        candidates=candidates,
        rows=rows,
        baselines=baselines,
        picks=picks,
        kinds=kinds,
        spans=None if allowed.span is None else spans,
        origin=origin_of(used),
        upos=_together((s.words, s.upos) for s in used),
        xpos=_together((s.words, s.xpos) for s in used),
        feats=_together((s.words, s.feats) for s in used),
    )


def _together(sentences: Iterable[tuple[Sequence[str], Sequence[str]]]) -> list[str]:
    """An annotation of all words of some sentences, from that of each sentence."""
    return annotation(chain.from_iterable(own or ["_"] * len(words) for words, own in sentences))


def _rows(mention: PlacedMention, earlier: Earlier, nearest: int) -> Iterator[str]:
    """The rows of the report that an anaphor counts in."""
    yield ALL
    yield mention.type
    if mention.type == "pronoun":
        named = {"first": "pronoun-1-2", "second": "pronoun-1-2", "third": "pronoun-3"}
        of_person = named.get(person(mention.head_word, mention.tag))
        yield from [of_person] if of_person else []
    if earlier.last("head_word", mention.head_word) is None:
        yield "no-shared-head"
    back = mention.sentence - earlier.mentions[nearest].sentence
    yield next((name for most, name in _DISTANCES if back <= most), _FARTHER)


def _picks(mention: PlacedMention, earlier: Earlier, nearest: int) -> list[int]:
    """The head word that each of :data:`BASELINES` picks; ``nearest`` is the last candidate."""
    same_head = earlier.last("head_word", mention.head_word)
    # The sieves of section 4.3: full string, head word, agreement, and else the nearest.
    sieves = (earlier.last("text", mention.text), same_head, earlier.last_agreeing(mention))
    sieved = next((number for number in sieves if number is not None), nearest)
    same_kind = (earlier.last_alike(mention, some) for some in _COMBINED)
    told, others = (
        [NO_WORD if number is None else earlier.mentions[number].head for number in numbers]
        for numbers in ((nearest, same_head, sieved), same_kind)
    )
    return [*told, UNTOLD, *others]
