"""From the probes that were named to those of a run, each sized by its encoder."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import replace

import torch

from probing.core.errors import ProbingError
from probing.encoder import Encoder
from probing.encoder.vectors import WordVectors
from probing.learning.checkpoints import listed
from probing.learning.seeds import extended, family_of
from probing.probes import Probe


def expanded(probes: Mapping[str, Probe], encoders: Mapping[str, Encoder]) -> dict[str, Probe]:
    """The probes, and in place of one that stands for several those.

    Raises:
        ProbingError: for a probe of an encoder that there is not, and for two of one name.
    """
    found: dict[str, Probe] = {}
    for name, probe in probes.items():
        if probe.encoder not in encoders:
            raise ProbingError(
                f"probe {name!r} reads the encoder {probe.encoder!r}; the run has "
                f"{listed(encoders)}"
            )
        several = probe.expanded(encoders[probe.encoder].sizes)
        own = {extended(name, suffix): each for suffix, each in several.items()}
        if twice := {*own} & {*found, *probes} - {name}:
            raise ProbingError(
                f"probe {name!r} stands for {listed(own)}; another is called {listed(twice)}"
            )
        found |= own
    return found


def size(
    probes: Mapping[str, Probe], encoders: Mapping[str, Encoder], *, vectors: WordVectors | None
) -> None:
    """Let each probe create its parameters.

    A probe starts the same whichever others it trains beside, and under its own seed as it would
    in a run of that seed.

    Args:
        probes: by their names, which say their seeds.
        encoders: loaded.
        vectors: of words, where a file of them is given.

    Raises:
        ProbingError: naming the probe that cannot be sized.
    """
    for name, probe in probes.items():
        family, seed = family_of(name)
        with torch.random.fork_rng(devices=[]):
            start = torch.initial_seed() if seed is None else seed
            torch.manual_seed(zlib.crc32(f"{start} {family}".encode()))
            sizes = encoders[probe.encoder].sizes
            if vectors is not None:
                sizes = replace(sizes, vectors=vectors.dimensions)
            try:
                probe.configure(sizes)
            except ProbingError as error:
                raise ProbingError(f"probe {name!r}: {error}") from None
