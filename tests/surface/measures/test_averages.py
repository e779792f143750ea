"""Averages against plain loops in float64; sinks, repeated sequences and no-ops likewise."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from probing.core.batches import EdgeBatch, Encoding
from probing.core.errors import ProbingError
from probing.encoder import Encoder, PlainTokenizer
from probing.surface.measures import quantities as q
from probing.surface.measures.averages import Averages
from probing.surface.measures.noop import Finder, SpecialMass, applies, noop_rows
from probing.surface.measures.repeated import CopyScores, repeated_sequences, second_copy
from probing.surface.measures.sinks import SinkRate
from probing.surface.module import token_maps
from probing.surface.text.batches import TokenBatch, pad
from probing.surface.text.segments import CLS, OTHER, PUNCTUATION, SEP, SPECIAL, Segment


def random_segment(length: int, seed: int, *, encoder: bool = True) -> Segment:
    random = torch.Generator().manual_seed(seed)
    ids = torch.randint(5, 90, (length,), generator=random).tolist()
    marks = torch.randint(0, 4, (length,), generator=random).tolist()
    kinds = [PUNCTUATION if mark == 0 else OTHER for mark in marks]
    types = [0] * length
    if encoder:
        middle = length // 2
        ids[0], ids[middle], ids[-1] = 2, 3, 3
        kinds[0], kinds[middle], kinds[-1] = CLS, SEP, SEP
        types = [int(t > middle) for t in range(length)]
    else:
        kinds[0] = SPECIAL
    return Segment(ids, types, kinds)


def by_loops(
    maps: Tensor, batch: TokenBatch, visible: Callable[[int, int, int], bool]
) -> dict[str, Tensor]:
    """Every quantity of every head, row by row and weight by weight."""
    count, layers, heads, _, _ = maps.shape
    names = [quantity.name for quantity in q.QUANTITIES]
    found = {name: torch.zeros(layers, heads, dtype=torch.float64) for name in names}
    for layer in range(layers):
        for head in range(heads):
            values: dict[str, list[float]] = {name: [] for name in names}
            for b in range(count):
                size = int(batch.real[b].sum())
                kinds = batch.kinds[b].tolist()
                for i in range(size):
                    row = maps[b, layer, head, i].double().tolist()
                    sep = sum(row[j] for j in range(size) if kinds[j] == SEP)
                    entropy = -sum(p * math.log(p) for p in row if p > 0)
                    even = math.log(sum(visible(b, i, j) for j in range(size)))
                    values["to_self"].append(row[i])
                    if i > 0:
                        values["to_previous"].append(row[i - 1])
                    if i < size - 1:
                        values["to_next"].append(row[i + 1])
                    values["to_cls"].append(sum(row[j] for j in range(size) if kinds[j] == CLS))
                    values["to_sep"].append(sep)
                    values["to_punctuation"].append(
                        sum(row[j] for j in range(size) if kinds[j] == PUNCTUATION)
                    )
                    values["sep_to_sep" if kinds[i] == SEP else "other_to_sep"].append(sep)
                    values["to_first"].append(row[0])
                    values["largest_weight"].append(max(row))
                    values["entropy"].append(entropy)
                    values["uniform_entropy"].append(even)
                    if kinds[i] == CLS:
                        values["entropy_from_cls"].append(entropy)
                        values["uniform_entropy_from_cls"].append(even)
            for name, own in values.items():
                found[name][layer, head] = sum(own) / len(own) if own else math.nan
    return found


def everything(b: int, i: int, j: int) -> bool:
    return True


def measured(
    encoder: Encoder, batches: list[TokenBatch], smoothing: float = 0.0
) -> dict[str, Tensor]:
    metric = Averages(encoder.sizes, smoothing=smoothing)
    for batch in batches:
        metric.update(encoder, batch)
    return metric.compute()


def test_averages_are_those_of_plain_loops(tiny_encoder: Encoder) -> None:
    segments = [random_segment(length, length) for length in (9, 14, 6, 11)]
    batches = [pad(segments[:2], 0), pad(segments[2:], 0)]
    found = measured(tiny_encoder, [*batches, pad([], 0)])
    whole = pad(segments, 0)
    expected = by_loops(token_maps(tiny_encoder, whole), whole, everything)
    assert list(found) == [quantity.name for quantity in q.QUANTITIES]
    for name, values in expected.items():
        torch.testing.assert_close(found[name], values, rtol=0, atol=1e-6, msg=name)
    assert all(value.dtype == torch.float64 for value in found.values())


def test_decoders_have_neither_cls_nor_sep(folder_of: Callable[[str], str]) -> None:
    encoder = Encoder(folder_of("gpt2")).load()
    batch = pad([random_segment(n, n, encoder=False) for n in (7, 10)], 0)
    found = measured(encoder, [batch])
    expected = by_loops(token_maps(encoder, batch), batch, lambda b, i, j: j <= i)
    # Sums over no token are not there; zero would look like a finding.
    assert set(expected) - set(found) == {
        "sep_to_sep",
        "entropy_from_cls",
        "uniform_entropy_from_cls",
        "to_cls",
        "to_sep",
        "other_to_sep",
    }
    for name, values in found.items():
        torch.testing.assert_close(values, expected[name], rtol=0, atol=1e-6, msg=name)


def test_layers_that_are_not_looked_at_are_left_out(tiny_bert: str, tiny_encoder: Encoder) -> None:
    batch = pad([random_segment(9, 0)], 0)
    second = Encoder(str(tiny_bert), layers=[2]).load()
    for name, values in measured(second, [batch]).items():
        torch.testing.assert_close(values, measured(tiny_encoder, [batch])[name][1:])


def test_the_model_is_told_the_second_part(tiny_encoder: Encoder) -> None:
    segment = random_segment(9, 0)
    batch = pad([segment], 0)
    hidden = tiny_encoder.model(
        input_ids=batch.ids, token_type_ids=batch.types, output_hidden_states=True
    ).hidden_states[0]
    other = tiny_encoder.model(input_ids=batch.ids, output_hidden_states=True).hidden_states[0]
    assert not torch.equal(hidden, other)
    maps = token_maps(tiny_encoder, batch)
    assert not torch.allclose(maps, token_maps(tiny_encoder, replace(batch, types=0 * batch.types)))


def test_smoothing_is_that_of_the_authors(tiny_encoder: Encoder) -> None:
    batch = pad([random_segment(9, 0), random_segment(5, 1)], 0)
    found = measured(tiny_encoder, [batch], smoothing=0.3)
    maps = token_maps(tiny_encoder, batch).double()
    for b, size in enumerate((9, 5)):
        maps[b, ..., :size, :size] = 0.7 * maps[b, ..., :size, :size] + 0.3 / size
    expected = by_loops(maps, batch, everything)
    torch.testing.assert_close(found["entropy"], expected["entropy"], rtol=0, atol=1e-6)
    plain = measured(tiny_encoder, [batch])
    for name in ("largest_weight", "to_self", "to_sep"):
        assert torch.equal(found[name], plain[name])


MAPS = st.integers(1, 7).flatmap(
    lambda size: st.lists(
        st.lists(st.sampled_from([0.0, 0.0, 1.0, 0.25, 3.0]), min_size=size, max_size=size),
        min_size=size,
        max_size=size,
    )
)


@given(MAPS, st.integers(-9, 9))
def test_values_of_rows(rows: list[list[float]], offset: int) -> None:
    weights = torch.tensor(rows)
    weights[weights.sum(-1) == 0, 0] = 1.0
    weights = (weights / weights.sum(-1, keepdim=True))[None, None]
    size = len(rows)
    at = q.attention_at(weights, offset)[0, 0]
    for i in range(size):
        expected = weights[0, 0, i, i + offset] if 0 <= i + offset < size else 0.0
        assert at[i] == expected
    entropies = q.entropy(weights)[0, 0]
    for i in range(size):
        own = weights[0, 0, i].tolist()
        exact = -sum(p * math.log(p) for p in own if p > 0)
        assert float(entropies[i]) == pytest.approx(exact, abs=1e-6)
        assert -1e-6 <= float(entropies[i]) <= math.log(size) + 1e-6
    assert torch.equal(q.largest_weight(weights), weights.max(-1).values)


# Sinks


def test_the_sink_rate_is_that_of_the_definition(tiny_encoder: Encoder) -> None:
    segments = [random_segment(12, seed) for seed in range(5)]
    maps = token_maps(tiny_encoder, pad(segments, 0)).double()
    # The median, so that some heads are above it on some sequences.
    threshold = float(maps[..., 0].mean(-1).median())
    metric = SinkRate(tiny_encoder.sizes, threshold=threshold)
    for part in (segments[:2], segments[2:], []):
        metric.update(tiny_encoder, pad(part, 0))
    found = metric.compute()["sink_rate"]
    for layer in range(2):
        for head in range(4):
            above = 0
            for b in range(5):
                mean = sum(float(maps[b, layer, head, i, 0]) for i in range(12)) / 12
                above += mean > threshold
            assert float(found[layer, head]) == above / 5
    assert 0 < float(found.mean()) < 1
    assert SinkRate(tiny_encoder.sizes).compute() == {}


# Repeated sequences


@pytest.fixture
def plain(tiny_encoder: Encoder) -> PlainTokenizer:
    return PlainTokenizer(tiny_encoder.tokenizer)


def test_sequences_come_twice(plain: PlainTokenizer) -> None:
    made = repeated_sequences(plain, count=3, length=11, seed=0)
    assert len({tuple(segment.ids) for segment in made}) == 3
    for segment in made:
        first, second = segment.ids[1:12], segment.ids[12:23]
        assert first == second
        assert len(set(first)) == 11
        assert set(first) <= set(plain.ordinary)
        assert segment.kinds == [CLS, *[OTHER] * 22, SEP]
    assert made == repeated_sequences(plain, count=3, length=11, seed=0)
    assert made != repeated_sequences(plain, count=3, length=11, seed=1)
    with pytest.raises(ProbingError, match="repeat_length from 2 to"):
        repeated_sequences(plain, count=1, length=400, seed=0)


def test_copy_scores_are_those_of_plain_loops(tiny_encoder: Encoder, plain: PlainTokenizer) -> None:
    made = repeated_sequences(plain, count=4, length=6, seed=0)
    metric = CopyScores(tiny_encoder.sizes, length=6)
    for part in (made[:3], made[3:], []):
        metric.update(tiny_encoder, pad(part, plain.pad_id))
    found = metric.compute()
    maps = token_maps(tiny_encoder, pad(made, plain.pad_id)).double()
    offsets = {"previous_token_score": 1, "duplicate_token_score": 6, "induction_score": 5}
    for name, back in offsets.items():
        expected = sum(maps[:, :, :, i, i - back] for i in range(7, 13)).mean(0) / 6  # type: ignore[union-attr]
        torch.testing.assert_close(found[name], expected, rtol=0, atol=1e-6)
    assert CopyScores(tiny_encoder.sizes, length=6).compute() == {}


def test_a_planted_induction_head_scores_one(plain: PlainTokenizer) -> None:
    from probing.surface.measures.repeated import copy_scores

    batch = pad(repeated_sequences(plain, count=1, length=5, seed=0), plain.pad_id)
    weights = torch.zeros(1, 3, 12, 12)
    for i in range(12):
        for head, back in enumerate((1, 5, 4)):
            weights[0, head, i, max(i - back, 0)] = 1.0
    rows = second_copy(batch, 5)
    assert rows.nonzero()[:, 1].tolist() == [6, 7, 8, 9, 10]
    assert torch.equal(copy_scores(weights, rows, 5) / 5, torch.eye(3, dtype=torch.float64))


# Heads that have nothing to do


def test_words_to_which_a_relation_applies(
    random_edges: Callable[..., tuple[EdgeBatch, Encoding]],
) -> None:
    batch, _ = random_edges(3)
    own = applies(batch)
    for b in range(len(batch.lengths)):
        for r in range(len(batch.rows)):
            dependents, heads = set(), set()
            for a in range(batch.anchors.shape[1]):
                if batch.is_anchor[b, a] and batch.member[b, a, r]:
                    dependents.add(int(batch.anchors[b, a]))
                    heads |= {int(c) - 1 for c in batch.gold[b, a].nonzero() if int(c) > 0}
            assert set(own[0, b, :, r].nonzero().flatten().tolist()) == dependents
            assert set(own[1, b, :, r].nonzero().flatten().tolist()) == heads


def test_attention_to_separators_by_relation_is_that_of_plain_loops(
    random_edges: Callable[..., tuple[EdgeBatch, Encoding]],
) -> None:
    metric = SpecialMass()
    pairs = [random_edges(seed) for seed in (1, 2)]
    for batch, encoding in pairs:
        metric.update(batch, encoding)
    counted = metric.compute()
    rows = metric.rows
    finders = [Finder(row, "both", 1 + k % 2, 1 + k % 3) for k, row in enumerate(rows)]
    finders += [Finder("unheard of", "both", 1, 1), Finder(rows[1], "head->dep", 9, 1)]
    lines = list(noop_rows(counted, rows, finders, (1, 2)))
    assert {line[0] for line in lines} <= set(rows) - {"all"}
    assert len(lines) >= 2
    for relation, direction, layer, head, words, others, *means in lines:
        r, d = rows.index(str(relation)), ("dep->head", "head->dep").index(str(direction))
        for place, shown in ((1, means[:2]), (0, means[2:])):
            sides: tuple[list[float], list[float]] = ([], [])
            for batch, encoding in pairs:
                masses = encoding.part("boundary")[:, int(str(layer)) - 1, int(str(head)) - 1]
                for b in range(len(batch.lengths)):
                    for w in range(int(batch.lengths[b])):
                        own = bool(applies(batch)[d, b, w, r])
                        sides[not own].append(float(masses[b, w, place]))
            assert (words, others) == (len(sides[0]), len(sides[1]))
            for own_side, value in zip(sides, shown, strict=True):
                expected = sum(own_side) / len(own_side)
                assert float(str(value)) == pytest.approx(expected, abs=1e-6)
