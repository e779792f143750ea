"""What the page shows of probes: accuracies, learning curves, breakdowns, weights of heads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor

from probing.core.inert import visible
from probing.reports.findings import Findings
from probing.reports.trees.breakdown import DISTANCE, LENGTH, Part
from probing.reports.wording import wording_of

Curve = Sequence[tuple[int, Mapping[str, float]]]
"""After each epoch that was validated the accuracy of each probe over ``all``."""


def probes(
    findings: Findings,
    *,
    curve: Curve,
    weights: Mapping[str, tuple[Sequence[int], Tensor]],
    parts: Sequence[Part],
) -> dict[str, object]:
    """For the script of the page.

    Args:
        findings: of the split.
        curve: of the validation data.
        weights: by the name of a probe, the layers that it reads, and ``[2, L, H]``.
        parts: accuracy broken down, if it was.
    """
    wording = wording_of(findings.counts.terms)
    names = list(dict.fromkeys(score.name for score in findings.scores))
    rows: dict[str, dict[str, object]] = {}
    for score in findings.scores:
        own = rows.setdefault(score.row, {"name": visible(score.row), "total": score.total})
        correct = own.setdefault("correct", [])
        assert isinstance(correct, list)
        correct.append(score.correct)
    return {
        "title": f"{wording.title} ({findings.split})",
        "note": " ".join(wording.note.split()),
        "row": wording.row,
        "score": wording.score,
        "names": names,
        "trained": list(findings.probes.names),
        "rows": list(rows.values()),
        "charts": [
            *([_curves(curve, wording.score)] if len(curve) > 1 else []),
            *(chart for by in (DISTANCE, LENGTH) for chart in _broken_down(by, parts)),
        ],
        "directions": findings.counts.terms.directions[:2],
        "weights": [
            {
                "name": name,
                "layers": list(layers),
                "heads": own.shape[2],
                "values": [float(f"{value:.4g}") for value in own.flatten().tolist()],
            }
            for name, (layers, own) in weights.items()
        ],
    }


def _curves(curve: Curve, score: str) -> dict[str, object]:
    names = list(dict.fromkeys(name for _, own in curve for name in own))
    return {
        "title": f"{score} on the validation data after each epoch",
        "values": [str(epoch) for epoch, _ in curve],
        "totals": None,
        "lines": [{"name": n, "shares": [own.get(n) for _, own in curve]} for n in names],
    }


def _broken_down(by: str, parts: Sequence[Part]) -> list[dict[str, object]]:
    """Accuracy by distance or by length; none where nothing was broken down."""
    own = [part for part in parts if part.by == by]
    if not own:
        return []
    totals = {part.value: part.total for part in own}
    shares = {(part.probe, part.value): part.correct / part.total for part in own}
    return [
        {
            "title": "by distance to the head" if by == DISTANCE else "by words in the sentence",
            "values": list(totals),
            "totals": list(totals.values()),
            "lines": [
                {"name": name, "shares": [shares.get((name, value)) for value in totals]}
                for name in dict.fromkeys(part.probe for part in own)
            ],
        }
    ]
