"""What each encoder of a run is asked for, and what it answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from torch import Tensor

from probing.core.batches import EdgeBatch, Encoding
from probing.core.layers import Collector, WordLayer
from probing.data.store import EdgeWindows
from probing.encoder import Encoder
from probing.encoder.vectors import WordVectors
from probing.probes import Probe


def encoded(
    batch: EdgeBatch,
    encoders: Mapping[str, Encoder],
    probes: Iterable[Probe],
    vectors: WordVectors | None,
    extra: AbstractSet[str],
    collectors: Mapping[str, Sequence[Collector[WordLayer]]],
) -> dict[str, Encoding]:
    """By encoder, what its probes, and ``extra``, need to know of a batch; each runs once.

    Args:
        batch: on the device of the encoders.
        encoders: loaded, by their names.
        probes: of any of them.
        vectors: of words, where a file of them is given.
        extra: parts of an encoding that are wanted besides, of every encoder.
        collectors: by encoder, who gets its word maps layer by layer.
    """
    needs = {name: set(extra) for name in encoders}
    for probe in probes:
        needs[probe.encoder] |= set(probe.needs)
    return {
        name: asked_of(encoder, batch, needs[name], vectors, collectors.get(name, ()))
        for name, encoder in encoders.items()
    }


def asked_of(
    encoder: Encoder,
    batch: EdgeBatch,
    needs: AbstractSet[str],
    vectors: WordVectors | None,
    collectors: Sequence[Collector[WordLayer]] = (),
) -> Encoding:
    """The parts ``needs`` of what an encoder says of a batch, vectors of words included.

    Args:
        encoder: is run once.
        batch: on its device.
        needs: names of parts.
        vectors: of words, from a file; what the encoder embeds, if not given.
        collectors: get its word maps layer by layer.
    """
    is_embedded = "vectors" in needs and vectors is None
    encoding: Encoding = encoder(
        batch.ids,
        batch.words_of,
        last_of=batch.last_of,
        width=batch.width,
        needs=(needs | {"embeddings"} if is_embedded else needs) - {"vectors"},
        collectors=collectors,
    )
    if "vectors" not in needs:
        return encoding
    if vectors is None:
        return replace(encoding, vectors=encoding.embeddings)
    return replace(encoding, vectors=vectors(batch.words, batch.width).to(batch.ids.device))


def scored(
    name: str, batch: EdgeBatch, probes: Mapping[str, Probe], encodings: Mapping[str, Encoding]
) -> Tensor:
    """What probe ``name`` makes of the anchors of a batch, ``[B, A, W+1]``.

    Whether it is finite is remembered, see :meth:`~probing.probes.Probe.check_finite`.
    """
    probe = probes[name]
    return probe.unchecked(encodings[probe.encoder], batch, name=name)


def check_embedded(encoders: Mapping[str, Encoder], corpora: Iterable[EdgeWindows]) -> None:
    """Refuse data with a wordpiece that one of the loaded encoders has no embedding for.

    Raises:
        ProbingError: naming word and wordpiece.
    """
    for corpus in corpora:
        for encoder in encoders.values():
            corpus.check_embedded(encoder.embedded, encoder.name)
