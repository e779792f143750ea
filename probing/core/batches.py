"""What travels between the parts: batches of windows, and what a model knows of them.

Shape legend, used in every docstring and comment of this package:

=====  ========================================================================
``B``  windows in a batch; of plain text, segments
``T``  wordpieces of the longest window, special tokens included
``W``  words of the longest window
``A``  anchors of the window with the most anchors
``P``  words, or anchors, of all windows in one line, padding left out
``L``  layers of the encoder that are looked at
``H``  attention heads of a layer
``M``  heads of any layers that are compared with each other
``D``  hidden size
``V``  size of a word vector
``R``  rows of a report: relations or mention types, and ``all``
=======
``K``  pickers judged side by side: probes, or the baselines of a task
``E``  kinds of error
``Q``  quantities that are measured of heads beside what they pick
``G``  gold candidates of the anchor with the most
``C``  classes of tokens; candidates of the anchor with the most
``N``  resamples
``O``  offsets that are told apart in a histogram, and one bin for all others
=====  ========================================================================

Sizes that never change are numbers, and those of one module alone are words: ``[D, rank]``.
The 3 of what heads pick are the directions: 2 where the sum of row and column is left out.
Wherever a dimension counts candidates it is ``W+1`` long: column 0 is ROOT and column ``j``
is word ``j`` counted from one, just as a treebank numbers heads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Self

import torch
from torch import Tensor

from probing.core.terms import Terms
from probing.core.word_classes import standing_in


class ByWindow:
    """Tensors whose first dimension is ``B``, and what goes with them."""

    def to(self, device: torch.device | str) -> Self:
        """The same, with every tensor on ``device``.

        A GPU copies pinned memory while the processor goes on; what comes back is waited for.
        """
        goes_on = torch.device(device).type == "cuda"
        return self._each(lambda value: value.to(device, non_blocking=goes_on))

    def pin_memory(self) -> Self:
        """The same in memory that a GPU copies by itself; a loader calls it."""
        return self._each(Tensor.pin_memory)

    def _each(self, change: Callable[[Tensor], Tensor]) -> Self:
        """The same, with every tensor changed."""
        changed = {
            field.name: change(value)
            for field in fields(self)  # type: ignore[arg-type]
            if isinstance(value := getattr(self, field.name), Tensor)
        }
        return replace(self, **changed)  # type: ignore[type-var]

    def of_windows(self, windows: Sequence[int]) -> Self:
        """The same of some windows, by their place in the batch; padding stays."""
        chosen: dict[str, object] = {}
        for field in fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if isinstance(value, Tensor):
                index = torch.tensor(windows, dtype=torch.long, device=value.device)
                chosen[field.name] = value[index]
        return replace(self, **chosen)  # type: ignore[type-var]


@dataclass(frozen=True)
class EdgeBatch(ByWindow):
    """Windows and the edges to be selected in them.

    - ``words``: the words of each window.
    - ``ids [B, T]``: wordpieces, ``words_of [B, T]``: their words (-1: special, -2: padding).
    - ``lengths [B]``: how many words each window has.
    - ``anchors [B, A]``: word indices counted from zero; two anchors may share a word.
    - ``is_anchor [B, A]``: false where ``A`` is padding.
    - ``width``: ``W``.
    - ``gold_at [B, A, G]``: the columns that are gold, each once, -1 behind the last of them;
      column 0 is ROOT. :attr:`gold [B, A, W+1]` are the same as booleans.
    - ``candidates_at [B, A, C]``: the columns that are candidates, in the same way, or ``None``
      where all columns of the window are but the anchor's own. :attr:`candidates [B, A, W+1]` are
      the same as booleans, and those of ``spans``.
    - ``spans [B, A, 2]``: the first and the last column of further candidates, which are not
      listed; the anchor's own is none. ``None`` where all are listed.
    - ``rows``: the names of the report's rows, ``member [B, A, R]``: which rows an anchor
      counts in.
    - ``baselines [B, A, K]``: how right each baseline is about the anchor, from zero to one
      (float64; booleans where each is right or wrong); the names are in ``terms``.
    - ``picked [B, A, K]``: the word that each baseline picks, -1 for none, ``UNTOLD`` where nobody
      knows (int32); ``None`` where the task does not say.
    - ``kinds_at [B, A, C]``: the kind of error that picking each of ``candidates_at`` would be, or
      0 (int8); ``None`` where no task tells kinds apart. Those of ``spans`` are of the last kind.
    - ``units [B]``: what tells the document, or the sentence, that a window is a part of from
      all others (int64); ``None`` where nothing is to be resampled.
    - ``last_of [B, T]``: the last word of each wordpiece, where some belong to several; it is
      ``words_of`` where they do not, and ``None`` where none does.
    - ``class_of [B, W]``: the first of the words that share all their wordpieces with a word,
      itself if none does; ``None`` where none does in any window.
    - ``numbers``: which windows of the corpus these are, counted from zero; empty if of none.
    - ``is_shared``: whether other processes hold the other windows of the same training batch.
    - ``for_probes [B, any]``: false for anchors that only heads and baselines are asked about, and
      for padding; it ends with the last anchor of probes in any window. ``None`` where probes are
      asked about all anchors. Probes see :attr:`probed`, so that they neither learn from the
      others nor are scored on them.
    - ``asked [B, W]``: the words that probes are asked about, as anchors or candidates, ascending,
      -1 behind the last (``W`` here is the most of them that a window has); ``None`` where that
      is every word. :func:`~probing.core.narrowing.narrowed` leaves out the others.
    - ``places [B, W]``: where in its window each word stands, counted from zero, and
      ``full_lengths [B]``: how many words the windows have; ``None`` where no word is left out.
    """

    words: Sequence[Sequence[str]]
    rows: Sequence[str]
    terms: Terms
    ids: Tensor
    words_of: Tensor
    lengths: Tensor
    width: int
    anchors: Tensor
    is_anchor: Tensor
    gold_at: Tensor
    candidates_at: Tensor | None
    member: Tensor
    baselines: Tensor
    picked: Tensor | None = None
    kinds_at: Tensor | None = None
    units: Tensor | None = None
    last_of: Tensor | None = None
    class_of: Tensor | None = None
    numbers: Sequence[int] = ()
    for_probes: Tensor | None = None
    asked: Tensor | None = None
    places: Tensor | None = None
    full_lengths: Tensor | None = None
    spans: Tensor | None = None
    is_shared: bool = False

    def of_windows(self, windows: Sequence[int]) -> Self:
        """Some windows, by their place in the batch; padding stays."""
        return replace(
            super().of_windows(windows),
            words=[self.words[window] for window in windows],
            numbers=[self.numbers[window] for window in windows] if self.numbers else (),
        )

    @cached_property
    def probed(self) -> EdgeBatch:
        """The batch as probes see it: without the anchors that only heads are asked about.

        ``A`` is that of :attr:`for_probes`, so that of a window's anchors those that are for heads
        alone had best come last.
        """
        if self.for_probes is None:
            return self
        most = self.for_probes.shape[1]
        only = replace(self, for_probes=None).of_anchors(slice(most))
        is_padding = ~self.for_probes
        fills = {"gold_at": -1, "candidates_at": -1, "spans": 0, "kinds_at": 0, "member": 0}
        fills |= {"baselines": 0, "picked": -1}
        values = ((name, getattr(only, name), fill) for name, fill in fills.items())
        padded = {n: v.masked_fill(is_padding[..., None], f) for n, v, f in values if v is not None}
        anchors = only.anchors.masked_fill(is_padding, 0)
        return replace(only, is_anchor=self.for_probes, anchors=anchors, **padded)

    def of_anchors(self, some: slice) -> EdgeBatch:
        """The batch with some of its anchors, ``A`` being as many."""
        by_anchor = "anchors is_anchor gold_at candidates_at spans kinds_at member baselines picked"
        values = ((name, getattr(self, name)) for name in [*by_anchor.split(), "for_probes"])
        return replace(
            self, **{name: v[:, some].contiguous() for name, v in values if v is not None}
        )

    @cached_property
    def gold(self) -> Tensor:
        """``[B, A, W+1]``: which columns are gold."""
        return _cells(self.gold_at, self.width + 1)

    @cached_property
    def candidates(self) -> Tensor:
        """``[B, A, W+1]``: which columns are candidates."""
        listed = self.candidates_at
        if listed is not None and self.spans is None:
            return _cells(listed, self.width + 1)
        column = torch.arange(self.width + 1, device=self.anchors.device)
        if self.spans is None:
            inside = column <= self.lengths[:, None, None]
        else:
            inside = (column >= self.spans[..., :1]) & (column <= self.spans[..., 1:])
        others = inside & self.is_anchor[..., None] & (column != self.anchors[..., None] + 1)
        return others if listed is None else others | _cells(listed, self.width + 1)

    @property
    def has_gold_word(self) -> Tensor:
        """``[B, A]``: whether a word, not only ROOT, is gold."""
        return (self.gold_at > 0).any(-1)

    @cached_property
    def member_of_heads(self) -> Tensor:
        """``[B, A, R]``: which rows an anchor counts in for heads and baselines.

        Those in which a head could be right, and those of ``Terms.with_roots``.
        """
        counts = self.has_gold_word[..., None] | self._is_with_roots
        return self.member & self.is_anchor[..., None] & counts

    @cached_property
    def member_of_probes(self) -> Tensor:
        """``[B, A, R]``: which rows an anchor counts in for probes."""
        return self.member & self.is_anchor[..., None] & ~self._is_with_roots

    @property
    def _is_with_roots(self) -> Tensor:
        """``[R]``."""
        found = [row in self.terms.with_roots for row in self.rows]
        return torch.tensor(found, dtype=torch.bool, device=self.member.device)

    @property
    def picks_any_other(self) -> bool:
        """Whether :attr:`choices` are all words of a window but the anchor's own."""
        return self.candidates_at is None and self.class_of is None

    @cached_property
    def choices(self) -> Tensor:
        """``[B, A, W]``: the candidate words that a head may pick; one for all that are alike.

        See :func:`~probing.core.word_classes.standing_in`.
        """
        words = self.candidates[..., 1:], self.gold[..., 1:]
        return standing_in(*words, self.anchors, self.class_of)

    def kinds_of(self, words: Tensor) -> Tensor:
        """The kind of error that each of ``words [B, A, ...]`` is, in their shape (int8)."""
        if self.kinds_at is None or self.candidates_at is None:
            return torch.zeros_like(words, dtype=torch.int8)
        unlisted = 0 if self.spans is None else len(self.terms.errors)
        kinds = _filled(self.candidates_at, self.kinds_at, self.width + 1, unlisted)  # [B, A, W+1]
        return kinds.gather(-1, words.flatten(2).long() + 1).view_as(words)

    @property
    def positions(self) -> Tensor:
        """``[B, W]``: where in its window each word stands, counted from zero."""
        if self.places is not None:
            return self.places
        return torch.arange(self.width, device=self.lengths.device).expand(len(self.lengths), -1)

    @property
    def window_lengths(self) -> Tensor:
        """``[B]``: how many words each window has, those left out included."""
        return self.lengths if self.full_lengths is None else self.full_lengths

    @property
    def is_word(self) -> Tensor:
        """``[B, W]``: false where ``W`` is padding."""
        return torch.arange(self.width, device=self.lengths.device) < self.lengths[:, None]

    @property
    def asks(self) -> Tensor:
        """``[B, W]``: which words are anchors."""
        asks = self.is_anchor.new_zeros(len(self.lengths), self.width + 1)
        words = self.anchors.masked_fill(~self.is_anchor, self.width)
        return asks.scatter(1, words, self.is_anchor)[:, :-1]


def _cells(columns: Tensor, count: int) -> Tensor:
    """``[B, A, count]``: true in the ``columns [B, A, ...]`` that are not -1."""
    return _filled(columns, torch.ones_like(columns, dtype=torch.bool), count, 0)


def _filled(columns: Tensor, values: Tensor, count: int, other: int) -> Tensor:
    """``values`` in the ``columns`` of ``[B, A, count]`` that are not -1; elsewhere ``other``."""
    cells = values.new_full((*columns.shape[:2], count + 1), other)
    return cells.scatter(-1, columns.masked_fill(columns < 0, count), values)[..., :count]


@dataclass(frozen=True)
class Encoding(ByWindow):
    """What a frozen model knows of a batch, at the level of words; absent parts are ``None``.

    - ``attention [B, L, H, W, W]``: from word (row) to word (column). Attention to a split
      word is the sum over its wordpieces (section 4.1); a wordpiece of several words counts for
      each with its share.
    - ``boundary [B, L, H, W, 4]``: attention to the first, to the last, from the first and
      from the last special token; zero where the model has no such token.
    - ``visible [B, L, W, W]``: which words the mask lets each word attend to; ``None`` if
      there is no mask.
    - ``embeddings [B, W, D]``: context-free input embeddings, mean over a word's wordpieces.
    - ``hidden [B, L+1, W, D]``: hidden states, mean over a word's wordpieces; 0 is the input of
      the first layer, the others are what each of the ``L`` layers puts out; that of the model's
      last layer comes after the norm behind it, where there is one (GPT-2, Llama, ModernBERT).
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
