"""What probes learn from in a step: what their encoder says of a batch, and the batch."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace

from probing.core.batches import EdgeBatch, Encoding
from probing.core.narrowing import NarrowMaps, narrowed, of_words
from probing.encoder import Encoder
from probing.encoder.vectors import WordVectors
from probing.learning.encoding import asked_of
from probing.probes import Probe

MAPS = frozenset({"attention", "boundary"})


@dataclass(frozen=True)
class Lesson:
    """What the probes of one encoder learn from.

    - ``encoding``: what the encoder says of the words of ``batch``.
    - ``batch``: as probes see it, without the words that nobody asks about if none of them minds.
    """

    encoding: Encoding
    batch: EdgeBatch


@dataclass(frozen=True)
class Lessons:
    """Makes the lessons of a batch, each encoder being run once.

    Args:
        encoders: loaded, by their names.
        probes: that learn.
        vectors: of words, where a file of them is given.
    """

    encoders: Mapping[str, Encoder]
    probes: Mapping[str, Probe]
    vectors: WordVectors | None

    def __call__(self, batch: EdgeBatch) -> dict[str, Lesson]:
        """By encoder, from a batch on its device."""
        return {name: self.live(name, batch, self.view(name, batch)) for name in self.encoders}

    def needs(self, name: str) -> frozenset[str]:
        """The parts of an encoding that the probes of an encoder read."""
        return frozenset(need for probe in self._of(name) for need in probe.needs)

    def is_narrow(self, name: str) -> bool:
        """Whether the probes of an encoder do without the words that nobody asks about."""
        return all(probe.is_pairwise for probe in self._of(name))

    def view(self, name: str, batch: EdgeBatch) -> EdgeBatch:
        """The batch as the probes of an encoder see it."""
        return narrowed(batch.probed) if self.is_narrow(name) else batch.probed

    def live(
        self, name: str, batch: EdgeBatch, view: EdgeBatch, *, without: Collection[str] = ()
    ) -> Lesson:
        """What an encoder says of ``batch``, to those that see it as ``view``.

        Args:
            name: of the encoder.
            batch: the whole of it.
            view: see :meth:`view`.
            without: parts that are not asked of it.
        """
        needs = set(self.needs(name)) - set(without)
        # Only maps between words that are asked about are kept while the model runs.
        maps = NarrowMaps(view) if view.places is not None and MAPS & needs else None
        encoding = asked_of(
            self.encoders[name],
            batch,
            needs - MAPS if maps else needs,
            self.vectors,
            [maps] if maps else (),
        )
        if view.places is not None:
            encoding = of_words(encoding, view)
        return Lesson(encoding if maps is None else merged(encoding, maps.encoding), view)

    def _of(self, name: str) -> list[Probe]:
        return [probe for probe in self.probes.values() if probe.encoder == name]


def merged(*encodings: Encoding) -> Encoding:
    """One encoding of the parts of several."""
    parts = {
        field.name: value
        for encoding in encodings
        for field in fields(encoding)
        if (value := getattr(encoding, field.name)) is not None
    }
    return replace(Encoding(), **parts)
