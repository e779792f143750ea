"""Several encoders in one run: each runs once, probes read their own, heads stand side by side."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch

from probing.core.batches import EdgeBatch, Encoding
from probing.core.errors import ProbingError
from probing.core.head_names import Cell
from probing.counting.best import beside_heads, best_heads, untrained
from probing.counting.counts import HeadCounts
from probing.counting.metrics import HeadAccuracy
from probing.data.builtin.reader import read_builtin
from probing.data.census import Census
from probing.data.collating import collate
from probing.data.tasks.dependencies import Dependencies
from probing.data.text import joined
from probing.encoder import Encoder
from probing.learning.module import ProbingModule
from probing.probes import AttentionProbe, DistanceWordsProbe, Probe


def module(folder: Path, probes: dict[str, Probe] | None = None, **twins: Any) -> ProbingModule:
    encoders = {name: Encoder(random_init=True, random_seed=s) for name, s in twins.items()}
    made = ProbingModule(Encoder(str(folder)), probes, encoders=encoders)
    made.configure_model()
    return made


@pytest.fixture(scope="module")
def batch(tiny_encoder: Encoder) -> EdgeBatch:
    census = Census()
    source = read_builtin("builtin:documents=2,seed=4")
    windows = list(Dependencies()(source, tiny_encoder.tokenizer, census))
    return collate(windows, census.rows, Dependencies.terms, tiny_encoder.tokenizer.pad_id)


def test_each_encoder_runs_once_and_computes_what_its_own_probes_need(
    tiny_bert: Path, batch: EdgeBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    probes: dict[str, Probe] = {
        "a": AttentionProbe(),
        "b": AttentionProbe(),
        "c": DistanceWordsProbe(encoder="twin"),
        "d": DistanceWordsProbe(encoder="twin"),
    }
    own = module(tiny_bert, probes, twin=0, other=1)
    asked: Counter[tuple[int, tuple[str, ...]]] = Counter()
    forward = Encoder.forward

    def counted(self: Encoder, *args: Any, needs: set[str], **more: Any) -> Encoding:
        asked[self.random_seed if self.random_init else -1, tuple(sorted(needs))] += 1
        return forward(self, *args, needs=needs, **more)

    monkeypatch.setattr(Encoder, "forward", counted)
    own.judge(batch)
    assert asked == {(-1, ("attention", "boundary")): 1, (0, ("embeddings",)): 1, (1, ()): 1}


@pytest.mark.parametrize("kind", [AttentionProbe, DistanceWordsProbe])
def test_a_probe_reads_its_encoder_as_if_it_were_the_only_one(
    kind: type[Probe], tiny_bert: Path, batch: EdgeBatch
) -> None:
    both = module(tiny_bert, {"a": kind(), "b": kind(encoder="twin")}, twin=5)
    alone = ProbingModule(Encoder(str(tiny_bert), random_init=True, random_seed=5), {"b": kind()})
    alone.configure_model()
    alone.probes["b"].load_state_dict(both.probes["b"].state_dict())
    found, expected = both.judge(batch).hits[..., 1], alone.judge(batch).hits[..., 0]
    assert torch.equal(found, expected)
    if kind is AttentionProbe:  # the words' input embeddings are those of the trained model
        both.probes["a"].load_state_dict(both.probes["b"].state_dict())
        hits = both.judge(batch).hits
        assert not torch.equal(hits[..., 0], hits[..., 1])


def test_a_twin_without_a_name_follows_the_main_encoder(tiny_bert: Path) -> None:
    main = Encoder(str(tiny_bert), aggregation="first", layers=[2])
    own = ProbingModule(main, encoders={"twin": Encoder(random_init=True, random_seed=5)})
    own.configure_model()
    twin = own.encoders["twin"]
    assert (twin.name, twin.aggregation, twin.layer_numbers) == (str(tiny_bert), "first", (2,))
    assert twin.fingerprint != main.fingerprint
    assert own.identity["encoders"] == {"twin": twin.identity}
    assert f"twin: {tiny_bert}, randomly initialised with seed 5" in own.description


def test_a_twin_keeps_what_it_was_told(tiny_bert: Path) -> None:
    main = Encoder(str(tiny_bert), aggregation="first", layers=[2], precision="bfloat16")
    twin = Encoder(
        random_init=True, random_seed=5, aggregation="max", layers=[1], precision="float32"
    )
    ProbingModule(main, encoders={"twin": twin}).configure_model()
    assert (twin.aggregation, twin.layer_numbers, twin.precision) == ("max", (1,), "float32")


def test_a_named_encoder_keeps_what_it_was_told(tiny_bert: Path) -> None:
    main = Encoder(str(tiny_bert), layers=[2])
    own = ProbingModule(main, encoders={"same": Encoder(str(tiny_bert), layers=[1])})
    own.configure_model()
    assert own.encoders["same"].layer_numbers == (1,)


def test_encoders_with_other_tokenizers_are_refused(tiny_bert: Path, tmp_path: Path) -> None:
    other = str(shutil.copytree(tiny_bert, tmp_path / "other"))
    file = Path(other, "tokenizer.json")
    file.write_text(file.read_text("utf-8").replace("##ing", "##ung"), "utf-8")
    own = ProbingModule(Encoder(str(tiny_bert)), encoders={"other": Encoder(other)})
    with pytest.raises(ProbingError, match="have different tokenizers"):
        own.configure_model()


def test_names_of_encoders_are_checked(tiny_bert: Path) -> None:
    own = ProbingModule(Encoder(str(tiny_bert)), encoders={"my-twin": Encoder(random_init=True)})
    with pytest.raises(ProbingError, match="'my-twin': expected a name of letters"):
        own.configure_model()
    own = ProbingModule(Encoder(str(tiny_bert)), encoders={"main": Encoder(random_init=True)})
    with pytest.raises(ProbingError, match="cannot have the name 'main'"):
        own.configure_model()
    with pytest.raises(ProbingError, match="reads the encoder 'twn'; the run has main, twin"):
        module(tiny_bert, {"a": AttentionProbe(encoder="twn")}, twin=0)


def test_a_checkpoint_goes_with_the_encoders_that_its_probes_read(tiny_bert: Path) -> None:
    def probes(encoder: str = "twin") -> dict[str, Probe]:
        return {"a": AttentionProbe(encoder=encoder)}

    saved = module(tiny_bert, probes(), twin=0, unread=1)
    checkpoint: dict[str, Any] = {"state_dict": saved.state_dict()}
    assert set(checkpoint["state_dict"]) == {"probes.a.weight", "probes.a.root.mix"}
    saved.on_save_checkpoint(checkpoint)
    for fits in (module(tiny_bert, probes(), twin=0), module(tiny_bert, probes(), twin=0, more=7)):
        fits.on_load_checkpoint(checkpoint)
        fits.load_state_dict(checkpoint["state_dict"])
        assert torch.equal(fits.probes["a"].weight, saved.probes["a"].weight)
    with pytest.raises(ProbingError, match=r"randomly initialised with seed 0 .* not to .* seed 3"):
        module(tiny_bert, probes(), twin=3).on_load_checkpoint(checkpoint)
    with pytest.raises(ProbingError, match=r"'a' reads the encoder 'twin', in the run .* 'main'"):
        module(tiny_bert, probes("main"), twin=0).on_load_checkpoint(checkpoint)


def counted(own: ProbingModule, name: str, batch: EdgeBatch) -> HeadCounts:
    metric = HeadAccuracy()
    metric.update(batch, own.judge(batch).heads[name])
    shares = torch.zeros(len(metric.rows), len(batch.terms.baselines), dtype=torch.float64)
    return HeadCounts(batch.terms, metric.rows, baselines=shares, **metric.compute())


def test_the_best_head_of_a_twin_stands_beside_the_best_head(
    tiny_bert: Path, batch: EdgeBatch
) -> None:
    own = module(tiny_bert, twin=2)
    main, twin = counted(own, "main", batch), counted(own, "twin", batch)
    both = beside_heads(main, {"twin": twin})
    table = best_heads(both, both, at_least=1)
    assert len(table) > 5
    for line in table:
        row = main.rows.index(line.relation)
        right = {
            Cell(direction, layer, head): int(twin.of_head(Cell(direction, layer, head))[row])
            for direction in main.terms.directions
            for layer in twin.layers
            for head in range(1, twin.correct.shape[3] + 1)
        }
        best = max(right, key=lambda cell: right[cell])  # the first of several
        beside = line.beside[-1]
        assert (beside.label, beside.correct) == (f"{best} {best.direction}", right[best])
    every = main.rows.index("all")
    chosen = twin.best_head(every)
    assert torch.equal(untrained(both, both)["best-twin"].correct, twin.of_head(chosen).double())


def test_without_further_encoders_nothing_is_added(tiny_bert: Path, batch: EdgeBatch) -> None:
    main = counted(module(tiny_bert), "main", batch)
    alone = beside_heads(main, {})
    assert alone.terms == main.terms
    assert torch.equal(alone.baselines, main.baselines)


def test_texts_of_a_run_are_tokenized_once(tiny_bert: Path, tiny_encoder: Encoder) -> None:
    """The data has the main encoder's tokenizer; a twin brings no other."""
    own = module(tiny_bert, twin=0)
    (sentence, *_) = read_builtin("builtin:documents=1,seed=1")
    pieces = [encoder.tokenizer([joined([sentence])]) for encoder in own.encoders.values()]
    assert pieces[0] == pieces[1]


def test_a_probe_keeps_its_place_in_the_optimizer_whatever_the_order_of_names(
    tiny_encoder: Encoder,
) -> None:
    """A checkpoint of the optimizer knows parameters by their place alone."""
    names = [f"p{k}" for k in (10, 2, 1)]
    groups = []
    for order in (names, names[::-1]):
        module = ProbingModule(tiny_encoder, {name: AttentionProbe() for name in order})
        module.configure_model()
        groups.append([group["name"] for group in module.configure_optimizers().param_groups])
    assert groups[0] == groups[1]
    assert set(groups[0]) == set(names)
