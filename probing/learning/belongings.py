"""What the probes of a checkpoint belong to: encoders and word vectors."""

from __future__ import annotations

from collections.abc import Mapping

from probing.core.errors import ProbingError
from probing.core.terms import MAIN
from probing.encoder import Encoder
from probing.encoder.vectors import WordVectors
from probing.learning.checkpoints import CHECKPOINT_FORMAT, READ_BY, check_same, listed
from probing.probes import Probe


def belongings(
    probes: Mapping[str, Probe], encoders: Mapping[str, Encoder], vectors: WordVectors | None
) -> dict[str, object]:
    """The part of a checkpoint that names what its probes learned from."""
    return {
        "format": CHECKPOINT_FORMAT,
        "probes": {name: probe.encoder for name, probe in probes.items()},
        "encoders": {
            name: {
                "title": encoder.title,
                "weights": encoder.fingerprint,
                "layers": list(encoder.layer_numbers),
                **{option: getattr(encoder, option) for option in READ_BY},
            }
            for name, encoder in encoders.items()
        },
        "vectors": _used(vectors),
    }


def check_belongings(
    made: object,
    probes: Mapping[str, Probe],
    encoders: Mapping[str, Encoder],
    vectors: WordVectors | None,
) -> None:
    """Refuse a checkpoint that is none of this framework, or whose probes learned otherwise.

    Args:
        made: what :func:`belongings` put into it.
        probes: of the run.
        encoders: of the run.
        vectors: of the run.

    Raises:
        ProbingError: saying what differs.
    """
    if not isinstance(made, dict) or made.get("format") != CHECKPOINT_FORMAT:
        found = made.get("format") if isinstance(made, dict) else "none"
        raise ProbingError(
            f"the checkpoint has format {found}, this version reads {CHECKPOINT_FORMAT}"
        )
    if set(made["probes"]) != set(probes):
        raise ProbingError(
            f"the checkpoint holds the probes {listed(made['probes'])}; the run has "
            f"{listed(probes)}"
        )
    for name, probe in probes.items():
        if made["probes"][name] != probe.encoder:
            raise ProbingError(
                f"the checkpoint's probe {name!r} reads the encoder {made['probes'][name]!r}, "
                f"in the run it reads {probe.encoder!r}"
            )
    # One that no probe reads may come and go.
    for name in {MAIN, *made["probes"].values()}:
        check_same(made["encoders"][name], encoders[name])
    _check_vectors(made.get("vectors"), _used(vectors))


def _used(vectors: WordVectors | None) -> list[str] | None:
    """The file of word vectors, and what tells it from another."""
    return None if vectors is None else [vectors.name, vectors.fingerprint]


def _check_vectors(made: list[str] | None, own: list[str] | None) -> None:
    """Refuse other word vectors than those that the probes of a checkpoint learned from."""
    if (made and made[1]) != (own and own[1]):
        learned, found = (
            f"{used[0]} (SHA-256 {used[1][:12]})" if used else "the model's input embeddings"
            for used in (made, own)
        )
        raise ProbingError(
            f"the checkpoint's probes learned from the word vectors {learned}, "
            f"the run has {found}; --model.vectors FILE names the file"
        )
