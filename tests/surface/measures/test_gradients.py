"""Derivatives of the masked-language-model loss, against finite differences."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
import torch
import transformers
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import sdpa_mask

from probing.core.errors import ProbingError
from probing.encoder import Encoder, MaskedModel, PlainTokenizer
from probing.jobs.cli import main
from probing.surface.measures.gradients import TOWARDS, Derivatives, MaskedBatch, masked, towards
from probing.surface.text.batches import pad
from probing.surface.text.segments import CLS, OTHER, PUNCTUATION, SEP, Segment

SENTENCES = ["the dog was in the", "a cat , he was .", "they was in it ."]


@pytest.fixture(scope="module")
def trained(
    tmp_path_factory: pytest.TempPathFactory, save_tokenizer: Callable[[Path], int]
) -> Path:
    """A tiny BERT that has learnt to guess a word or two of three sentences."""
    folder = tmp_path_factory.mktemp("trained")
    config = transformers.BertConfig(
        vocab_size=save_tokenizer(folder),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=64,
        initializer_range=0.3,
    )
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    batch = tokenizer(SENTENCES, padding=True, return_tensors="pt")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = transformers.BertForMaskedLM(config).train()
        optimizer = torch.optim.Adam(model.parameters(), 0.01)
        losses = []
        for _ in range(60):
            hidden = (torch.rand(batch.input_ids.shape) < 0.3) & (batch.input_ids > 4)
            hidden[:, 1] = True
            output = model(
                input_ids=batch.input_ids.masked_fill(hidden, 4),
                attention_mask=batch.attention_mask,
                labels=batch.input_ids.masked_fill(~hidden, -100),
            )
            optimizer.zero_grad()
            output.loss.backward()
            optimizer.step()
            losses.append(output.loss.item())
    assert sum(losses[-5:]) < 0.6 * sum(losses[:5])
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def masked_batch(trained: Path) -> MaskedBatch:
    plain = PlainTokenizer(Encoder(str(trained)).tokenizer)
    made = []
    for number, (first, second) in enumerate((SENTENCES[:2], SENTENCES[1:])):
        a, b = plain([first, second])
        ids = [2, *a, 3, *b, 3][: 14 - 3 * number]
        kinds = [
            {2: CLS, 3: SEP}.get(i, PUNCTUATION if i in plain.punctuation else OTHER) for i in ids
        ]
        types = [int(t > len(a) + 1) for t in range(len(ids))]
        made.append(masked(Segment(ids, types, kinds), plain, Random(number)))
    tokens = pad([segment for segment, _ in made], plain.pad_id)
    labels = torch.full_like(tokens.ids, -100)
    for b, (_, own) in enumerate(made):
        labels[b, : len(own)] = torch.tensor(own)
    return MaskedBatch(tokens, labels)


class Nudge:
    """Attention of its own that adds a number to one weight of one layer."""

    def __init__(self) -> None:
        self.layer, self.place, self.amount, self.calls = -1, (0, 0, 0, 0), 0.0, 0

    def __call__(
        self, module: nn.Module, query: Tensor, key: Tensor, value: Tensor, mask: Any, **_: Any
    ) -> tuple[Tensor, None]:
        scores = query @ key.transpose(2, 3) / query.shape[-1] ** 0.5
        if mask is not None:
            scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = scores.softmax(-1)
        if self.calls == self.layer:
            weights[self.place] += self.amount
        self.calls += 1
        return (weights @ value).transpose(1, 2).contiguous(), None


def test_derivatives_are_those_of_finite_differences(
    trained: Path, masked_batch: MaskedBatch
) -> None:
    nudge = Nudge()
    AttentionInterface.register("nudged", nudge)
    AttentionMaskInterface.register("nudged", sdpa_mask)
    naive = transformers.BertForMaskedLM.from_pretrained(trained, attn_implementation="nudged")
    naive = naive.double().eval()
    tokens, labels = masked_batch.tokens, masked_batch.labels

    def loss(window: int, layer: int, place: tuple[int, ...], amount: float) -> float:
        nudge.layer, nudge.amount, nudge.calls = layer, amount, 0
        nudge.place = (window, *place)  # type: ignore[assignment]
        with torch.no_grad():
            logits = naive(
                input_ids=tokens.ids,
                attention_mask=tokens.real.long(),
                token_type_ids=tokens.types,
            ).logits
        asked = labels[window] != -100
        return float(F.cross_entropy(logits[window, asked], labels[window, asked]))

    model = MaskedModel(Encoder(str(trained))).load()
    model.model.double()
    with torch.inference_mode():  # as in a run
        found = model.derivatives(tokens.ids, tokens.real, labels, types=tokens.types)
    random = Random(0)
    step, tried = 1e-4, 0
    for layer, own in enumerate(found):
        assert own.shape == (2, 2, tokens.ids.shape[1], tokens.ids.shape[1])
        for _ in range(25):
            window = random.randrange(2)
            size = int(tokens.real[window].sum())
            place = (random.randrange(2), random.randrange(size), random.randrange(size))
            up, down = (loss(window, layer, place, sign * step) for sign in (1, -1))
            exact = float(own[(window, *place)])
            assert (up - down) / (2 * step) == pytest.approx(exact, rel=1e-4, abs=1e-8)
            tried += abs(exact) > 1e-6
    assert tried > 20


def test_means_are_those_of_plain_loops(trained: Path, masked_batch: MaskedBatch) -> None:
    encoder = Encoder(str(trained)).load()
    model = MaskedModel(encoder).load()
    tokens, labels = masked_batch.tokens, masked_batch.labels
    metric = Derivatives(encoder.sizes)
    for b in range(2):  # one by one: what else is in a batch changes nothing
        size = int(tokens.real[b].sum())
        alone = pad(
            [
                Segment(
                    tokens.ids[b, :size].tolist(),
                    tokens.types[b, :size].tolist(),
                    tokens.kinds[b, :size].tolist(),
                )
            ],
            0,
        )
        metric.update(model, MaskedBatch(alone, labels[b : b + 1, :size]))
    metric.update(model, MaskedBatch(pad([], 0), torch.zeros(0, 0, dtype=torch.long)))
    found, weights = metric.compute()
    maps = model.derivatives(tokens.ids, tokens.real, labels, types=tokens.types)
    kinds = {"[CLS]": CLS, "[SEP]": SEP, "punctuation": PUNCTUATION, "rest": OTHER}
    for name, kind in kinds.items():
        for layer, own in enumerate(maps):
            values = [
                abs(float(own[b, head, i, j]))
                for b in range(2)
                for head in range(2)
                for i in range(int(tokens.real[b].sum()))
                for j in range(int(tokens.real[b].sum()))
                if tokens.kinds[b, j] == kind
            ]
            assert weights.tolist()[TOWARDS.index(name)] == len(values)
            assert float(found[name][layer]) == pytest.approx(sum(values) / len(values), rel=1e-4)
    assert torch.equal(towards(tokens).sum(-1), tokens.real.long())


def test_weights_are_those_of_all_processes(trained: Path, masked_batch: MaskedBatch) -> None:
    encoder = Encoder(str(trained)).load()
    metric = Derivatives(encoder.sizes)
    metric.update(MaskedModel(encoder).load(), masked_batch)
    alone = metric.compute()[1]
    assert alone.min() > 0
    again = Derivatives(encoder.sizes)
    again.update(MaskedModel(encoder).load(), masked_batch)
    again.distributed_available_fn = lambda: True  # as if another process had counted the same
    again.dist_sync_fn = lambda state, group: [state, state]
    assert again.compute()[1].tolist() == (2 * alone).tolist()


def test_masks_are_those_of_bert(tiny_encoder: Encoder) -> None:
    plain = PlainTokenizer(tiny_encoder.tokenizer)
    text = [plain.ordinary[k % 90] for k in range(97)]
    kinds = [PUNCTUATION if i in plain.punctuation else OTHER for i in text]
    segment = Segment([2, *text, 3, 3], [0] * 100, [CLS, *kinds, SEP, SEP])
    kept = changed = hidden = 0
    for seed in range(100):
        made, labels = masked(segment, plain, Random(seed))
        asked = [t for t, label in enumerate(labels) if label != -100]
        assert len(asked) == 15
        assert all(labels[t] == segment.ids[t] for t in asked)
        assert set(asked).isdisjoint({0, 98, 99})
        assert all(made.ids[t] == segment.ids[t] for t in range(100) if t not in asked)
        for t in asked:
            if made.ids[t] == plain.mask_id:
                hidden += 1
                assert made.kinds[t] == OTHER
            else:
                kept += made.ids[t] == segment.ids[t]
                changed += made.ids[t] != segment.ids[t]
    assert hidden / 1500 == pytest.approx(0.8, abs=0.05)
    assert kept / 1500 == pytest.approx(0.1, abs=0.04)
    assert changed / 1500 == pytest.approx(0.1, abs=0.04)
    assert masked(segment, plain, Random(3)) == masked(segment, plain, Random(3))


def test_models_without_a_trained_head_are_refused(
    tiny_bert: Path, folder_of: Callable[[str], str]
) -> None:
    with pytest.raises(ProbingError, match=r"no trained masked-language-model head.*lacks cls\."):
        MaskedModel(Encoder(str(tiny_bert))).load()
    with pytest.raises(ProbingError, match=r"\(gpt2\) has no masked-language-model head"):
        MaskedModel(Encoder(folder_of("gpt2"))).load()
    with pytest.raises(ProbingError, match="has no trained masked-language-model head"):
        MaskedModel(Encoder(str(tiny_bert), random_init=True)).load()


def test_a_run_measures_derivatives(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("PL_GLOBAL_SEED", "1")  # a run sets it: undone afterwards
    options = {
        "config": Path(__file__).parents[3] / "configs" / "surface.yaml",
        "output": tmp_path / "out",
        "model.encoder.name": trained,
        "data.test": "builtin:documents=2,seed=1",
        "data.limit": 40,
        "data.gradient_segments": 3,
        "data.repeat_length": 10,
        "data.batch_wordpieces": 90,
    }
    assert main("evaluate", [f"--{name}={value}" for name, value in options.items()]) == 0
    folder = tmp_path / "out" / "reports" / "test"
    lines = (folder / "gradients.csv").read_text().splitlines()
    assert lines[0] == "layer,towards,weights,mean_absolute_derivative"
    assert [line.split(",")[:2] for line in lines[1:]] == [
        [layer, name] for layer in ("1", "2") for name in TOWARDS
    ]
    assert all(float(line.split(",")[3]) > 0 for line in lines[1:])
    assert (folder / "figures" / "figure3_gradients.pdf").exists()
    assert not (folder / "twin" / "gradients.csv").exists()
