"""Training from a cache of what probes read: the same probes, and nothing that is not whole."""

from __future__ import annotations

import json
import shutil
from collections import namedtuple
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from every_probe import CLASSES
from torch import Tensor

from probing.core.batches import EdgeBatch
from probing.core.errors import ProbingError
from probing.core.terms import MAIN
from probing.data import CoreferenceData, DependencyData, EdgeData
from probing.encoder import Encoder
from probing.learning.feature_cache import FeatureCache, cache_of
from probing.learning.lessons import Lessons
from probing.learning.module import ProbingModule
from probing.probes import AttentionProbe, DistanceWordsProbe, Probe, StructuralProbe

SOURCE = "builtin:documents=3,seed=5"
TASKS: dict[str, Callable[..., EdgeData]] = {
    "dependency": DependencyData,
    "coreference": partial(CoreferenceData, limit=100),
}


@pytest.fixture(params=TASKS)
def data(request: pytest.FixtureRequest, tiny_encoder: Encoder, tmp_path: Path) -> EdgeData:
    tokenizer = tiny_encoder.tokenizer
    folder = str(tmp_path / "kept")
    return TASKS[request.param](train=SOURCE, tokenizer=tokenizer, cache_features=folder)


@pytest.fixture
def trees(tiny_encoder: Encoder, tmp_path: Path) -> EdgeData:
    folder = str(tmp_path / "kept")
    return DependencyData(train=SOURCE, tokenizer=tiny_encoder.tokenizer, cache_features=folder)


def module_of(
    encoder: Encoder, *probes: Probe, encoders: dict[str, Encoder] | None = None
) -> ProbingModule:
    torch.manual_seed(1)
    own = {f"p{number}": probe for number, probe in enumerate(probes)}
    made = ProbingModule(encoder, own, encoders=encoders)
    made.configure_model()
    return made


def opened(module: ProbingModule, data: EdgeData) -> FeatureCache:
    cache = cache_of(module, data, precision="32-true")
    cache.make()
    return cache


def batches(data: EdgeData) -> Iterator[EdgeBatch]:
    """Each window twice, in batches of three, the second time in others."""
    windows = data.split("train")
    for first in (0, 1):
        yield windows[[0]]
        for start in range(first, len(windows), 3):
            yield windows[list(range(start, min(start + 3, len(windows))))]


def trained(module: ProbingModule, data: EdgeData) -> dict[str, Tensor]:
    """The probes after some steps, each in a plain loop."""
    optimizer = torch.optim.SGD(module.probes.parameters(), lr=0.05)  # type: ignore[attr-defined]
    for batch in batches(data):
        lessons = module.lessons(batch)
        for name, probe in module.probes.items():
            lesson = lessons[probe.encoder]
            probe.loss(
                probe.score(lesson.encoding, lesson.batch, name=name), lesson.batch
            ).backward()
        optimizer.step()
        optimizer.zero_grad()
    return {name: value.detach().clone() for name, value in module.probes.named_parameters()}  # type: ignore[attr-defined]


def whole_loop(module: ProbingModule, data: EdgeData) -> dict[str, Tensor]:
    """The same from whole windows, as the encoder gives them."""

    def lessons(batch: EdgeBatch) -> Any:
        Whole = namedtuple("Whole", "encoding batch")
        return {n: Whole(own, batch.probed) for n, own in module.encode(batch).items()}

    module.lessons = lessons
    return trained(module, data)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_a_cache_gives_the_probes_of_the_encoder(
    cls: type[Probe], data: EdgeData, tiny_encoder: Encoder
) -> None:
    """While it is filled, when it is full, and without the words that nobody asks about."""
    expected = whole_loop(module_of(tiny_encoder, cls()), data)
    started = dict(module_of(tiny_encoder, cls()).probes.named_parameters())  # type: ignore[attr-defined]
    live = trained(module_of(tiny_encoder, cls()), data)
    for name, value in expected.items():
        torch.testing.assert_close(live[name], value, rtol=1e-4, atol=1e-6)
    for _ in range(2):
        module = module_of(tiny_encoder, cls())
        module.lessons = opened(module, data)
        found = trained(module, data)
        for name, value in expected.items():
            torch.testing.assert_close(found[name], value, rtol=2e-3, atol=2e-4)
            moved = (value - started[name]).abs().max()
            assert not moved or (found[name] - value).abs().max() < 0.02 * moved


def test_the_encoder_runs_for_what_is_not_there(
    data: EdgeData, tiny_encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = module_of(tiny_encoder, AttentionProbe(), StructuralProbe())
    cache = opened(module, data)
    runs: list[int] = []
    run = Encoder._run

    def counted(self: Encoder, ids: Tensor, *args: Any, **options: Any) -> Any:
        runs.append(len(ids))
        return run(self, ids, *args, **options)

    monkeypatch.setattr(Encoder, "_run", counted)
    windows = data.split("train")
    assert len(windows) > 3
    cache(windows[[0, 2]])
    assert runs.pop() == 2
    cache(windows[[2, 0]])
    assert not runs
    cache(windows[[0, 1]])
    assert runs.pop() == 2
    again = opened(module_of(tiny_encoder, AttentionProbe(), StructuralProbe()), data)
    again(windows[[1, 2]])
    assert not runs
    # Half written, or decayed: one value of a window has changed.
    file = again.shelves[MAIN].files["attention"]
    first, last = file.bounds[1:3]
    assert first < last
    with file.path.open("r+b") as raw:
        raw.seek(file.start + 2 * int(first))
        raw.write(b"\x11\x22")
    expected = module.encode(windows[[1]])[MAIN]
    for _ in range(2):
        lesson = again(windows[[1]])[MAIN]
        assert file.read(1) is not None
    assert runs.pop() == 1  # once, beside the one of `encode`
    assert runs.pop() == 1
    assert not runs
    if lesson.batch.width == expected.part("attention").shape[-1]:
        torch.testing.assert_close(
            lesson.encoding.part("attention"), expected.part("attention"), rtol=1e-3, atol=1e-6
        )


def test_what_is_kept_is_what_the_encoder_says(data: EdgeData, tiny_encoder: Encoder) -> None:
    probes = [AttentionProbe(), DistanceWordsProbe(width=4)]
    module = module_of(tiny_encoder, *probes)
    cache = opened(module, data)
    windows = data.split("train")
    batch = windows[[0, 3, 1]]
    for _ in range(2):
        lesson = cache(batch)[MAIN]
        whole = module.encode(batch)[MAIN]
        own = lesson.batch
        for b in range(3):
            count = int(own.lengths[b])
            asked = windows.windows([(0, 3, 1)[b]])[0].asked
            places = list(range(len(batch.words[b]))) if asked is None else list(asked)
            assert own.positions[b, :count].tolist() == places
            assert list(own.words[b]) == [batch.words[b][place] for place in places]
            for i, place in enumerate(places):
                for part, dimension in (("attention", 2), ("boundary", 2), ("vectors", 0)):
                    here = lesson.encoding.part(part)[b].select(dimension, i)
                    there = whole.part(part)[b].select(dimension, place)
                    if part == "attention":
                        here, there = here[..., :count], there[..., places]
                    torch.testing.assert_close(here, there, rtol=1e-3, atol=1e-6)
    assert (data.task.__class__.__name__ == "Dependencies") is (own.places is None)


def test_what_is_reported_comes_from_the_encoder(
    data: EdgeData, tiny_encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = module_of(tiny_encoder, AttentionProbe())
    batch = data.split("train")[[0, 1]]
    expected = module.judge(batch)
    module.lessons = opened(module, data)
    module.lessons(batch)
    monkeypatch.setattr(FeatureCache, "__call__", None)
    monkeypatch.setattr(Lessons, "__call__", None)
    found = module.judge(batch)
    assert torch.equal(found.scores["p0"], expected.scores["p0"])
    assert torch.equal(found.heads[MAIN].words, expected.heads[MAIN].words)
    assert torch.equal(found.heads[MAIN].quantities, expected.heads[MAIN].quantities)


def test_the_name_says_all_that_shapes_what_is_kept(
    tiny_bert: Path, tiny_encoder: Encoder, trees: EdgeData
) -> None:
    def key(data: EdgeData = trees, precision: str = "32-true", **options: Any) -> str:
        module = module_of(Encoder(str(tiny_bert), **options), AttentionProbe())
        return cache_of(module, data, precision=precision).shelves[MAIN].key

    def other(source: str = SOURCE, task: str = "dependency", **options: Any) -> EdgeData:
        tokenizer = tiny_encoder.tokenizer
        return TASKS[task](train=source, tokenizer=tokenizer, cache_features="kept", **options)

    class Whole(AttentionProbe):
        is_pairwise = False

    module = module_of(Encoder(str(tiny_bert)), Whole())
    whole = {
        task: cache_of(module, other(task=task), precision="32-true").shelves[MAIN].key
        for task in TASKS
    }
    keys = [
        key(),
        key(layers=[2]),
        key(aggregation="max"),
        key(precision="bf16-mixed"),
        key(random_init=True, random_seed=1),
        key(random_init=True, random_seed=2),
        key(other("builtin:documents=3,seed=6")),
        key(other(task="coreference")),
        key(other(task="coreference", limit=60)),
        key(other(task="coreference", first_window=True)),
        whole["coreference"],
    ]
    assert len(set(keys)) == len(keys)
    assert key(other()) == keys[0]  # wherever it is kept
    assert whole["dependency"] == keys[0]  # every word of a tree is asked about


def test_each_encoder_has_a_shelf_of_its_own(
    tiny_bert: Path, tiny_encoder: Encoder, trees: EdgeData
) -> None:
    twin = Encoder(str(tiny_bert), random_init=True, random_seed=1)
    probes = [AttentionProbe(), AttentionProbe(encoder="twin"), DistanceWordsProbe(width=2)]
    module = module_of(tiny_encoder, *probes, encoders={"twin": twin})
    cache = opened(module, trees)
    assert set(cache.shelves) == {MAIN, "twin"}
    batch = trees.split("train")[[0, 1]]
    for _ in range(2):
        lessons = cache(batch)
        for name, encoding in module.encode(batch).items():
            torch.testing.assert_close(
                lessons[name].encoding.part("attention"),
                encoding.part("attention"),
                rtol=1e-3,
                atol=1e-6,
            )
    described = [json.loads(p.read_text()) for p in Path(cache.shelves[MAIN].folder).glob("*.json")]
    weights = {own["weights"] for own in described}
    assert weights == {tiny_encoder.fingerprint, twin.fingerprint}


def test_the_size_is_told_and_must_be_there(
    trees: EdgeData, tiny_encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = module_of(tiny_encoder, AttentionProbe(), StructuralProbe())
    cache = cache_of(module, trees, precision="32-true")
    windows, (layers, heads, size) = trees.split("train"), (2, 4, 32)
    expected = 0
    for window in windows.windows(range(len(windows))):
        words = len(window.words)
        expected += 3 * 8 + 2 * layers * heads * words * (words + 4)
        expected += 2 * (layers + 1) * words * size
    files = cache.shelves[MAIN].files.values()
    assert sum(file.size for file in files) == expected
    said = f"{expected / 1024:,.1f} KiB"
    assert f": {said}, {said} of it to be written" in cache.plan()
    folder = cache.shelves[MAIN].folder
    assert not folder.exists()
    room = namedtuple("room", "free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: room(expected - 1))
    with pytest.raises(ProbingError, match=rf"what is to be kept takes {said}; .* are free there$"):
        cache.plan()
    assert not folder.exists()
    monkeypatch.setattr(shutil, "disk_usage", lambda path: room(expected))
    cache.plan()
    cache.make()
    assert sum(file.path.stat().st_size for file in files) == expected
    cache(windows[[0, 1]])
    assert f": {said}; 2 of {len(windows)} windows" in cache.plan()


def test_a_file_of_another_size_is_made_anew(
    trees: EdgeData, tiny_encoder: Encoder, capsys: pytest.CaptureFixture[str]
) -> None:
    module = module_of(tiny_encoder, AttentionProbe())
    batch = trees.split("train")[[0]]
    opened(module, trees)(batch)
    file = cache_of(module, trees, precision="32-true").shelves[MAIN].files["attention"]
    file.path.write_bytes(file.path.read_bytes()[:-5])
    again = opened(module, trees)
    assert "damaged" in capsys.readouterr().err
    assert again.shelves[MAIN].files["attention"].read(0) is None
    assert again.shelves[MAIN].files["boundary"].read(0) is not None
    again(batch)
    assert again.shelves[MAIN].files["attention"].read(0) is not None


def test_what_float16_cannot_hold_is_not_kept(
    trees: EdgeData,
    tiny_encoder: Encoder,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    module = module_of(tiny_encoder, StructuralProbe())
    cache = opened(module, trees)
    forward = Encoder.forward

    def large(self: Encoder, *args: Any, **options: Any) -> Any:
        found = forward(self, *args, **options)
        return found if found.hidden is None else replace(found, hidden=found.hidden + 1e5)

    monkeypatch.setattr(Encoder, "forward", large)
    batch = trees.split("train")[[0, 1]]
    for _ in range(2):
        hidden = cache(batch)[MAIN].encoding.part("hidden")
        torch.testing.assert_close(hidden, module.encode(batch)[MAIN].part("hidden"))
    assert capsys.readouterr().err.count("too large for float16") == 1


def test_what_is_not_kept_is_not_read(trees: EdgeData, tiny_encoder: Encoder) -> None:
    class Looks(AttentionProbe):
        def forward(self, encoding: Any, batch: EdgeBatch) -> Tensor:
            shown = encoding.visible
            return super().forward(encoding, batch) + (0 if shown is None else 1)

    module = module_of(tiny_encoder, Looks())
    cache = opened(module, trees)
    lesson = cache(trees.split("train")[[0]])[MAIN]
    with pytest.raises(ProbingError, match="which is not kept: leave out"):
        module.probes["p0"].score(lesson.encoding, lesson.batch, name="p0")
