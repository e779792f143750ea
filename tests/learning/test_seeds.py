"""Several starts of a probe: each as in a run of its seed, mean and spread over them."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from probing.core.batches import EdgeBatch, Encoding
from probing.core.errors import ProbingError
from probing.counting.spread import families
from probing.counting.tallies import Score
from probing.encoder import Encoder
from probing.learning.module import ProbingModule
from probing.learning.seeds import family_of, repeated
from probing.probes import AttentionProbe, AttentionWordsProbe, DistanceWordsProbe
from probing.probes.base import Probe
from probing.reports.tables import SEEDS, seed_rows


def made(
    folder: Path, names: str, *, seeds: list[int] | None = None, seed: int = 5
) -> ProbingModule:
    kinds: dict[str, type[Probe]] = {
        "a": AttentionProbe,
        "w": AttentionWordsProbe,
        "d": DistanceWordsProbe,
    }
    probes = {name: kinds[name](learning_rate=0.01) for name in names}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = ProbingModule(Encoder(str(folder)), probes, seeds=seeds)
        module.configure_model()
    return module


def state(probe: Probe) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in probe.state_dict().items()}


def same(left: Probe, right: Probe) -> bool:
    mine, theirs = state(left), state(right)
    return mine.keys() == theirs.keys() and all(torch.equal(mine[n], theirs[n]) for n in mine)


def test_each_copy_starts_as_in_a_run_of_its_seed_whichever_others_there_are(
    tiny_bert: Path,
) -> None:
    several = made(tiny_bert, "awd", seeds=[3, 1], seed=5)
    assert list(several.probes) == ["a@3", "a@1", "w@3", "w@1", "d@3", "d@1"]
    for seed in (1, 3):
        alone = made(tiny_bert, "w", seed=seed)
        assert same(several.probes[f"w@{seed}"], alone.probes["w"])
        again = made(tiny_bert, "w", seeds=[seed], seed=77)
        assert same(several.probes[f"w@{seed}"], again.probes[f"w@{seed}"])
    assert not same(several.probes["w@1"], several.probes["w@3"])


def test_copies_share_no_parameter_and_have_groups_of_their_own(tiny_bert: Path) -> None:
    module = made(tiny_bert, "aw", seeds=[1, 2])
    optimizer = module.configure_optimizers()
    assert [group["name"] for group in optimizer.param_groups] == ["a@1", "a@2", "w@1", "w@2"]
    held = [id(p) for group in optimizer.param_groups for p in group["params"]]
    assert len(held) == len(set(held))


def test_copies_learn_alike_from_the_same_batches(
    tiny_bert: Path, random_edges: Callable[..., tuple[EdgeBatch, Encoding]]
) -> None:
    """A copy ends as a probe that was trained alone under its seed."""
    several, alone = made(tiny_bert, "aw", seeds=[1, 2]), made(tiny_bert, "w", seed=2)
    batches = [random_edges(seed, lengths=(4, 6))[0] for seed in range(3)]
    for module in (several, alone):
        optimizer = module.configure_optimizers()
        for batch in batches:
            encodings = module.encode(batch)
            losses = [
                probe.loss(probe.score(encodings[probe.encoder], batch, name=name), batch)
                for name, probe in module.probes.items()
            ]
            optimizer.zero_grad()
            torch.stack(losses).sum().backward()
            optimizer.step()
    assert not same(several.probes["w@2"], made(tiny_bert, "w", seed=2).probes["w"])
    for mine, theirs in zip(
        several.probes["w@2"].parameters(), alone.probes["w"].parameters(), strict=True
    ):
        assert torch.allclose(mine, theirs, atol=1e-7)


def test_without_seeds_probes_keep_their_names(tiny_bert: Path) -> None:
    assert list(made(tiny_bert, "ad").probes) == ["a", "d"]
    assert family_of("attention") == ("attention", None)
    assert family_of("attention@12") == ("attention", 12)


@pytest.mark.parametrize("seeds", [[1, 1], [-1], [2, 3, 2]])
def test_seeds_that_are_none_are_refused(seeds: list[int]) -> None:
    listed = " ".join(map(str, seeds))
    with pytest.raises(ProbingError, match=f"--seeds: expected different .*, found {listed}$"):
        repeated({"a": object()}, seeds)


def test_mean_and_spread_are_over_seeds() -> None:
    lines = [
        ("a@1", "all", 5, 10),
        ("a@1", "det", 1, 4),
        ("a@7", "all", 8, 10),
        ("a@7", "det", 2, 4),
        ("a@9", "all", 6, 10),
        ("a@9", "det", 3, 4),
        ("b", "all", 3, 10),
        ("best-head", "all", 3, 10),
    ]
    found = list(seed_rows(families(Score(*line) for line in lines)))
    sd = statistics.stdev([0.5, 0.8, 0.6])
    assert [dict(zip(SEEDS, line, strict=True)) for line in found] == [
        dict(zip(SEEDS, line, strict=True))
        for line in (
            ("a", "all", 3, f"{1.9 / 3:.6f}", f"{sd:.6f}", "0.500000", "0.800000"),
            ("a", "det", 3, "0.500000", "0.250000", "0.250000", "0.750000"),
        )
    ]
    (single,) = families([Score("a@1", "all", 5, 10)])
    assert single.sd == 0
