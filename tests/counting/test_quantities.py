"""A new quantity is a function and a row of a table; here the mean entropy of the anchors' rows."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import pandas as pd
import pytest
import torch
from torch import Tensor

from probing.api import models
from probing.core import quantities
from probing.core.batches import EdgeBatch
from probing.core.files import write_csv
from probing.core.quantities import AnchorMaps, HeadQuantity
from probing.core.schemes import is_roll_up
from probing.data import DependencyData
from probing.encoder import Encoder
from probing.learning.module import ProbingModule
from probing.reports.tables import head_columns, head_rows

SOURCE = "builtin:documents=1,seed=3"


def entropy(seen: AnchorMaps, batch: EdgeBatch) -> Tensor:
    """In nats, of the anchor's row over words and special tokens; the same in each direction."""
    rows = torch.cat([seen.scores[0], seen.boundary[..., :2]], -1)  # [B, H, A, W+2]
    found = torch.special.entr(rows).sum(-1)
    return found[..., None].expand(-1, -1, -1, 3)


@pytest.fixture
def with_entropy(monkeypatch: pytest.MonkeyPatch) -> None:
    row = HeadQuantity("row_entropy", entropy)
    monkeypatch.setattr(quantities, "QUANTITIES", (*quantities.QUANTITIES, row))


def naive(encoder: Encoder) -> dict[tuple[str, int, int], float]:
    """By relation, layer and head: one anchor, one word after the other."""
    sums: dict[tuple[str, int, int], float] = {}
    totals: dict[str, int] = {}
    for batch in DependencyData(test=SOURCE, tokenizer=encoder.tokenizer).evaluation("test"):
        encoding = encoder(
            batch.ids,
            batch.words_of,
            last_of=batch.last_of,
            width=batch.width,
            needs={"attention", "boundary"},
        )
        attention, boundary = (encoding.part(n).double() for n in ("attention", "boundary"))
        _, layers, heads, _, _ = attention.shape
        for b, a in batch.is_anchor.nonzero().tolist():
            word = int(batch.anchors[b, a])
            rows = [batch.rows[r] for r in batch.member[b, a].nonzero()[:, 0].tolist()]
            if not batch.gold[b, a, 1:].any():  # a root word: no head could be right
                rows = [row for row in rows if row in ("uas", "uas+punct")]
            for row in rows:
                totals[row] = totals.get(row, 0) + 1
            for layer in range(layers):
                for head in range(heads):
                    shares = attention[b, layer, head, word].tolist()
                    shares += boundary[b, layer, head, word, :2].tolist()
                    assert sum(shares) == pytest.approx(1, abs=1e-5)
                    own = -sum(p * math.log(p) for p in shares if p > 0)
                    for row in rows:
                        key = row, layer + 1, head + 1
                        sums[key] = sums.get(key, 0.0) + own
    return {key: value / totals[key[0]] for key, value in sums.items()}


@pytest.mark.usefixtures("with_entropy")
def test_a_row_of_the_table_is_a_column_of_the_file(tiny_bert: Path, tmp_path: Path) -> None:
    module = ProbingModule(Encoder(str(tiny_bert)))
    model = models.Model(module.encoder.load(), module, DependencyData())
    scores = model.score(SOURCE)
    write_csv(tmp_path / "heads.csv", head_columns(scores.counts), head_rows(scores.counts))
    with (tmp_path / "heads.csv").open(encoding="utf-8") as file:
        lines = [row for row in csv.DictReader(file) if not is_roll_up(row["relation"])]
    expected = naive(module.encoder)
    assert len(lines) == 3 * len(expected) > 100
    for line in lines:
        key = line["relation"], int(line["layer"]), int(line["head"])
        assert float(line["row_entropy"]) == pytest.approx(expected[key], abs=2e-6), line
    assert len({line["row_entropy"] for line in lines}) > 50
    # And of the data frame of Python, as a number.
    assert pd.api.types.is_float_dtype(scores.heads["row_entropy"])


def test_the_columns_are_those_of_the_documentation() -> None:
    assert [each.name for each in quantities.QUANTITIES] == [
        *("gold_mass", "special_mass", "special_wins")
    ]


def test_a_quantity_of_another_shape_is_refused(
    tiny_bert: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = HeadQuantity("row_entropy", lambda seen, batch: entropy(seen, batch)[..., :1])
    monkeypatch.setattr(quantities, "QUANTITIES", (*quantities.QUANTITIES, row))
    module = ProbingModule(Encoder(str(tiny_bert)))
    model = models.Model(module.encoder.load(), module, DependencyData())
    with pytest.raises(ValueError, match=r"row_entropy: expected \[B, A, 3, H\]"):
        model.score(SOURCE)
