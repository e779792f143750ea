"""What travels between the parts: sentences, windows, batches and encodings.

Shape legend, used in every docstring and comment of this package:

=====  ==============================================================
``B``  windows in a batch
``T``  wordpieces of the longest window, special tokens included
``W``  words of the longest window
``A``  anchors of the window with the most anchors
``L``  layers of the encoder that are looked at
``H``  attention heads of a layer
``V``  size of a word vector
``D``  hidden size
``R``  rows of a report: relations or mention types, and ``all``
=====  ==============================================================

Wherever a dimension counts candidates it is ``W+1`` long: column 0 is ROOT and column ``j``
is word ``j`` counted from one, just as a treebank numbers heads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import NamedTuple, Protocol, Self

import torch
from torch import Tensor

MAIN = "main"
"""The name of a run's main encoder; further ones have names of the user's."""
ALL = "all"
"""The row of the report in which every scored anchor counts."""


@dataclass(frozen=True, slots=True)
class Mention:
    """Words of a sentence that refer to an entity.

    ``words`` are indices counted from zero, ascending and perhaps with gaps; ``head`` is the
    index of its head word, one of them. Mentions of a document with the same ``entity`` corefer.
    """

    words: Sequence[int]
    head: int
    entity: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """One annotated sentence, as a reader yields it.

    ``heads[i]`` is the number of the head of word ``i``, counted from one; 0 is ROOT. Heads and
    relations are empty where the file has no dependency trees.
    ``tags`` are language-specific part-of-speech tags, ``"_"`` where the file has none;
    empty where no word has any.
    ``document`` is the name of the document, ``line`` the line where the sentence starts;
    consecutive sentences of the same name are one document.
    ``mentions`` are those of entities, singletons included, and ``heads_by`` says how their
    head words were found.
    ``text`` is how the words were written, and ``spans`` where each of them stands in it, as in
    :class:`Text`; both are empty where the file does not say.
    ``oddities`` say what is wrong with the sentence that keeps nobody from using it.
    """

    words: Sequence[str]
    heads: Sequence[int]
    relations: Sequence[str]
    tags: Sequence[str]
    document: str
    line: int
    mentions: Sequence[Mention] = ()
    heads_by: str = ""
    text: str = ""
    spans: Sequence[tuple[int, int]] = ()
    oddities: Sequence[str] = ()

    def tag(self, word: int) -> str:
        """The tag of a word, counted from zero; ``"_"`` if it has none."""
        return self.tags[word] if self.tags else "_"


@dataclass(frozen=True, slots=True)
class Text:
    """The words of a window, and how they were written.

    ``spans[i]`` are the offsets in ``text`` of the first character of word ``i`` and of the one
    behind its last. Neither starts nor ends ever go back; words that were written as one, such
    as French ``de`` and ``le`` in ``du``, may have the same span.
    """

    words: Sequence[str]
    text: str
    spans: Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Rival:
    """What a head must beat: a baseline, or the best of several, chosen as the head is.

    ``of`` names baselines, which together are called ``family``. ``beside_heads`` says whether it
    stands beside every best head, or only beside the probes.
    """

    name: str
    of: tuple[str, ...]
    beside_heads: bool = True
    family: str = ""

    @property
    def is_choice(self) -> bool:
        """Whether it is the best of several."""
        return len(self.of) > 1

    def label(self, baseline: str) -> str:
        """A baseline without the name of what it was chosen from: ``+1`` of ``offset=1``."""
        chosen = baseline.removeprefix(f"{self.name}=")
        return f"+{chosen}" if chosen.isdigit() else chosen


@dataclass(frozen=True, slots=True)
class Terms:
    """The words in which a task reports, and which baselines and errors it counts.

    - ``row``: what a row of the report is; ``order``: the rows that come first, in this order.
      The others follow by their number of anchors.
    - ``score``: what a share of right anchors is called; ``title``: what the probes' table is
      about, ``note``: what its reader must know.
    - ``directions``: how a head picks: by the anchor's row, by its column, by their sum.
    - ``baselines``: the names of what :attr:`EdgeBatch.baselines` holds, ``rivals``: which of
      them are shown.
    - ``errors``: the kinds of wrong candidates that :attr:`EdgeBatch.kinds` counts from one.
    - ``subtypes``: the characters that start a subtype in the name of a row. Rows that differ in it
      alone are also shown added up; only for rows that share no anchor, but for ``all``.
    """

    row: str
    score: str
    title: str
    directions: tuple[str, str, str]
    baselines: tuple[str, ...]
    rivals: tuple[Rival, ...]
    errors: tuple[str, ...] = ()
    order: tuple[str, ...] = (ALL,)
    note: str = ""
    subtypes: str = ""


@dataclass(frozen=True, slots=True)
class Wordpieces:
    """A window as the model sees it: ``ids [T]`` and, for each wordpiece, its word or -1.

    ``words_of[t]`` is the index of the word, counted from zero; special tokens have -1. A
    wordpiece with characters of several words belongs to those from ``words_of[t]`` to
    ``last_of[t]``, in equal shares; ``last_of`` is ``None`` where each belongs to one.
    ``unfit`` says why the window must not be used, if the tokenizer knows a reason.
    """

    ids: Sequence[int]
    words_of: Sequence[int]
    last_of: Sequence[int] | None = None
    unfit: str = ""

    @property
    def words(self) -> set[int]:
        """The words that have a wordpiece, or a share of one."""
        last_of = self.words_of if self.last_of is None else self.last_of
        pairs = zip(self.words_of, last_of, strict=True)
        return {word for first, last in pairs for word in range(first, last + 1)} - {-1}

    @property
    def shared(self) -> int:
        """How many wordpieces belong to several words."""
        if self.last_of is None:
            return 0
        return sum(a != b for a, b in zip(self.words_of, self.last_of, strict=True))


class Tokenizer(Protocol):
    """What the data needs from an encoder: text to wordpieces, and how many fit."""

    @property
    def limit(self) -> int:
        """The most wordpieces that the model takes, special tokens included."""
        ...

    @property
    def pad_id(self) -> int:
        """The id that fills up a batch; the model never attends to it."""
        ...

    @property
    def fingerprint(self) -> str:
        """A text that differs whenever the same window could get other wordpieces."""
        ...

    def __call__(self, windows: Sequence[Text]) -> list[Wordpieces]:
        """Tokenize many windows at once, special tokens added."""
        ...


class Aside(NamedTuple):
    """An anchor that only heads and baselines are asked about, in one row of the report.

    ``anchor`` is the index of the word that asks, counted from zero, and may be that of another
    anchor; ``gold`` is a column of ``[W+1]``, ``row`` the index of the row. Every other word is a
    candidate.
    """

    anchor: int
    gold: int
    row: int


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a window stands in its source, so that a reader can find it there.

    ``lines`` are the lines where its sentences start in ``document``, ``starts`` the indices of
    their first words in the window, counted from zero.
    """

    document: str = ""
    lines: Sequence[int] = (0,)
    starts: Sequence[int] = (0,)


@dataclass(frozen=True, slots=True)
class Window:
    """What the model sees at once, and the questions asked about it.

    ``anchors[a]`` is the index of the word that asks, counted from zero. ``gold[a]`` and
    ``candidates[a]`` are columns of ``[W+1]``: 0 is ROOT. ``rows[a]`` names the rows of the
    report that the anchor counts in. ``candidates`` is ``None`` where every word but
    the anchor itself, and ROOT, are candidates.

    ``baselines[a]`` says how right each baseline is about the anchor, from zero to one; ``None``
    where the baselines are fixed offsets. ``kinds[a]`` is
    parallel to ``candidates[a]``: 0, or the kind of error that picking the candidate would be.
    ``origin`` says where the window comes from. ``asides`` are further anchors, which no probe
    sees.

    ``document`` and ``place`` are the numbers, counted from one, of the document and of the
    window's first sentence in the corpus, those left out included; 0 where a task does not say.
    """

    words: Sequence[str]
    wordpieces: Wordpieces
    anchors: Sequence[int]
    gold: Sequence[Sequence[int]]
    candidates: Sequence[Sequence[int]] | None
    rows: Sequence[Sequence[int]]
    baselines: Sequence[Sequence[float]] | None = None
    kinds: Sequence[Sequence[int]] | None = None
    origin: Origin = Origin()
    asides: Sequence[Aside] = ()
    document: int = 0
    place: int = 0


class _Movable:
    """Tensors that travel to a device together."""

    def to(self, device: torch.device | str) -> Self:
        """The same, with every tensor on ``device``."""
        moved = {
            field.name: value.to(device)
            for field in fields(self)  # type: ignore[arg-type]
            if isinstance(value := getattr(self, field.name), (Tensor, _Movable))
        }
        return replace(self, **moved)  # type: ignore[type-var]


@dataclass(frozen=True)
class EdgeBatch(_Movable):
    """Windows and the edges to be selected in them.

    - ``words``: the words of each window.
    - ``ids [B, T]``: wordpieces, ``words_of [B, T]``: their words (-1: special, -2: padding).
    - ``lengths [B]``: how many words each window has.
    - ``anchors [B, A]``: word indices counted from zero; two anchors may share a word.
    - ``is_anchor [B, A]``: false where ``A`` is padding.
    - ``gold [B, A, W+1]``, ``candidates [B, A, W+1]``: booleans, column 0 is ROOT.
    - ``rows``: the names of the report's rows, ``member [B, A, R]``: which rows an anchor
      counts in.
    - ``baselines [B, A, N]``: how right each baseline is about the anchor, from zero to one
      (float64); the names are in ``terms``.
    - ``kinds [B, A, W+1]``: the kind of error that picking a candidate would be, or 0 (int8).
    - ``units [B]``: what tells the document, or the sentence, that a window is a part of from
      all others (int64); ``None`` where nothing is to be resampled.
    - ``last_of [B, T]``: the last word of each wordpiece, where some belong to several; it is
      ``words_of`` where they do not, and ``None`` where none does.
    - ``numbers``: which windows of the corpus these are, counted from zero; empty if of none.
    - ``asides``: the same windows with further anchors, which only heads and baselines are asked
      about; ``None`` where there are none. Probes neither learn from them nor are scored on them.
    """

    words: Sequence[Sequence[str]]
    rows: Sequence[str]
    terms: Terms
    ids: Tensor
    words_of: Tensor
    lengths: Tensor
    anchors: Tensor
    is_anchor: Tensor
    gold: Tensor
    candidates: Tensor
    member: Tensor
    baselines: Tensor
    kinds: Tensor
    units: Tensor | None = None
    last_of: Tensor | None = None
    numbers: Sequence[int] = ()
    asides: EdgeBatch | None = None

    @property
    def parts(self) -> list[EdgeBatch]:
        """All that heads and baselines are asked about: the batch, and its asides if any."""
        return [self] if self.asides is None else [self, self.asides]

    @property
    def width(self) -> int:
        """``W``: words of the longest window."""
        return self.gold.shape[2] - 1

    @property
    def is_word(self) -> Tensor:
        """``[B, W]``: false where ``W`` is padding."""
        return torch.arange(self.width, device=self.lengths.device) < self.lengths[:, None]

    @property
    def asks(self) -> Tensor:
        """``[B, W]``: which words are anchors."""
        window, anchor = self.is_anchor.nonzero(as_tuple=True)
        asks = self.is_anchor.new_zeros(len(self.lengths), self.width)
        return asks.index_put((window, self.anchors[window, anchor]), asks.new_ones(()))


@dataclass(frozen=True)
class Encoding(_Movable):
    """What a frozen model knows of a batch, at the level of words; absent parts are ``None``.

    - ``attention [B, L, H, W, W]``: from word (row) to word (column). Attention to a split
      word is the sum over its wordpieces (section 4.1); a wordpiece of several words counts for
      each with its share.
    - ``boundary [B, L, H, W, 4]``: attention to the first, to the last, from the first and
      from the last special token; zero where the model has no such token.
    - ``visible [B, L, W, W]``: which words the mask lets each word attend to; ``None`` if all.
    - ``embeddings [B, W, D]``: context-free input embeddings, mean over a word's wordpieces.
    - ``hidden [B, L+1, W, D]``: hidden states, mean over a word's wordpieces; 0 is the input of
      the first layer, the others are what each of the ``L`` layers puts out.
    - ``vectors [B, W, V]``: vectors of words from a file, zero for words that it has not;
      ``embeddings`` where no file is given.
    """

    attention: Tensor | None = None
    boundary: Tensor | None = None
    visible: Tensor | None = None
    embeddings: Tensor | None = None
    hidden: Tensor | None = None
    vectors: Tensor | None = None

    def part(self, name: str) -> Tensor:
        """The part ``name``, which must have been asked for.

        Raises:
            ValueError: if the encoder was not asked for it.
        """
        value = getattr(self, name)
        if not isinstance(value, Tensor):
            raise ValueError(
                f"the encoding holds no {name!r}: a probe that reads it must list it in `needs`"
            )
        return value


@dataclass(frozen=True, slots=True)
class Sizes:
    """What a probe may size its parameters by: layers, heads, hidden and embedding size.

    ``layers`` is ``L``; ``layer_numbers`` says which of the model's layers these are, ascending
    and counted from one: all of them, if not given. ``vectors`` is ``V``, the embedding size if
    not given.
    """

    layers: int
    heads: int
    hidden: int
    embedding: int
    layer_numbers: Sequence[int] = ()
    vectors: int = 0

    def __post_init__(self) -> None:
        """Number the layers if that has not been done."""
        object.__setattr__(self, "vectors", self.vectors or self.embedding)
        numbers = tuple(self.layer_numbers or range(1, self.layers + 1))
        object.__setattr__(self, "layer_numbers", numbers)


Reader = Callable[[str], Iterable[Sentence]]
"""One function from a path to sentences, lazily."""
