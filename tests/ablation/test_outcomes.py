"""What is read of a model's output, text by text, against loops over transformers' own models."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import transformers as tf
from families import CONFIGS
from torch import Tensor

from probing.ablation.batches import Side, Texts
from probing.ablation.changes import ablating, given, zero
from probing.ablation.heads import HeadSet
from probing.ablation.others import MeanOfOthers, maps_of, others_of
from probing.ablation.outcomes import MaskedInTurn, SomeMasked, embedding, outcome_of
from probing.ablation.passes import Passes
from probing.ablation.texts import Sentences
from probing.encoder import Encoder, PlainTokenizer
from probing.encoder.language import LanguageModel, language_model

MASK = 4


def saved(folder: Path, model: type, save_tokenizer: Callable[[Path], int]) -> str:
    """A random language model of the class, with the tokenizer that all these tests share."""
    size = save_tokenizer(folder)
    config = CONFIGS["bert" if model is tf.BertForMaskedLM else "gpt2"]()
    config.vocab_size, config.bos_token_id, config.eos_token_id = size, 2, 3
    config.architectures = [model.__name__]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        model(config).save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def masked(tmp_path_factory: pytest.TempPathFactory, save_tokenizer: Callable[[Path], int]) -> str:
    return saved(tmp_path_factory.mktemp("masked"), tf.BertForMaskedLM, save_tokenizer)


@pytest.fixture(scope="module")
def causal(tmp_path_factory: pytest.TempPathFactory, save_tokenizer: Callable[[Path], int]) -> str:
    return saved(tmp_path_factory.mktemp("causal"), tf.GPT2LMHeadModel, save_tokenizer)


def loaded(folder: str) -> tuple[Encoder, LanguageModel, PlainTokenizer]:
    encoder = Encoder(folder).load()
    language = language_model(encoder)
    assert language is not None
    return encoder, language, PlainTokenizer(encoder.tokenizer)


def side(count: int, length: int) -> Side:
    rng = torch.Generator().manual_seed(length)
    ids = torch.randint(5, 60, (count, length), generator=rng)
    ids[:, 0], ids[:, -1] = 2, 3
    return Side(ids, ids, torch.arange(count))


def log_probability(logits: Tensor, piece: int) -> float:
    return float(logits.double().log_softmax(-1)[piece])


def test_a_masked_model_is_asked_for_each_wordpiece_where_it_alone_is_masked(masked: str) -> None:
    encoder, language, tokenizer = loaded(masked)
    assert language.is_masked
    own = tf.AutoModelForMaskedLM.from_pretrained(masked).eval()
    of = side(3, 6)
    query = MaskedInTurn(tokenizer)(of, [0, 1, 2])
    found, _ = Passes(encoder, language.model).whole(query.ids, query.take)
    for b, ids in enumerate(of.ids):
        total = 0.0
        for place in range(1, 5):
            asked = ids.clone()
            asked[place] = MASK
            with torch.no_grad():
                total += log_probability(own(asked[None]).logits[0, place], int(ids[place]))
        assert float(found[b]) == pytest.approx(total, abs=1e-4)


def test_the_loss_of_a_masked_model_is_over_some_wordpieces_masked_at_once(masked: str) -> None:
    encoder, language, tokenizer = loaded(masked)
    own = tf.AutoModelForMaskedLM.from_pretrained(masked).eval()
    of, read = side(4, 20), SomeMasked(tokenizer, seed=5)
    query = read(of, [7, 8, 9, 10])
    found, _ = Passes(encoder, language.model).whole(query.ids, query.take)
    assert query.asked == 3  # 15% of 20
    for b, ids in enumerate(of.ids):
        places = (query.ids[b] != ids).nonzero().flatten().tolist()
        assert len(places) == 3
        assert not {0, 19} & set(places)
        assert set(query.ids[b, places].tolist()) == {MASK}
        with torch.no_grad():
            logits = own(query.ids[b][None]).logits[0]
        total = sum(log_probability(logits[place], int(ids[place])) for place in places)
        assert float(found[b]) == pytest.approx(total, abs=1e-4)
    again = read(Side(of.ids[2:], of.ids, torch.arange(2)), [9, 10])
    assert torch.equal(again.ids, query.ids[2:])  # whatever else is in the batch
    assert not torch.equal(SomeMasked(tokenizer, seed=6)(of, [7, 8, 9, 10]).ids, query.ids)


def test_a_causal_model_is_asked_for_each_wordpiece_but_the_first(causal: str) -> None:
    encoder, language, tokenizer = loaded(causal)
    assert not language.is_masked
    own = tf.AutoModelForCausalLM.from_pretrained(causal).eval()
    of = side(3, 7)
    outcome = outcome_of(is_paired=False, tokenizer=tokenizer, is_masked=False, seed=0)
    query = outcome.reading(of, [0, 1, 2])
    found, _ = Passes(encoder, language.model).whole(query.ids, query.take)
    assert outcome.counted(query) == 6
    for b, ids in enumerate(of.ids):
        total = 0.0
        for place in range(1, 7):
            with torch.no_grad():
                logits = own(ids[None, :place]).logits[0, -1]
            total += log_probability(logits, int(ids[place]))
        assert float(found[b]) == pytest.approx(total, abs=1e-4)
    assert torch.equal(outcome.value([found], [found]), -found)


def test_values_of_pairs_and_embeddings(masked: str) -> None:
    encoder, _, tokenizer = loaded(masked)
    passes = Passes(encoder, encoder.model)
    of = side(3, 6)
    query = embedding(of, [0, 1, 2])
    found, _ = passes.whole(query.ids, query.take)
    own = tf.AutoModel.from_pretrained(masked).eval()
    with torch.no_grad():
        expected = own(of.ids).last_hidden_state.mean(1)
    assert (found - expected).abs().max() < 1e-5
    plain = {"tokenizer": tokenizer, "is_masked": None, "seed": 0}
    moved, distance = (outcome_of(is_paired=own, **plain) for own in (False, True))  # type: ignore[arg-type]
    assert moved.value([found], [found]).tolist() == [0, 0, 0]
    apart = distance.value([found, found.roll(1, 0)], [])
    for b in range(3):
        one, other = found[b], found[b - 1]
        cosine = float(one @ other / (one.norm() * other.norm()))
        assert float(apart[b]) == pytest.approx(1 - cosine, abs=1e-9)
    preferred = outcome_of(is_paired=True, tokenizer=tokenizer, is_masked=True, seed=0)
    good, bad = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([2.0, 2.0, 2.0])
    assert preferred.value([good, bad], []).tolist() == [0, 0.5, 1]
    for outcome in (moved, distance, preferred):  # a pair is one pair, however long
        assert outcome.counted(preferred.reading(of, [0, 1, 2])) == 1


def test_heads_below_a_language_model_are_those_of_the_encoder(masked: str, causal: str) -> None:
    """The layers from the ablated one up give what all of them do, through the head as well."""
    for folder in (masked, causal):
        encoder, language, _ = loaded(folder)
        passes = Passes(encoder, language.model)
        assert passes.layers is not None
        of, heads = side(2, 6), HeadSet.of([(2, 2)])
        whole, recording = passes.whole(of.ids, lambda output: output.logits)
        found = passes.ablated(recording, heads, ablating(heads, zero), lambda o: o.logits)
        own = getattr(tf, type(language.model).__name__).from_pretrained(folder).eval()
        if folder == masked:
            own.bert.encoder.layer[1].attention.output.dense.weight.data[:, 8:16] = 0
        else:
            own.transformer.h[1].attn.c_proj.weight.data[8:16] = 0
        with torch.no_grad():
            expected = own(of.ids).logits
        assert (found - expected).abs().max() < 1e-4
        assert (found - whole).abs().max() > 1e-3


def test_a_model_without_a_trained_head_has_none(tiny_encoder: Encoder, masked: str) -> None:
    assert language_model(tiny_encoder) is None
    assert language_model(Encoder(masked, random_init=True).load()) is None


# ------------------------------------------------------------- maps of other texts


def of_length(encoder: Encoder, count: int, length: int) -> tuple[Texts, list[Tensor]]:
    """Texts of one length beside others, and each one's maps, ``[L, H, T, T]``."""
    rng = torch.Generator().manual_seed(8)
    items = [
        (torch.randint(5, 60, (n,), generator=rng).tolist(),) for n in [length, length + 1] * count
    ]
    texts = Texts(Sentences("text", "x", items, [*range(len(items))]), wordpieces=4 * length)  # type: ignore[arg-type]
    maps = []
    for item in items[::2]:
        own = maps_of(encoder, torch.tensor(item))
        maps.append(torch.stack([own[n][0] for n in encoder.layer_numbers]))
    return texts, maps


def test_the_mean_is_over_all_others_of_the_length(tiny_encoder: Encoder) -> None:
    texts, maps = of_length(tiny_encoder, 11, 5)
    others = others_of("mean", tiny_encoder, wordpieces=20, seed=0)
    for indices in texts.batches:
        batch = texts[indices]
        if batch.sides[0].ids.shape[1] != 5:
            others(batch.sides[0])  # what is kept of a length is that length's
            continue
        found = others(batch.sides[0])
        for b, item in enumerate(indices):
            rest = [own.double() for k, own in enumerate(maps) if k != item // 2]
            expected = sum(rest) / len(rest)  # type: ignore[arg-type]
            for place, number in enumerate(tiny_encoder.layer_numbers):
                assert (found[number][b] - expected[place]).abs().max() < 1e-6


def test_maps_of_both_lengths_of_pairs_are_added_up_once(tiny_encoder: Encoder) -> None:
    texts, _ = of_length(tiny_encoder, 11, 5)
    others, runs = MeanOfOthers(tiny_encoder, wordpieces=60), []
    summed = others._summed
    others._summed = lambda every: (runs.append(every.shape[1]), summed(every))[1]  # type: ignore[method-assign]
    sides = [texts[[k]].sides[0] for k in range(6)]  # of 5 and 6 wordpieces in turn
    for side in sides:
        others(side)
    assert runs == [5, 6]
    others(replace(sides[0], ids=sides[0].ids[:, :4], every=sides[0].every[:, :4]))
    assert sorted(others.sums) == [4, 6]


def test_another_is_one_that_each_text_is_for_one(tiny_encoder: Encoder) -> None:
    texts, maps = of_length(tiny_encoder, 11, 5)
    chosen = {}
    for seed in (0, 1):
        others, taken = others_of("resample", tiny_encoder, wordpieces=20, seed=seed), []
        for indices in texts.batches:
            batch = texts[indices]
            if batch.sides[0].ids.shape[1] != 5:
                continue
            found = others(batch.sides[0])
            for b, item in enumerate(indices):
                near = [float((found[1][b] - own[0]).abs().max()) for own in maps]
                assert min(near) < 1e-6
                taken.append(near.index(min(near)))
                assert taken[-1] != item // 2
        assert sorted(taken) == [*range(11)]
        chosen[seed] = taken
    assert chosen[0] != chosen[1]


def test_a_given_map_goes_to_each_copy_of_its_text(tiny_encoder: Encoder) -> None:
    ids = torch.randint(5, 60, (2, 5), generator=torch.Generator().manual_seed(2))
    maps = maps_of(tiny_encoder, ids.flip(0))
    passes = Passes(tiny_encoder, tiny_encoder.model)
    heads = HeadSet.of([(1, 2), (2, 3)])
    seen = []
    for copies in (1, 3):
        _, recording = passes.whole(ids.repeat_interleave(copies, 0), lambda o: o[0])
        change = ablating(heads, given(maps, copies))
        seen.append(passes.ablated(recording, heads, change, lambda o: o[0]))
    assert torch.allclose(seen[1], seen[0].repeat_interleave(3, 0), atol=1e-6)
