"""Every column of a run's tables against loops over whole passes (``naive_ablation``)."""

from __future__ import annotations

import csv
import json
import random
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import naive_ablation as naive
import pytest
import torch
import transformers as tf
from families import GROUPED, SMALL
from naive_ablation import Ids, Naive
from naive_columns import RESAMPLES, SEED, Looked, heads_of

from probing.ablation.data import AblationData
from probing.encoder import Encoder
from probing.jobs.cli import main

CONFIG = Path(__file__).resolve().parents[2] / "configs" / "ablate.yaml"
NEAREST = 2


def sharp(options: dict[str, Any], size: int) -> dict[str, Any]:
    """Heads far from even, and a vocabulary of ``size``."""
    return options | {"initializer_range": 0.5, "vocab_size": size}


MODELS: dict[str, Callable[[int], tf.PreTrainedModel]] = {
    "masked": lambda size: tf.BertForMaskedLM(tf.BertConfig(**sharp(SMALL, size))),
    "causal": lambda size: tf.LlamaForCausalLM(tf.LlamaConfig(**sharp(GROUPED, size))),
    "neither": lambda size: tf.BertModel(tf.BertConfig(**sharp(SMALL, size))),
}
TARGETS = ["1-2", "2-3", "1-1,2-4"]


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A text of several documents and pairs, of few words, so that lengths come often."""
    folder, rng = tmp_path_factory.mktemp("texts"), random.Random(5)

    def sentence(words: int) -> str:
        return " ".join(rng.choice("the a dog cat he was is in it".split()) for _ in range(words))

    lines = [sentence(words) for words in [3] * 10 + [5] * 5 + [6] * 11 + [7] * 3]
    rng.shuffle(lines)
    lines += lines[:3]  # some come twice
    documents = [lines[k : k + 2] for k in range(0, len(lines), 2)]
    (folder / "my.txt").write_text("\n\n".join("\n".join(own) for own in documents) + "\n")
    pairs = [(sentence(4), sentence(4 + (k % 3 == 0))) for k in range(18)] + [
        ("he is", "he was in it")
    ]
    (folder / "mine.tsv").write_text("\n".join("\t".join(pair) for pair in pairs))
    return folder


def kept(texts: Path, tokenizer: Any, fewest: int) -> dict[str, list[tuple[Ids, ...]]]:
    """The items of both parts, without those of a length that fewer sentences of a part have."""
    lines = (texts / "my.txt").read_text().splitlines()
    pairs = (texts / "mine.tsv").read_text().splitlines()
    texts_of = {
        "text": [(line,) for line in lines if line],
        "mine": [tuple(pair.split("\t")) for pair in pairs],
    }
    found = {}
    for data, own in texts_of.items():
        items = [tuple(tokenizer(side)["input_ids"] for side in sides) for sides in own]
        while True:
            lengths = Counter(len(ids) for item in items for ids in item)
            stay = [item for item in items if all(lengths[len(ids)] >= fewest for ids in item)]
            if len(stay) == len(items):
                break
            items = stay
        found[data] = items
    assert fewest == 1 or all(len(found[data]) < len(texts_of[data]) for data in found)
    return found


def read(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize(
    ("kind", "how"),
    [("masked", "mean"), ("causal", "mean"), ("causal", "sink"), ("neither", "resample")],
)
def test_every_column_is_what_loops_over_whole_passes_make_of_it(
    kind: str,
    how: str,
    texts: Path,
    save_tokenizer: Callable[[Path], int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder, output = tmp_path / "model", tmp_path / "o"
    folder.mkdir()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(2)
        MODELS[kind](save_tokenizer(folder)).save_pretrained(folder)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("PL_GLOBAL_SEED", "1")
    options = {
        "config": CONFIG, "model.encoder.name": folder, "output": output, "ablation.how": how,
        "data.test": texts / "my.txt", "data.pairs": f"[{texts / 'mine.tsv'}]",
        "data.batch_wordpieces": 40, "ablation.nearest": NEAREST, "ablation.seed": SEED,
        "ablation.resamples": RESAMPLES, "trainer.accelerator": "cpu",
    }  # fmt: skip
    arguments = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    assert main("evaluate", [*arguments, "--heads", *TARGETS]) == 0
    report = output / "reports" / "test"

    own = type(MODELS[kind](99))
    model = Naive(own.from_pretrained(folder, attn_implementation="eager"), how)
    encoder = Encoder(str(folder)).load()
    read_by_it = AblationData(
        str(texts / "my.txt"), pairs=[str(texts / "mine.tsv")], tokenizer=encoder.tokenizer
    )
    read_by_it.from_others = how in ("mean", "resample")
    read_by_it.setup("test")
    units = {part.name: list(part.units) for part in read_by_it.parts}
    items = kept(
        texts, tf.AutoTokenizer.from_pretrained(folder), 10 if read_by_it.from_others else 1
    )
    looked = Looked(kind, model, encoder, items, units)
    lines, controls = read(report / "ablation.csv"), read(report / "controls.csv")
    assert [(line["data"], line["heads"]) for line in lines] == [
        (data, heads) for data in ("text", "mine") for heads in TARGETS
    ]
    of_entropy = looked.entropies()
    summary = json.loads((report / "summary.json").read_text())
    found = {heads_of(name)[0]: value for name, value in summary["entropies"].items()}
    assert found == pytest.approx(of_entropy, abs=1e-5)
    for line in lines:
        of_line = [own for own in controls if all(own[c] == line[c] for c in ("data", "heads"))]
        looked.check(
            line, of_line, naive.control_sets(heads_of(line["heads"]), of_entropy, NEAREST)
        )
