"""An encoder that looks at some layers only, against one that looks at all of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from families import CONFIGS, IDS, WIDTH, WORDS_OF
from matplotlib.axes import Axes
from torch import nn

from probing.core.batches import Encoding, Sizes
from probing.core.errors import ProbingError
from probing.core.layers import LayerRecord
from probing.counting.best import best_heads, untrained
from probing.counting.counts import HeadCounts, ProbeCounts
from probing.data.tasks.dependencies import Dependencies
from probing.encoder import Encoder, frozen
from probing.encoder.tap import Tap
from probing.learning.module import ProbingModule
from probing.probes.attention import AttentionProbe
from probing.reports.figures.heads import head_overview, relation_heatmap, weight_heatmap
from probing.reports.findings import Findings
from probing.reports.tables import head_rows

PARTS = {"attention", "boundary", "embeddings", "hidden"}


def encode(encoder: Encoder, *needs: str) -> Encoding:
    return encoder(IDS, WORDS_OF, width=WIDTH, needs=set(needs) or PARTS)


# ---------------------------------------------------------------------- what is encoded


@pytest.mark.parametrize("family", CONFIGS)
def test_chosen_layers_are_those_of_the_whole_model(
    family: str, folder_of: Callable[[str], str]
) -> None:
    whole = Encoder(folder_of(family)).load()
    full = encode(whole)
    for chosen in ([1], [2], [2, 1]):
        encoder = Encoder(folder_of(family), layers=chosen).load()
        numbers = sorted(chosen)
        places = [number - 1 for number in numbers]
        assert encoder.sizes.layers == len(numbers)
        assert encoder.sizes.layer_numbers == encoder.layer_numbers == tuple(numbers)
        assert encoder.fingerprint == whole.fingerprint
        together, apart = encode(encoder), encode(encoder, "attention", "boundary")
        for found in (together, apart):  # the second does not run what lies above
            for part in ("attention", "boundary"):
                assert torch.equal(found.part(part), full.part(part)[:, places])
            if full.visible is not None and found.visible is not None:
                assert torch.equal(found.visible, full.visible[:, places])
            else:  # the layers that hide something may be among the others
                assert found.visible is None
                assert full.visible is None or bool(full.visible[:, places].flatten(1).any(1).all())
        for hidden in (together.part("hidden"), encode(encoder, "hidden").part("hidden")):
            assert torch.equal(hidden, full.part("hidden")[:, [0, *numbers]])


def test_each_layer_shows_what_its_own_mask_does(folder_of: Callable[[str], str]) -> None:
    """ModernBERT's first and third layer see everything, the second three words to each side."""
    visible = [
        encode(Encoder(folder_of("modernbert"), layers=layers).load(), "attention").part("visible")
        for layers in ([1], [2], [1, 3], [2, 3])
    ]
    assert torch.equal(visible[2], visible[0].expand(-1, 2, -1, -1))
    assert (visible[0] >= visible[1]).all()
    assert not torch.equal(visible[0], visible[1])
    assert torch.equal(visible[3], torch.cat([visible[1], visible[0]], 1))


@pytest.mark.parametrize("family", ["albert", "bert", "llama", "modernbert"])
@pytest.mark.parametrize(
    ("layers", "needs", "read"),
    [
        ([1], {"attention"}, 1),
        ([1], {"boundary"}, 1),
        ([2], {"attention"}, 2),
        ([1], {"attention", "hidden"}, None),
        (None, {"attention"}, None),
    ],
)
def test_layers_above_are_not_computed(
    family: str,
    layers: list[int] | None,
    needs: set[str],
    read: int | None,
    folder_of: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = []

    class Counting(Tap):
        def __call__(self, *layer: Any) -> LayerRecord:
            calls.append(layer)
            return super().__call__(*layer)

    encoder = Encoder(folder_of(family), layers=layers).load()
    monkeypatch.setattr(frozen, "Tap", Counting)
    encode(encoder, *needs)
    assert len(calls) == (read or encoder.config.num_hidden_layers)


def test_what_follows_the_last_attention_is_not_computed(
    folder_of: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = Encoder(folder_of("bert")).load()
    top: nn.Module = encoder.model.encoder.layer[-1].intermediate
    expected = encode(encoder, "attention").part("attention")
    monkeypatch.setattr(top, "forward", None)
    assert torch.equal(encode(encoder, "attention").part("attention"), expected)
    with pytest.raises(TypeError):
        encode(encoder, "attention", "hidden")


def test_no_windows_have_the_chosen_layers(folder_of: Callable[[str], str]) -> None:
    encoder = Encoder(folder_of("bert"), layers=[2]).load()
    none = torch.zeros(0, 0, dtype=torch.long)
    empty = encoder(none, none, width=3, needs=PARTS)
    assert empty.part("attention").shape[:2] == (0, 1)
    assert empty.part("boundary").shape[:2] == (0, 1)
    assert empty.part("hidden").shape[:2] == (0, 2)


@pytest.mark.parametrize(
    ("layers", "found"),
    [
        ([], r"found \[\]"),
        ([0], r"found \[0\]"),
        ([3], r"found \[3\]"),
        ([-1], r"found \[-1\]"),
        ([1, 2, 3], r"found \[1, 2, 3\]"),
        ([2, 1, 2], r"found \[2, 1, 2\], where one comes twice"),
    ],
)
def test_layers_that_are_not_there_are_refused(
    layers: list[int], found: str, folder_of: Callable[[str], str]
) -> None:
    folder = folder_of("bert")
    with pytest.raises(ProbingError, match=f"{folder} has 2 layers: .* from 1 to 2, {found}$"):
        Encoder(folder, layers=layers).load()


@pytest.mark.parametrize("layers", [3, "3", [1.5], [True], {1: 2}])
def test_what_is_no_list_of_layers_is_refused(layers: Any) -> None:
    with pytest.raises(ProbingError, match=r"expected a list of numbers like \[2, 3\], found"):
        Encoder("a-model", layers=layers)


def test_sizes_number_all_layers_where_nothing_else_is_said() -> None:
    assert Sizes(layers=3, heads=2, hidden=4, embedding=4).layer_numbers == (1, 2, 3)


def test_the_description_names_the_layers_if_they_are_not_all(tiny_bert: Path) -> None:
    some, every = Encoder(str(tiny_bert), layers=[2]).load(), Encoder(str(tiny_bert)).load()
    assert some.description == f"{every.description}; layers looked at: 2 of 2"
    assert Encoder(str(tiny_bert), layers=[1, 2]).load().description == every.description


# -------------------------------------------------------------------------- checkpoints


def test_probes_of_other_layers_are_not_loaded(tiny_bert: Path) -> None:
    """Not even where their shapes agree."""

    def module(*layers: int) -> ProbingModule:
        made = ProbingModule(Encoder(str(tiny_bert), layers=[*layers]), {"a": AttentionProbe()})
        made.configure_model()
        return made

    saved = module(1)
    checkpoint = {"state_dict": saved.state_dict()}
    saved.on_save_checkpoint(checkpoint)
    module(1).on_load_checkpoint(checkpoint)
    for layers in ((2,), (1, 2)):
        own = f"at the layers 1 of {tiny_bert}, the run at {', '.join(map(str, layers))}$"
        with pytest.raises(ProbingError, match=own):
            module(*layers).on_load_checkpoint(checkpoint)


def test_probes_of_another_aggregation_are_not_loaded(tiny_bert: Path) -> None:
    def module(aggregation: Any, twin: Any = None) -> ProbingModule:
        made = ProbingModule(
            Encoder(str(tiny_bert), aggregation=aggregation),
            {"a": AttentionProbe(), "b": AttentionProbe(encoder="twin")},
            encoders={"twin": Encoder(random_init=True, aggregation=twin)},
        )
        made.configure_model()
        return made

    saved = module("first")
    checkpoint: dict[str, Any] = {"state_dict": saved.state_dict()}
    saved.on_save_checkpoint(checkpoint)
    module("first").on_load_checkpoint(checkpoint)
    module("first", "first").on_load_checkpoint(checkpoint)
    for other in (None, "mean", "max"):
        found = rf"with aggregation first, the run has {other or 'mean'}"
        with pytest.raises(ProbingError, match=found):
            module(other, "first").on_load_checkpoint(checkpoint)
        if other:  # else the twin's is the main encoder's
            with pytest.raises(ProbingError, match=f"randomly initialised.* {found}"):
                module("first", other).on_load_checkpoint(checkpoint)
    # Those of 0.1 do not say.
    for encoder in checkpoint["probing"]["encoders"].values():
        del encoder["aggregation"]
    module("max").on_load_checkpoint(checkpoint)


def test_probes_of_another_tokenizer_are_not_loaded(tiny_bert: Path) -> None:
    def module(tokenizer_file: bool) -> ProbingModule:
        encoder = Encoder(str(tiny_bert), tokenizer_file=tokenizer_file)
        made = ProbingModule(encoder, {"a": AttentionProbe()})
        made.configure_model()
        return made

    saved = module(True)
    checkpoint: dict[str, Any] = {"state_dict": saved.state_dict()}
    saved.on_save_checkpoint(checkpoint)
    module(True).on_load_checkpoint(checkpoint)
    with pytest.raises(ProbingError, match="with tokenizer_file True, the run has False"):
        module(False).on_load_checkpoint(checkpoint)


# ------------------------------------------------------------------------------ reports


def counts_of(layers: tuple[int, ...]) -> HeadCounts:
    """Head 2 of the last layer is best in its rows, the first of the first in its columns."""
    terms = Dependencies.terms
    cell = (3, len(layers), 3)
    correct = torch.ones(2, *cell, dtype=torch.long)
    correct[0, 0, -1, 1] = 9
    correct[1, 1, 0, 0] = 7
    return HeadCounts(
        terms=terms,
        rows=("all", "obj"),
        total=torch.tensor([10, 10]),
        errors=torch.zeros(2, *cell, 0, dtype=torch.long),
        correct=correct,
        reachable=torch.full((2, *cell[:2]), 10),
        shared=torch.zeros(2, 2, dtype=torch.long),
        quantities=torch.zeros(2, *cell, 3, dtype=torch.float64),
        baselines=torch.zeros(2, len(terms.baselines), dtype=torch.float64),
        layers=layers,
    )


def test_tables_show_the_models_own_numbers() -> None:
    counts = counts_of((3, 7))
    lines = {(*line[:4],): line[4] for line in head_rows(counts)}
    assert {layer for _, _, layer, _ in lines} == {3, 7}
    assert lines["all", "dep->head", 7, 2] == 9
    assert lines["obj", "head->dep", 3, 1] == 7
    table = best_heads(counts, counts, at_least=1)
    assert [(str(b.head), b.head.direction, b.correct) for b in table] == [
        ("7-2", "dep->head", 9),
        ("3-1", "head->dep", 7),
    ]
    assert untrained(counts, counts)["best-head"].correct.tolist() == [9, 1]


def ticks(panel: Axes) -> dict[float, str]:
    """Of the leftmost panel: those beside it show no labels."""
    labels = [label.get_text() for label in panel.get_yticklabels()]
    return dict(zip(panel.get_yticks().tolist(), labels, strict=True))


def frame(panel: Axes) -> tuple[float, float]:
    """Column and row of the framed cell."""
    corner = panel.patches[0].get_xy()
    return corner[0] + 0.5, corner[1] + 0.5


def test_figures_show_the_models_own_numbers() -> None:
    counts = counts_of((3, 7))
    nothing = torch.zeros(2, 0, dtype=torch.long)
    findings = Findings(
        split="test",
        source="a.conllu",
        model="tiny",
        counts=counts,
        probes=ProbeCounts(counts.rows, (), nothing, counts.total),
        chosen_on="test",
        chosen=counts,
        min_anchors=1,
    )
    overview = head_overview(findings).axes
    for_all, for_obj, *_ = overview
    assert ticks(for_all) == {1: "3", 2: "7"}
    assert (frame(for_all), frame(for_obj)) == ((2, 2), (1, 1))
    assert ticks(relation_heatmap(counts, "obj").axes[0]) == {1: "3", 2: "7"}
    assert frame(relation_heatmap(counts, "all").axes[0]) == (2, 2)
    weights = weight_heatmap(
        torch.ones(2, 2, 3), (3, 7), title="w", directions=counts.terms.directions
    )
    assert ticks(weights.axes[0]) == {1: "3", 2: "7"}
