"""Vectors of the words of a batch, against a dictionary in plain Python."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given

from probing.core.batches import EdgeBatch, Encoding
from probing.core.errors import ProbingError
from probing.core.terms import MAIN
from probing.data import DependencyData
from probing.encoder import Encoder
from probing.encoder.vectors import WordVectors
from probing.learning.module import ProbingModule
from probing.probes import AttentionProbe, AttentionWordsProbe, DistanceWordsProbe, Probe

DIMENSIONS = 4
TABLE = {
    word: [
        float(np.float32(value)) for value in np.random.default_rng(seed).normal(size=DIMENSIONS)
    ]
    for seed, word in enumerate("the The cat DOG mat Straße été 1 .".split())
}
SOURCE = "builtin:documents=3,seed=5"

sentences = st.lists(
    st.sampled_from("the The THE cat Cat DOG dog mat Mat Straße ÉTÉ été 1 . unseen Unseen".split()),
    min_size=1,
    max_size=6,
)


def write(path: Path, table: dict[str, list[float]]) -> Path:
    lines = [" ".join([word, *map(repr, vector)]) for word, vector in table.items()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("vectors") / "vectors.txt", TABLE)


def looked_up(word: str) -> list[float]:
    """The exact form, else the lower-cased one, else zeros."""
    if word in TABLE:
        return TABLE[word]
    if word.lower() in TABLE:
        return TABLE[word.lower()]
    return [0.0] * DIMENSIONS


# --------------------------------------------------------------------------------- look-up


@given(st.lists(sentences, max_size=4), st.integers(0, 3), st.booleans())
def test_each_word_gets_its_own_vector_and_padding_zeros(
    file: Path, windows: list[list[str]], more: int, announced: bool
) -> None:
    vectors = WordVectors(str(file))
    if announced:
        vectors.read({word for window in windows for word in window} | {"more", "mat"})
    width = max(map(len, windows), default=0) + more
    found = vectors(windows, width)
    assert found.shape == (len(windows), width, DIMENSIONS)
    assert found.dtype == torch.float32
    for b, window in enumerate(windows):
        padded = [looked_up(word) for word in window] + [[0.0] * DIMENSIONS] * (width - len(window))
        assert found[b].tolist() == padded


@given(st.lists(sentences, max_size=4))
def test_coverage_counts_words_and_forms(file: Path, windows: list[list[str]]) -> None:
    counts = Counter(word for window in windows for word in window)
    coverage = WordVectors(str(file)).coverage(counts)
    every = [word for window in windows for word in window]
    found = [word for word in every if any(looked_up(word))]
    lowered = [word for word in found if word not in TABLE]
    assert coverage.words == len(every)
    assert coverage.words_found == len(found)
    assert coverage.words_lowered == len(lowered)
    assert coverage.forms == len(set(every))
    assert coverage.forms_found == len(set(found))
    assert coverage.forms_lowered == len(set(lowered))


def test_coverage_in_one_line(file: Path) -> None:
    coverage = WordVectors(str(file)).coverage(Counter({"the": 5, "Cat": 2, "unseen": 1}))
    assert str(coverage) == (
        "87.5% of 8 words (2 of them in lower case only) and 66.7% of 3 different words have a "
        "vector; 1 words without one get zeros"
    )


def test_a_vector_of_zeros_in_the_file_is_a_vector(tmp_path: Path) -> None:
    path = write(tmp_path / "zeros.txt", {"the": [0.0, 0.0], "cat": [1.0, 2.0]})
    assert WordVectors(str(path)).coverage(Counter(["the", "cat", "dog"])).forms_found == 2


def test_announced_words_are_read_once(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import probing.encoder.vectors.table as table

    reads = []
    reader = table.read_text_vectors
    monkeypatch.setattr(
        table, "read_text_vectors", lambda *a, **k: reads.append(a) or reader(*a, **k)
    )
    vectors = WordVectors(str(file))
    assert not reads  # nothing is done in the constructor
    vectors.check()
    assert not reads
    vectors.read(["the", "cat"])
    _ = vectors.dimensions, vectors.fingerprint, vectors([["cat", "the"], ["the"]], 2)
    vectors.coverage(Counter(["the"]))
    assert len(reads) == 1
    assert vectors([["mat", "the"]], 2).tolist() == [[TABLE["mat"], TABLE["the"]]]
    assert len(reads) == 2


def test_a_file_that_changes_in_between_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "vectors.txt", TABLE)
    vectors = WordVectors(str(path))
    vectors.read(["the"])
    write(path, TABLE | {"new": [1.0] * DIMENSIONS})
    vectors.read(["the"])
    with pytest.raises(ProbingError, match="was changed while it was in use"):
        vectors.read(["cat"])


def test_a_missing_file_is_noticed_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(ProbingError, match=r"no such file of word vectors; --model\.vectors FILE"):
        WordVectors(str(tmp_path / "none.txt")).check()


# --------------------------------------------------------------------------- in the module


def words_of(source: str, encoder: Encoder) -> EdgeBatch:
    windows = DependencyData(test=source, tokenizer=encoder.tokenizer).open("test")
    return windows[list(range(len(windows)))]


@pytest.fixture(scope="module")
def batch(tiny_encoder: Encoder) -> EdgeBatch:
    return words_of(SOURCE, tiny_encoder)


@pytest.fixture(scope="module")
def of_corpus(batch: EdgeBatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Vectors of most of a corpus's words, in lower case."""
    known = sorted({word.lower() for window in batch.words for word in window})
    random = np.random.default_rng(0)
    table = {
        word: random.normal(size=DIMENSIONS).round(3).tolist() for word in known[::3] + known[1::3]
    }
    return write(tmp_path_factory.mktemp("corpus") / "vectors.txt", table)


def module(encoder: Encoder, vectors: Path | None, **probes: Probe) -> ProbingModule:
    made = ProbingModule(
        encoder,
        probes or {"words": AttentionWordsProbe()},
        vectors=None if vectors is None else str(vectors),
    )
    made.configure_model()
    return made


def test_probes_read_the_file_and_the_encoder_computes_no_embeddings(
    tiny_encoder: Encoder, batch: EdgeBatch, of_corpus: Path
) -> None:
    probes = {"words": AttentionWordsProbe(), "distance": DistanceWordsProbe()}
    made = module(tiny_encoder, of_corpus, **probes)
    encoding = made.encode(batch)[MAIN]
    assert encoding.embeddings is None
    table = {
        line.split()[0]: [float(np.float32(n)) for n in line.split()[1:]]
        for line in of_corpus.read_text().splitlines()
    }
    vectors = encoding.part("vectors").tolist()
    for b, window in enumerate(batch.words):
        for i in range(batch.width):
            word = window[i].lower() if i < len(window) else ""
            assert vectors[b][i] == table.get(word, [0.0] * DIMENSIONS)
    assert made.probes["words"].of_head.shape[0] == DIMENSIONS
    assert made.probes["distance"].of_head.in_features == DIMENSIONS
    made.rehearse(batch)


def test_without_a_file_vectors_are_the_models_embeddings(
    tiny_encoder: Encoder, batch: EdgeBatch
) -> None:
    made = module(tiny_encoder, None)
    encoding = made.encode(batch)[MAIN]
    needs = {"embeddings"}
    own = tiny_encoder(batch.ids, batch.words_of, width=batch.width, needs=needs).embeddings
    assert torch.equal(encoding.part("vectors"), own)
    assert made.probes["words"].of_head.shape[0] == tiny_encoder.sizes.embedding


def test_an_empty_batch_has_vectors(
    tiny_encoder: Encoder, of_corpus: Path, random_edges: Callable[..., tuple[EdgeBatch, Encoding]]
) -> None:
    empty, _ = random_edges(0, lengths=())
    assert module(tiny_encoder, of_corpus).encode(empty)[MAIN].part("vectors").shape == (
        0,
        0,
        DIMENSIONS,
    )


def test_the_score_of_root_does_not_depend_on_any_vector(
    tiny_encoder: Encoder, batch: EdgeBatch, of_corpus: Path
) -> None:
    """As in the paper: for ROOT the vectors of both words are zero."""
    made = module(tiny_encoder, of_corpus, a=AttentionWordsProbe(), d=DistanceWordsProbe())
    encoding = made.encode(batch)[MAIN]
    other = replace(encoding, vectors=torch.randn_like(encoding.part("vectors")))
    for probe in made.probes.values():
        scores, changed = probe(encoding, batch), probe(other, batch)
        assert torch.equal(scores[..., 0], changed[..., 0])
        assert not torch.equal(scores[..., 1:], changed[..., 1:])


def test_vectors_that_no_probe_reads_are_refused(tiny_encoder: Encoder, of_corpus: Path) -> None:
    with pytest.raises(ProbingError, match="no probe of this run reads word vectors"):
        module(tiny_encoder, of_corpus, attention=AttentionProbe())


# ----------------------------------------------------------------------------- checkpoints


def saved(made: ProbingModule) -> dict[str, Any]:
    checkpoint: dict[str, Any] = {"state_dict": made.state_dict()}
    made.on_save_checkpoint(checkpoint)
    return checkpoint


def test_a_checkpoint_names_its_vectors_and_does_not_hold_them(
    tiny_encoder: Encoder, of_corpus: Path, tmp_path: Path
) -> None:
    made = module(tiny_encoder, of_corpus)
    made.vectors.read(TABLE)  # type: ignore[union-attr]
    checkpoint = saved(made)
    assert {key.split(".")[0] for key in checkpoint["state_dict"]} == {"probes"}
    torch.save(checkpoint, tmp_path / "c.ckpt")
    loaded = torch.load(tmp_path / "c.ckpt", weights_only=True)
    moved = tmp_path / "elsewhere.txt"
    moved.write_bytes(of_corpus.read_bytes())
    module(tiny_encoder, moved).on_load_checkpoint(loaded)  # the same text in another place


def test_other_vectors_are_refused(tiny_encoder: Encoder, of_corpus: Path, tmp_path: Path) -> None:
    lines = of_corpus.read_text().splitlines()
    other = tmp_path / "other.txt"
    other.write_text("\n".join([lines[0][:-1] + "9", *lines[1:]]) + "\n")
    none, made = module(tiny_encoder, None), module(tiny_encoder, of_corpus)
    changed = module(tiny_encoder, other)
    for learned, run in ((made, changed), (made, none), (none, made)):
        with pytest.raises(ProbingError, match="learned from the word vectors") as error:
            run.on_load_checkpoint(saved(learned))
        for part in (learned, run):
            assert (part.vectors.name if part.vectors else "input embeddings") in str(error.value)
    made.on_load_checkpoint(saved(made))
    none.on_load_checkpoint(saved(none))


def test_checkpoints_of_before_there_were_vectors_are_read(tiny_encoder: Encoder) -> None:
    made = module(tiny_encoder, None)
    checkpoint = saved(made)
    del checkpoint["probing"]["vectors"]
    made.on_load_checkpoint(checkpoint)


# ------------------------------------------------------------------------------ vocabulary


def test_the_vocabulary_of_a_corpus_counts_its_words(
    tiny_encoder: Encoder, batch: EdgeBatch
) -> None:
    windows = DependencyData(test=SOURCE, tokenizer=tiny_encoder.tokenizer).open("test")
    assert windows.vocabulary == Counter(word for window in batch.words for word in window)


def test_each_encoder_gives_its_own_embeddings_or_all_the_file(
    tiny_encoder: Encoder, batch: EdgeBatch, of_corpus: Path
) -> None:
    for file in (None, of_corpus):
        twin = Encoder(tiny_encoder.name, random_init=True, random_seed=3, keep_embeddings=False)
        made = ProbingModule(
            tiny_encoder,
            {"one": AttentionWordsProbe(), "two": DistanceWordsProbe(encoder="twin")},
            encoders={"twin": twin},
            vectors=None if file is None else str(file),
        )
        made.configure_model()
        encodings = made.encode(batch)
        one, two = (encodings[name].part("vectors") for name in (MAIN, "twin"))
        assert torch.equal(one, two) == (file is not None)
        if file is None:
            own = twin(batch.ids, batch.words_of, width=batch.width, needs={"embeddings"})
            assert torch.equal(two, own.part("embeddings"))
