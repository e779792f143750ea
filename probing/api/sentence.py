"""One sentence as a model sees it: the map of a head, what it picks, what a probe makes of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from probing.core.batches import EdgeBatch, Encoding
from probing.core.errors import ProbingError
from probing.core.head_names import head_of
from probing.core.outcomes import HeadPicks
from probing.core.terms import MAIN
from probing.encoder import Encoder
from probing.probes import Probe
from probing.probes.base import pick

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROOT = "ROOT"


class Encoded:
    """A sentence and what a model knows of it.

    Args:
        batch: the sentence alone, every word an anchor.
        encodings: of that batch, by encoder; the main one's holds ``attention``.
        picks: what the main encoder's heads pick.
        encoder: the main one.
        probes: that find heads of words; ``None`` if there are others.
    """

    def __init__(
        self,
        batch: EdgeBatch,
        encodings: Mapping[str, Encoding],
        picks: HeadPicks,
        encoder: Encoder,
        probes: Mapping[str, Probe] | None,
    ) -> None:
        self.batch = batch
        self.encodings = encodings
        self._picks = picks
        self.encoder = encoder
        self._probes = probes

    def __repr__(self) -> str:
        sizes = self.encoder.sizes
        return (
            f"<{len(self.words)} words: {' '.join(self.words)}; layers "
            f"{', '.join(map(str, sizes.layer_numbers))} of {self.encoder.title}, "
            f"{sizes.heads} heads each>"
        )

    def _repr_html_(self) -> str:
        from probing.reports.notebook import facts

        sizes = self.encoder.sizes
        layers = ", ".join(map(str, sizes.layer_numbers))
        known = {"model": self.encoder.title, "layers": layers, "heads": str(sizes.heads)}
        known |= {"probes": ", ".join(self._probes)} if self._probes else {}
        return facts(" ".join(self.words), known)

    @property
    def words(self) -> list[str]:
        """The words of the sentence."""
        return list(self.batch.words[0])

    @property
    def encoding(self) -> Encoding:
        """What the main encoder knows of the sentence, as a batch of one."""
        return self.encodings[MAIN]

    def head(self, name: str) -> Tensor:
        """The map of a head, ``[W, W]``: attention from word (row) to word (column).

        Attention to a split word is the sum over its wordpieces; attention from it is what the
        encoder's ``aggregation`` makes of theirs, the mean if none was named (section 4.1), when
        what is missing to one in a row goes to special tokens.

        Args:
            name: layer and head, both counted from one: ``"3-9"``.

        Raises:
            ProbingError: if there is no such head, or its layer is not looked at.
        """
        layer, head = self._place(name)
        return self.encoding.part("attention")[0, layer, head].cpu()

    def picks(self, name: str, direction: str = "dep->head") -> list[tuple[str, str | None]]:
        """Each word, and the word that a head picks for it: the strongest other one.

        Of words that share all their wordpieces it is the first, and none for each other.

        Args:
            name: as in :meth:`head`.
            direction: ``dep->head``: by the word's row of the map; ``head->dep``: by its column;
                ``both``: by their sum.

        Returns:
            Pairs; the second is ``None`` where the head gives no other word any weight.

        Raises:
            ProbingError: if there is no such head or direction.
        """
        words, found = self.words, self._picked(name, direction)
        pairs = zip(words, found, strict=True)
        return [(word, None if other is None else words[other]) for word, other in pairs]

    def _picked(self, name: str, direction: str) -> list[int | None]:
        """What a head picks for each word, as indices, ``[W]``; see :meth:`picks`."""
        directions = self.batch.terms.directions
        if direction not in directions:
            raise ProbingError(f"expected one of {', '.join(directions)}, found {direction!r}")
        place = directions.index(direction), *self._place(name)
        picked, is_pick = (own[0, :, *place] for own in (self._picks.words, self._picks.is_pick))
        pairs = zip(picked.tolist(), is_pick.tolist(), strict=True)
        return [other if sure else None for other, sure in pairs]

    def parse(self, probe: str | None = None) -> list[tuple[str, str]]:
        """Each word, and the head that a probe finds for it: another word or ``ROOT``.

        Each word picks for itself, so that what comes out need not be a tree.

        Args:
            probe: its name; may be left out where there is but one.

        Raises:
            ProbingError: if there is no such probe or none at all, or the probes find
                antecedents.
        """
        if self._probes is None:
            raise ProbingError("these probes find antecedents among given mentions, not heads")
        if not self._probes:
            raise ProbingError(
                "this model has no probes; probing.load_probes(CHECKPOINT) loads those of train.py"
            )
        names = list(self._probes)
        name = names[0] if probe is None and len(names) == 1 else probe
        if name not in names:
            raise ProbingError(f"expected a probe of {', '.join(names)}, found {name!r}")
        with torch.no_grad():
            own = self._probes[name]
            scores = own.score(self.encodings[own.encoder], self.batch, name=name)
        columns = [ROOT, *self.words]
        picked = pick(scores, self.batch.candidates)[0].tolist()
        return [(word, columns[column]) for word, column in zip(self.words, picked, strict=True)]

    def figure(
        self,
        name: str,
        direction: str | None = None,
        gold: Mapping[int, int | Collection[int]] = MappingProxyType({}),
    ) -> Figure:
        """The map of a head as a picture; a notebook shows it as the last line of a cell.

        Attention to the first and the last special token stands in further columns.

        Args:
            name: as in :meth:`head`.
            direction: as in :meth:`picks`: frames what is picked for each word; nothing, if not
                given.
            gold: of the words whose gold words are to be marked, these; indices, counted from zero,
                as those of :class:`~probing.reports.examples.Example`.

        Raises:
            ProbingError: as :meth:`picks`; if there is no such word.
        """
        from probing.reports.figures.sentence import head_map

        title = f"{self.encoder.title}, head {name}"
        return head_map(
            self.words,
            self.head(name),
            title=title if direction is None else f"{title}, {direction}",
            picks={} if direction is None else dict(enumerate(self._picked(name, direction))),
            gold=self._gold(gold),
            specials=self._to_specials(name),
        )

    def _to_specials(self, name: str) -> dict[str, Tensor]:
        """Attention ``[W]`` of each word to the special tokens around the sentence."""
        layer, head = self._place(name)
        boundary = self.encoding.part("boundary")[0, layer, head].cpu()  # [W, 4]
        names = self.encoder.tokenizer.tokenizer.convert_ids_to_tokens(self.batch.ids[0].tolist())
        of = self.batch.words_of[0].tolist()
        ends = {0: 0, -1: 1}  # where they stand, and in `boundary`
        return {names[end]: boundary[:, k] for end, k in ends.items() if of[end] < 0}

    def lines(
        self,
        name: str,
        direction: str = "dep->head",
        gold: Mapping[int, int | Collection[int]] = MappingProxyType({}),
    ) -> Figure:
        """A head as the paper's figure 5 has it: lines between words, picks and gold in colour.

        Args:
            name: as in :meth:`head`.
            direction: as in :meth:`picks`.
            gold: as in :meth:`figure`, of the words whose picks are to be marked.

        Raises:
            ProbingError: if there is no such head or direction, or no such word.
        """
        from probing.surface.report.lines_between_tokens import HeadOnText, edges_of, heads_on_text

        asked, every = self._gold(gold), self._picked(name, direction)
        by_column = direction == self.batch.terms.directions[1]
        edges = edges_of({word: every[word] for word in asked}, asked, by_column=by_column)
        title = f"head {name} {direction}"
        return heads_on_text([HeadOnText(title, self.words, self.head(name), edges)], columns=1)

    def _gold(self, said: Mapping[int, int | Collection[int]]) -> dict[int, Collection[int]]:
        """The gold words of some words, if they are words of the sentence."""
        count = len(self.words)
        found = {word: [right] if isinstance(right, int) else right for word, right in said.items()}
        if not all(0 <= word < count for own in found.items() for word in (own[0], *own[1])):
            raise ProbingError(
                f"gold: expected indices of {count} words, from 0 to {count - 1}, found {said!r}"
            )
        return found

    def _place(self, name: str) -> tuple[int, int]:
        """The indices of layer and head in ``[L, H]``."""
        head, _, direction = name.partition(" ") if isinstance(name, str) else (name, "", "")
        if direction in self.batch.terms.directions:
            raise ProbingError(
                f"{name!r}: the direction is an argument of its own: {head!r}, {direction!r}"
            )
        sizes = self.encoder.sizes
        numbers = list(sizes.layer_numbers)
        layer, number = head_of(name, numbers, sizes.heads, where=self.encoder.name)
        return numbers.index(layer), number - 1
