"""What the paper's Table 3 calls the probes of a run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from statistics import fmean

from probing.core.terms import MAIN
from probing.counting.trees.undirected import Undirected
from probing.learning.module import ProbingModule
from probing.learning.seeds import family_of
from probing.probes import (
    AttentionProbe,
    AttentionWordsProbe,
    DistanceWordsProbe,
    Probe,
    StructuralProbe,
)
from probing.reports.findings import Findings
from probing.reports.published import published
from probing.reports.trees.table3 import Entry

RANDOM = "random initialisation: "
# In the order of the table: kind of probe, whether its encoder is untrained, what it is called,
# and which row of the paper's it is.
KINDS: tuple[tuple[type[Probe], bool, str, str], ...] = (
    (DistanceWordsProbe, False, "distances and words", "Distances + GloVe"),
    (AttentionProbe, True, f"{RANDOM}attention", ""),
    (AttentionWordsProbe, True, f"{RANDOM}attention and words", "Random Init Attn + GloVe"),
    (AttentionProbe, False, "attention", "Attn"),
    (AttentionWordsProbe, False, "attention and words", "Attn + GloVe"),
    (StructuralProbe, False, "structural probe", "Structural probe"),
    (StructuralProbe, True, f"{RANDOM}structural probe", ""),
)
UNTRAINED = {"right-branching": "Right-branching"}
ARCHITECTURE = ("name", "revision", "layers", "aggregation", "keep_embeddings", "precision")
"""What two draws of random weights have in common: options of an encoder."""


def entries(
    module: ProbingModule, findings: Findings, undirected: Mapping[str, Undirected]
) -> list[Entry]:
    """What takes no training, then the probes in the order of the paper's table.

    Probes that differ in nothing but the draw of the untrained encoder are one line, and so are a
    probe's several seeds. Of several structural probes the one that is best on the validation data
    stands for all; without such data, or where it has no edge to count, they all stand there.
    Other probes come last, by their names.
    """
    best = findings.best_over_all
    listed = [
        _untrained(n, best.get(n, ""), module) for n in findings.overall if n not in module.probes
    ]
    left = dict(module.probes)
    judged = undirected.get("val")
    for kind, random, label, row in KINDS:
        names = [n for n, p in left.items() if type(p) is kind and _is_random(module, p) is random]
        left = {name: probe for name, probe in left.items() if name not in names}
        families = _families(module, names, random)
        count = len(families)
        apart = _apart(module, families)
        if count > 1 and kind.measures_distances and judged is not None and judged.total:
            shares = {
                family: fmean(judged.uuas(name) or 0.0 for name in own)
                for family, own in families.items()
            }
            first = max(shares, key=lambda family: shares[family])
            said = {first: f"{label} ({apart[first]}, best of {count} on val)"}
            families = {first: families[first]}
        else:
            said = {own: f"{label} ({apart[own]})" if count > 1 else label for own in families}
        listed += [
            _entry(module, name, said[family], row, is_undirected=kind.measures_distances)
            for family, own in families.items()
            for name in own
        ]
    return listed + [_entry(module, name, family_of(name)[0]) for name in left]


def _families(module: ProbingModule, names: list[str], random: bool) -> dict[str, list[str]]:
    """Names of probes of one kind that belong in one line, by what they are together called."""
    found: dict[tuple[str, str], list[str]] = {}
    for name in names:
        family, key = family_of(name)[0], ""
        if random:
            probe = module.probes[name]
            family = _without_draw(family, probe.encoder)
            key = f"{_options(probe)} {_architecture(module, probe.encoder)}"
        found.setdefault((family, key), []).append(name)
    stems = [family for family, _ in found]
    return {
        stem if stem and stems.count(stem) == 1 else family_of(own[0])[0]: own
        for (stem, _), own in found.items()
    }


def _apart(module: ProbingModule, families: Mapping[str, list[str]]) -> dict[str, str]:
    """What tells lines of one kind apart: layer, rank or both, if those do, else their names.

    Where layers are told as well, nothing is said of a map of full rank.
    """
    named = {own: own for own in families}
    probes = {own: module.probes[names[0]] for own, names in families.items()}
    layers = {own: getattr(probe, "layer", None) for own, probe in probes.items()}
    ranks = {own: getattr(probe, "rank", None) for own, probe in probes.items()}
    said: dict[str, list[str]] = {own: [] for own in families}
    if len(set(layers.values())) > 1:
        if None in layers.values():
            return named
        for own, layer in layers.items():
            said[own].append(f"layer {layer}")
    if len(set(ranks.values())) > 1:
        for own, rank in ranks.items():
            if rank is not None:
                said[own].append(f"rank {rank}")
            elif not said[own]:
                said[own].append("full rank")
    told = {own: ", ".join(parts) for own, parts in said.items()}
    models = {_architecture(module, probe.encoder) for probe in probes.values()}
    suffices = len(set(told.values())) == len(told) and len(models) == 1
    return told if suffices else named


def _without_draw(name: str, encoder: str) -> str:
    """A probe's name without its encoder's, or without the number that the encoder's ends in."""
    if encoder in name:
        return name.replace(encoder, "", 1).replace("__", "_").strip("_")
    number = re.search(r"(?<![0-9])[0-9]+$", encoder)
    own = re.fullmatch(r"(.*?)_?([0-9]+)", name)
    return own[1] if own and number and own[2] == number[0] else name


def _options(probe: Probe) -> str:
    """What a probe was made with, but for its encoder."""
    plain = (str, int, float, bool, type(None))
    own = sorted(vars(probe).items())
    options = {k: v for k, v in own if k[0] != "_" and isinstance(v, plain)}
    return repr({k: v for k, v in options.items() if k not in ("encoder", "training")})


def _architecture(module: ProbingModule, encoder: str) -> str:
    """What an encoder shares with other draws of its weights."""
    return repr([getattr(module.encoders[encoder], option) for option in ARCHITECTURE])


def _is_random(module: ProbingModule, probe: Probe) -> bool:
    """Whether a probe reads an untrained encoder."""
    return module.encoders[probe.encoder].random_init


def _entry(
    module: ProbingModule,
    name: str,
    group: str,
    row: str = "",
    *,
    is_undirected: bool = False,
) -> Entry:
    """A probe: on which encoder, from which start."""
    seed, encoder = family_of(name)[1], module.probes[name].encoder
    paper = _printed(row, "UUAS" if is_undirected else "UAS")
    return Entry(name, group, paper, encoder, seed, is_undirected, row)


def _printed(row: str, column: str) -> int | None:
    """What the paper's Table 3 has in a row of this name, if there is one."""
    return int(published(3, row, column)) if row else None


def _untrained(name: str, best: str, module: ProbingModule) -> Entry:
    """What takes no training, in words; ``best`` is the head or the offset that was chosen."""
    encoder = MAIN if name == "best-head" else name.removeprefix("best-")
    if encoder not in module.encoders or name == encoder:
        said = {"best-offset": "best fixed offset"}.get(name, name)
        row = UNTRAINED.get(name, "")
        return Entry(name, _with(said, best), _printed(row, "UAS"), row=row)
    if module.encoders[encoder].random_init:
        drawn = [known for known, other in module.encoders.items() if other.random_init]
        is_alone = len({_architecture(module, known) for known in drawn}) == 1
        of = "" if is_alone else f" of {encoder}"
        return Entry(name, f"{RANDOM}best single head{of}", encoder=encoder)
    said = "best single head" if encoder == MAIN else f"best head of {encoder}"
    return Entry(name, _with(said, best), encoder=encoder)


def _with(said: str, best: str) -> str:
    return f"{said} ({best})" if best else said
