"""A model in which one head copies the subject's number to where the verb is guessed."""

from __future__ import annotations

import csv
import sys
from itertools import product
from pathlib import Path

import pytest
import torch
import transformers as tf
from planted import PLACES, blank, places, save_tokenizer, wishes

from probing.jobs.cli import main

HEADS = 3
NUMBER, COPIED = 2 * PLACES, 2 * PLACES + 2
SINGULAR, PLURAL = ["key", "box", "car"], ["keys", "boxes", "cars"]
WORDS = ["the", "near", *SINGULAR, *PLURAL, "is", "are", "red"]
SUBJECT, BEFORE_VERB = 2, 5  # the start token stands at 0: the key near the boxes is red
CONFIG = Path(__file__).resolve().parents[2] / "configs" / "ablate.yaml"


def save_gpt2(folder: Path) -> None:
    """The first head attends from before the verb to the subject, the others elsewhere."""
    size = HEADS * PLACES
    model = tf.GPT2LMHeadModel(
        tf.GPT2Config(
            vocab_size=save_tokenizer(folder, WORDS, ends=False),
            n_embd=size,
            n_layer=1,
            n_head=HEADS,
            n_positions=PLACES,
            tie_word_embeddings=False,
            bos_token_id=2,
            eos_token_id=2,
        )
    )
    blank(model)
    special = 4
    of_place = [
        lambda place: SUBJECT if place == BEFORE_VERB else -1,
        lambda place: place - 1,
        lambda place: place,
    ]
    attention = model.transformer.h[0].attn
    with torch.no_grad():
        model.transformer.wpe.weight[:, : 2 * PLACES] = places()
        for number, nouns in ((1.0, SINGULAR), (-1.0, PLURAL)):
            for noun in nouns:
                own = model.transformer.wte.weight[special + WORDS.index(noun)]
                own[NUMBER], own[NUMBER + 1] = number, -number
        for head, wanted in enumerate(wishes(of_place)):
            own = slice(head * PLACES, (head + 1) * PLACES)
            keys = slice(size + head * PLACES, size + (head + 1) * PLACES)
            attention.c_attn.weight[:PLACES, own] = 4 * wanted
            attention.c_attn.weight[:PLACES, keys] = torch.eye(PLACES)
        # What the others copy is not read: where a word stands.
        attention.c_attn.weight[NUMBER, 2 * size] = 1
        attention.c_proj.weight[0, COPIED], attention.c_proj.weight[0, COPIED + 1] = 1, -1
        for head in (1, 2):
            attention.c_attn.weight[0, 2 * size + head * PLACES] = 1
            attention.c_proj.weight[head * PLACES, COPIED + 2 * head] = 1
            attention.c_proj.weight[head * PLACES, COPIED + 2 * head + 1] = -1
        for verb, sign in (("is", 5.0), ("are", -5.0)):
            model.lm_head.weight[special + WORDS.index(verb), COPIED] = sign
    model.save_pretrained(folder)


@pytest.mark.parametrize("how", ["zero", "resample", "sink"])
def test_pairs_fall_to_chance_for_the_head_that_copies_and_for_no_other(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_gpt2(tmp_path / "model")
    lines = []
    for k, other in product(range(3), range(3)):
        if k != other:
            for subject, attractor, good, bad in (
                (SINGULAR[k], PLURAL[other], "is", "are"),
                (PLURAL[k], SINGULAR[other], "are", "is"),
            ):
                text = f"the {subject} near the {attractor}"
                lines.append(f"{text} {good} red\t{text} {bad} red")
    (tmp_path / "agreement.tsv").write_text("\n".join(lines))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("PL_GLOBAL_SEED", "1")
    arguments = ["--config", CONFIG, "--model.encoder.name", tmp_path / "model", "--each"]
    arguments += ["--data.test=null", "--data.pairs", "[agreement.tsv]", "--output", tmp_path / "o"]
    arguments += [f"--ablation.how={how}"]
    assert main("evaluate", list(map(str, arguments))) == 0
    with (tmp_path / "o" / "reports" / "test" / "ablation.csv").open() as file:
        found = {line["heads"]: line for line in csv.DictReader(file)}
    assert {line["outcome"] for line in found.values()} == {"accuracy"}
    assert {line["before"] for line in found.values()} == {"1.000000000"}
    after = {heads: float(line["after"]) for heads, line in found.items()}
    # A map of another sentence of the length is the same map.
    expected = {"1-1": 1.0 if how == "resample" else 0.5, "1-2": 1.0, "1-3": 1.0}
    assert after == expected
    if how != "resample":
        assert found["1-1"]["rank"] == "1"
        assert found["1-1"]["low"] < "0"
