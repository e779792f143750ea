"""What is asked about the anaphors of a window: which mentions are right, and how hard it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, combinations

from probing.core.picking import NO_WORD, UNTOLD
from probing.core.sentences import Mention, Sentence, annotation
from probing.core.terms import ALL
from probing.core.windows import Window, Wordpieces
from probing.data.census import Census
from probing.data.tasks.agreement import person
from probing.data.tasks.base import origin_of
from probing.data.tasks.mentions import PlacedMention, placed_mentions

_ALIKE = ("number", "gender", "type")
_COMBINED = tuple(some for size in (1, 2, 3) for some in combinations(_ALIKE, size))
SAME_KIND = tuple(f"same-kind={'+'.join(some)}" for some in _COMBINED)
"""The nearest mention that may be of the same number, of the same gender, is of the same type."""

BASELINES = ("nearest", "head-match", "rules", "random", *SAME_KIND)
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
    anchors, gold, candidates, rows = [], [], [], []
    baselines, picks, kinds = [], [], []
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
        picked = _picks(mention, before)
        picks.append(picked)
        dice = len(right) / len(columns)
        baselines.append([dice if pick == UNTOLD else float(pick in right) for pick in picked])
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
        picks=picks,
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
    yield mention.type
    if mention.type == "pronoun":
        named = {"first": "pronoun-1-2", "second": "pronoun-1-2", "third": "pronoun-3"}
        of_person = named.get(person(mention.head_word, mention.tag))
        yield from [of_person] if of_person else []
    if all(other.head_word != mention.head_word for other in before):
        yield "no-shared-head"
    nearest = next(other for other in reversed(before) if other.head in right)
    back = mention.sentence - nearest.sentence
    yield next((name for most, name in _DISTANCES if back <= most), _FARTHER)


def _picks(mention: PlacedMention, before: Sequence[PlacedMention]) -> list[int]:
    """The head word that each of :data:`BASELINES` picks."""
    same_head = _nearest([o for o in before if o.head_word == mention.head_word])
    # The sieves of section 4.3: full string, head word, agreement, and else the nearest.
    sieved = (
        _nearest([other for other in before if other.text == mention.text])
        or same_head
        or _nearest([other for other in before if other.features.agrees(mention.features)])
        or _nearest(before)
    )
    picks = (_nearest(before), same_head, sieved)
    words = [NO_WORD if pick is None else pick.head for pick in picks]
    return [*words, UNTOLD, *_same_kind(mention, before)]


def _same_kind(mention: PlacedMention, before: Sequence[PlacedMention]) -> list[int]:
    """The head word that each of :data:`SAME_KIND` picks."""
    found: dict[tuple[str, ...], int] = {}
    for other in reversed(before):
        alike = {
            "number": bool(other.annotated.number & mention.annotated.number),
            "gender": bool(other.annotated.gender & mention.annotated.gender),
            "type": other.type == mention.type,
        }
        for some in _COMBINED:
            if some not in found and all(alike[name] for name in some):
                found[some] = other.head
        if len(found) == len(_COMBINED):
            break
    return [found.get(some, NO_WORD) for some in _COMBINED]


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
