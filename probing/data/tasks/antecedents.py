"""What is asked about the anaphors of a window: which mentions are right, and how hard it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from probing.core.sentences import Mention, Sentence, annotation
from probing.core.terms import ALL
from probing.core.windows import Window, Wordpieces
from probing.data.census import Census
from probing.data.tasks.agreement import PRONOUN_TAGS, PROPER_TAGS, person
from probing.data.tasks.base import origin_of
from probing.data.tasks.mentions import PlacedMention, placed_mentions

BASELINES = ("nearest", "head-match", "rules", "random")
ERRORS = ("same head word", "nearer mention", "other mention")
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
) -> Window:
    """The questions of the window that the sentences ``numbers`` make."""
    mentions = placed_mentions(numbers, sentences, kept)
    inside = set(numbers)
    anchors, gold, candidates, rows, baselines, kinds = [], [], [], [], [], []
    for index, mention in enumerate(mentions):
        before = [
            other
            for other in mentions[:index]
            if other.head != mention.head and not other.contains(mention)
        ]
        right = {other.head for other in before if other.entity == mention.entity}
        if not right:
            outside = (s for s in mentioned_in[mention.entity] if s not in inside)
            is_cut_off = next(outside, mention.sentence) < mention.sentence
            census.counts["anaphors cut off from all their antecedents"] += is_cut_off
            continue
        columns = sorted({other.head for other in before})
        anchors.append(mention.head)
        gold.append([head + 1 for head in sorted(right)])
        candidates.append([head + 1 for head in columns])
        rows.append([census.row(name) for name in _rows(mention, before, right)])
        baselines.append(_baselines(mention, before, right))
        kinds.append(_kinds(mention, before, right, columns))
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
        kinds=kinds,
        origin=origin_of(used),
        upos=_together((s.words, s.upos) for s in used),
        xpos=_together((s.words, s.xpos) for s in used),
        feats=_together((s.words, s.feats) for s in used),
    )


def _together(sentences: Iterable[tuple[Sequence[str], Sequence[str]]]) -> list[str]:
    """An annotation of all words of some sentences, from that of each sentence."""
    return annotation(chain.from_iterable(own or ["_"] * len(words) for words, own in sentences))


def _rows(
    mention: PlacedMention, before: Sequence[PlacedMention], right: set[int]
) -> Iterator[str]:
    """The rows of the report that an anaphor counts in."""
    yield ALL
    if mention.tag in PRONOUN_TAGS:
        yield "pronoun"
        named = {"first": "pronoun-1-2", "second": "pronoun-1-2", "third": "pronoun-3"}
        of_person = named.get(person(mention.head_word, mention.tag))
        yield from [of_person] if of_person else []
    elif mention.tag == "_":
        yield "untagged"
    else:
        yield "proper" if mention.tag in PROPER_TAGS else "nominal"
    if all(other.head_word != mention.head_word for other in before):
        yield "no-shared-head"
    nearest = next(other for other in reversed(before) if other.head in right)
    back = mention.sentence - nearest.sentence
    yield next((name for most, name in _DISTANCES if back <= most), _FARTHER)


def _baselines(
    mention: PlacedMention, before: Sequence[PlacedMention], right: set[int]
) -> list[float]:
    """How right each of :data:`BASELINES` is."""
    same_head = _nearest([o for o in before if o.head_word == mention.head_word])
    # The sieves of section 4.3: full string, head word, agreement, and else the nearest.
    sieved = (
        _nearest([other for other in before if other.text == mention.text])
        or same_head
        or _nearest([other for other in before if other.features.agrees(mention.features)])
        or _nearest(before)
    )
    picks = (_nearest(before), same_head, sieved)
    hits = [float(pick is not None and pick.head in right) for pick in picks]
    return [*hits, len(right) / len({other.head for other in before})]


def _nearest(mentions: Sequence[PlacedMention]) -> PlacedMention | None:
    return mentions[-1] if mentions else None


def _kinds(
    mention: PlacedMention, before: Sequence[PlacedMention], right: set[int], columns: Sequence[int]
) -> list[int]:
    """The kind of error, from one, that picking each of ``columns`` would be; 0 for a right one."""
    last = max(index for index, other in enumerate(before) if other.head in right)
    nearer = {other.head for other in before[last + 1 :]}
    alike = {other.head for other in before if other.head_word == mention.head_word}
    return [
        0 if head in right else 1 if head in alike else 2 if head in nearer else 3
        for head in columns
    ]
