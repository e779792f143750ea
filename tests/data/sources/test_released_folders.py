"""A folder of a treebank as it is cloned or released: which of its files are read."""

from __future__ import annotations

from pathlib import Path

import pytest
from letters import Letters

from probing.core.errors import ProbingError
from probing.data import DependencyData
from probing.data.formats.conllu import read_conllu
from probing.data.sources.files import open_source
from probing.reports.described import describe

WORD = "1\t{0}\t_\t_\t_\t_\t0\troot\t_\t_\n\n"
SPLITS = {"train": "train", "val": "dev", "test": "test"}


def put(folder: Path, *names: str) -> None:
    """Files of one sentence of one word, the file's path; others are no treebanks."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        is_treebank = path.suffix in (".conllu", ".conllx")
        path.write_text(WORD.format(name) if is_treebank else f"Notes on {name}\n")


def clone(folder: Path) -> None:
    put(folder, "LICENSE.txt", "README.md", "stats.xml", "CONTRIBUTING.md", "Makefile")
    for end in ("conllu", "txt"):
        put(folder, *(f"xx_yy-ud-{split}.{end}" for split in SPLITS.values()))
    put(folder, "not-to-release/xx_yy-ud-test.conllu", "not-to-release/sources/a.conllx")


def read(folder: Path, split: str | None) -> tuple[list[str], str]:
    """The words, and what is said of the files."""
    source = open_source(str(folder), None, split=split)
    return [sentence.words[0] for sentence in source.read()], source.files


@pytest.mark.parametrize(("split", "name"), SPLITS.items())
def test_of_a_clone_a_job_reads_the_split_that_it_asks_for(
    split: str, name: str, tmp_path: Path
) -> None:
    clone(tmp_path)
    words, said = read(tmp_path, split)
    assert words == [f"xx_yy-ud-{name}.conllu"]
    others = [f"1 -{other}" for other in sorted(SPLITS.values()) if other != name]
    assert said == (
        f"xx_yy-ud-{name}.conllu; passed over: {', '.join(others)}, 4 .txt, not-to-release"
    )


def test_who_asks_for_no_split_reads_all_of_them(tmp_path: Path) -> None:
    clone(tmp_path)
    words, said = read(tmp_path, None)
    assert words == [f"xx_yy-ud-{split}.conllu" for split in ("dev", "test", "train")]
    assert said == "3 files; passed over: 4 .txt, not-to-release"


def test_the_folder_that_is_not_released_can_be_named(tmp_path: Path) -> None:
    clone(tmp_path)
    put(tmp_path, "not-to-release/b.conllu")
    (tmp_path / "not-to-release" / "sources" / "a.conllx").unlink()
    words, _ = read(tmp_path / "not-to-release", "test")
    assert words == ["not-to-release/b.conllu", "not-to-release/xx_yy-ud-test.conllu"]


def test_a_folder_without_the_split_is_refused_naming_what_it_has(tmp_path: Path) -> None:
    put(tmp_path, "xx_yy-ud-test.conllu", "LICENSE.txt")
    with pytest.raises(ProbingError, match=r"expected a -dev file for --data\.val") as caught:
        read(tmp_path, "val")
    assert str(caught.value).startswith(f"{tmp_path}: ")
    assert "found xx_yy-ud-test.conllu" in str(caught.value)


def test_several_treebanks_of_one_split_are_read_as_they_were_put_together(tmp_path: Path) -> None:
    names = ["aa_b-ud-test.conllu", "cc_d-ud-test.conllu"]
    put(tmp_path, *names)
    assert [read(tmp_path, split) for split in SPLITS] == [(names, "")] * 3


def test_of_several_treebanks_those_without_the_split_are_named(tmp_path: Path) -> None:
    put(tmp_path, *(f"UD_A/aa_b-ud-{split}.conllu" for split in SPLITS.values()))
    put(tmp_path, "UD_C/cc_d-ud-test.conllu", "UD_E/ee-ud-dev.conllu", "UD_C/LICENSE.txt")
    words, said = read(tmp_path, "val")
    assert words == ["UD_A/aa_b-ud-dev.conllu", "UD_E/ee-ud-dev.conllu"]
    assert said == "2 files; without -dev: cc_d; passed over: 2 -test, 1 -train, 1 .txt"
    words, said = read(tmp_path, "test")
    assert words == ["UD_A/aa_b-ud-test.conllu", "UD_C/cc_d-ud-test.conllu"]
    assert "without -test: ee;" in said


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        (["de_hdt-ud-train-a-1.conllu", "de_hdt-ud-train-b.conllu", "de_hdt-ud-dev.conllu"], 2),
        (["fr_gsd-sud-train.conllu", "fr_gsd-sud-test.conllu"], 1),
        (["zh_hk-msud-train.conllu", "zh_hk-msud-test.conllu"], 1),
        (["en-ud-train.conllu", "en-ud-dev.conllu"], 1),
        (["train.conllu", "dev.conllu", "en_ewt-train.conllu"], 3),
    ],
    ids=["parts", "SUD", "mSUD", "version 1", "names that say nothing"],
)
def test_which_names_say_a_split(names: list[str], kept: int, tmp_path: Path) -> None:
    put(tmp_path, *names)
    assert read(tmp_path, "train")[0] == sorted(names)[-kept:]


def test_text_is_a_treebank_only_where_nothing_else_is(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("One 0-root\n\n")
    assert read(tmp_path, "test")[0] == ["One"]
    put(tmp_path, "b.conllx")
    assert read(tmp_path, "test") == (["b.conllx"], "b.conllx; passed over: 1 .txt")


def test_a_named_reader_is_spared_what_is_no_treebank(tmp_path: Path) -> None:
    put(tmp_path, "b.conllu", "README.md", "stats.xml", "LICENSE.txt")
    source = open_source(str(tmp_path), read_conllu, split="test")
    assert [sentence.words[0] for sentence in source.read()] == ["b.conllu"]
    assert source.files == "b.conllu; passed over: 1 .md, 1 .txt, 1 .xml"


def test_a_run_says_which_files_it_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROBING_CACHE", str(tmp_path / "cache"))
    put(tmp_path / "UD", *(f"xx_yy-ud-{split}.conllu" for split in SPLITS.values()))
    folder = str(tmp_path / "UD")
    data = DependencyData(folder, folder, folder, tokenizer=Letters(64))
    for split, name in SPLITS.items():
        corpus = data.split(split)
        assert corpus.windows([0])[0].words == [f"xx_yy-ud-{name}.conllu"]
        others = [f"1 -{other}" for other in sorted(SPLITS.values()) if other != name]
        said = f"xx_yy-ud-{name}.conllu; passed over: {', '.join(others)}"
        assert describe(split, corpus).startswith(f"{split}: {folder} ({said}): 1 sentences, ")
