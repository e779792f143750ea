"""What the paper's Table 3 calls the probes of a run."""

from __future__ import annotations

from collections.abc import Mapping

from .findings import Findings
from .modules import ProbingModule
from .probes import (
    AttentionProbe,
    AttentionWordsProbe,
    DistanceWordsProbe,
    Probe,
    StructuralProbe,
)
from .seeds import family_of
from .table3 import Entry, Undirected

RANDOM = "random initialisation: "
# In the order of the table: kind of probe, whether its encoder is untrained, what it is called,
# and what the paper found.
KINDS: tuple[tuple[type[Probe], bool, str, str], ...] = (
    (DistanceWordsProbe, False, "distances and words", "58"),
    (AttentionProbe, True, f"{RANDOM}attention", ""),
    (AttentionWordsProbe, True, f"{RANDOM}attention and words", "30"),
    (AttentionProbe, False, "attention", "61"),
    (AttentionWordsProbe, False, "attention and words", "77"),
    (StructuralProbe, False, "structural probe", "80 (UUAS)"),
    (StructuralProbe, True, f"{RANDOM}structural probe", ""),
)
PAPER = {"right-branching": "26"}


def entries(
    module: ProbingModule, findings: Findings, undirected: Mapping[str, Undirected]
) -> list[Entry]:
    """What takes no training, then the probes in the order of the paper's table.

    Probes of one kind on several draws of the untrained encoder are one line, and so are a probe's
    several seeds. Of several
    structural probes the one that is best on the validation data stands for all; without such
    data they all stand there. Other probes come last, by their names.
    """
    listed = [
        Entry(name, _spoken(name, module), PAPER.get(name, ""))
        for name in findings.overall
        if name not in module.probes
    ]
    left = dict(module.probes)
    judged = undirected.get("val")
    for kind, random, label, paper in KINDS:
        names = [n for n, p in left.items() if type(p) is kind and _is_random(module, p) is random]
        left = {name: probe for name, probe in left.items() if name not in names}
        families: dict[str, list[str]] = {}
        for name in names:
            families.setdefault("" if random else family_of(name)[0], []).append(name)
        count = len(families)
        if count > 1 and kind.measures_distances and judged is not None:
            shares = {f: sum(judged.uuas(n) or 0.0 for n in own) for f, own in families.items()}
            best = max(shares, key=lambda family: shares[family])
            said = f"{label} ({best}, best of {count} on val)"
            listed += [Entry(name, said, paper) for name in families[best]]
            continue
        for family, own in families.items():
            said = f"{label} ({family})" if count > 1 else label
            listed += [Entry(name, said, paper) for name in own]
    return listed + [Entry(name, family_of(name)[0]) for name in left]


def _is_random(module: ProbingModule, probe: Probe) -> bool:
    """Whether a probe reads an untrained encoder."""
    return module.encoders[probe.encoder].random_init


def _spoken(name: str, module: ProbingModule) -> str:
    """What takes no training, in words; heads of a further encoder are its best."""
    encoder = name.removeprefix("best-")
    if encoder in module.encoders:
        is_random = module.encoders[encoder].random_init
        return f"{RANDOM}best single head" if is_random else f"best head of {encoder}"
    return {"best-offset": "best fixed offset", "best-head": "best single head"}.get(name, name)
