"""Data sets: in files, in folders, on a hub that is only played, and in what is cached of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import datasets
import huggingface_hub
import pytest
from huggingface_hub import constants, errors

from probing.core.errors import ProbingError
from probing.data.sources.huggingface import HuggingFaceData

COMMIT, OTHER = "0123456789abcdef" * 2 + "01234567", "f" * 40
HUB = "someone/treebank"


def table(*words: str) -> datasets.Dataset:
    """One-word sentences, relations as class labels."""
    labels = datasets.ClassLabel(names=["dep", "root"])
    features = {
        "tokens": datasets.List(datasets.Value("string")),
        "head": datasets.List(datasets.Value("string")),
        "deprel": datasets.List(labels),
    }
    rows = [{"tokens": [word], "head": ["0"], "deprel": [1]} for word in words]
    return datasets.Dataset.from_list(rows, features=datasets.Features(features))


def read(source: object) -> list[str]:
    """Words of one-word sentences; relations come out as names."""
    found = list(HuggingFaceData.parse(f"datasets:{source}").read())
    assert {relation for sentence in found for relation in sentence.relations} == {"root"}
    return [sentence.words[0] for sentence in found]


def complaint(source: object) -> str:
    with pytest.raises(ProbingError) as caught:
        read(source)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def fingerprint(source: object) -> str:
    return HuggingFaceData.parse(f"datasets:{source}").fingerprint()


# Files and folders


def as_parquet(folder: Path) -> Path:
    table("a", "b").to_parquet(folder / "x.parquet")
    return folder / "x.parquet"


def as_json(folder: Path) -> Path:
    rows = [{"tokens": [word], "head": [0], "deprel": ["root"]} for word in "ab"]
    (folder / "x.json").write_text(json.dumps(rows))
    return folder / "x.json"


def as_json_lines(folder: Path) -> Path:
    rows = [{"tokens": [word], "head": ["0"], "deprel": ["root"]} for word in "ab"]
    (folder / "x.JSONL").write_text("\n".join(map(json.dumps, rows)))
    return folder / "x.JSONL"


def as_saved(folder: Path) -> Path:
    table("a", "b").with_format("numpy").save_to_disk(folder / "saved")
    return folder / "saved"


def as_arrow(folder: Path) -> Path:
    return next(as_saved(folder).glob("*.arrow"))


def as_folder(folder: Path) -> Path:
    (folder / "data").mkdir()
    table("a").to_parquet(folder / "data" / "00.parquet")
    table("b").to_parquet(folder / "data" / "01.parquet")
    return folder / "data"


WITHOUT_SPLITS: dict[str, Callable[[Path], Path]] = {
    "parquet": as_parquet,
    "json": as_json,
    "json lines": as_json_lines,
    "arrow": as_arrow,
    "save_to_disk": as_saved,
    "folder": as_folder,
}


@pytest.mark.parametrize("make", WITHOUT_SPLITS.values(), ids=list(WITHOUT_SPLITS))
def test_a_data_set_of_one_table_needs_no_split(
    make: Callable[[Path], Path], tmp_path: Path
) -> None:
    path = make(tmp_path)
    assert read(path) == read(path) == ["a", "b"]
    before = fingerprint(path)
    assert fingerprint(path) == before
    last = max(path.rglob("*") if path.is_dir() else [path], key=lambda file: file.suffix)
    last.write_bytes(last.read_bytes()[:-1] + b" ")
    assert fingerprint(path) != before


def split_by_name(folder: Path) -> Path:
    for split in ("train", "test"):
        table(split).to_parquet(folder / f"{split}-00000-of-00001.parquet")
    return folder


def split_by_folder(folder: Path) -> Path:
    for split in ("train", "test"):
        (folder / split).mkdir()
        table(split).to_json(folder / split / "rows.jsonl")
        text = (folder / split / "rows.jsonl").read_text()
        (folder / split / "rows.jsonl").write_text(text.replace("[1]", '["root"]'))
    return folder


def split_and_saved(folder: Path) -> Path:
    datasets.DatasetDict({s: table(s) for s in ("train", "test")}).save_to_disk(folder / "both")
    return folder / "both"


WITH_SPLITS: dict[str, Callable[[Path], Path]] = {
    "by name": split_by_name,
    "by folder": split_by_folder,
    "saved": split_and_saved,
}


@pytest.mark.parametrize("make", WITH_SPLITS.values(), ids=list(WITH_SPLITS))
def test_a_data_set_of_several_tables_needs_a_split(
    make: Callable[[Path], Path], tmp_path: Path
) -> None:
    path = make(tmp_path)
    assert read(f"{path},split=test") == ["test"]
    assert read(f"{path},split=train") == ["train"]
    assert fingerprint(f"{path},split=test") != fingerprint(f"{path},split=train")
    for wrong, found in ((path, "none"), (f"{path},split=dev", "dev")):
        said = complaint(wrong)
        assert said.startswith(f"{path}: expected one of ")
        assert "split=train" in said
        assert "split=test" in said
        assert said.endswith(f", found {found}")


def test_a_folder_may_hold_several_configs(tmp_path: Path) -> None:
    for language in ("da", "fo"):
        table(language).to_parquet(tmp_path / f"{language}.parquet")
    configs = [{"config_name": name, "data_files": f"{name}.parquet"} for name in ("da", "fo")]
    (tmp_path / "README.md").write_text(f"---\nconfigs: {json.dumps(configs)}\n---\n")
    assert read(f"{tmp_path},config=fo") == ["fo"]
    assert "'da', 'fo'" in complaint(tmp_path)
    assert "'da', 'fo'" in complaint(f"{tmp_path},config=sv")


def test_a_fault_names_data_set_config_split_and_row(tmp_path: Path) -> None:
    table("a", "b", "").to_parquet(tmp_path / "test.parquet")
    said = complaint(f"{tmp_path},config=default,split=test")
    assert said == f"{tmp_path}, config default, split test, row 3: expected a word, found ''"


def test_local_data_sets_are_called_as_they_were_named(tmp_path: Path) -> None:
    source = f"datasets:{as_parquet(tmp_path)},heads=head"
    assert HuggingFaceData.parse(source).name == source


REFUSED: dict[str, tuple[str, str]] = {
    "a table of text": ("{csv},split=test", "expected a file with lists (.parquet, .arrow"),
    "an unknown ending": ("{bad}/x.pkl", "expected a file with lists"),
    "a folder of text": ("{bad}/csv", "expected Parquet, Arrow or JSON files, found csv"),
    "a folder of CoNLL-U": ("{bad}/conllu", "expected Parquet, Arrow or JSON files, found conll"),
    "an empty folder": ("{bad}/empty", "cannot be opened: "),
    "a loading script": ("{bad}/script", "cannot be opened: Dataset scripts are no longer"),
    "no Parquet": ("{bad}/x.parquet", "cannot be opened: "),
    "no Arrow": ("{bad}/x.arrow", "{bad}/x.arrow"),
    "no JSON": ("{bad}/x.jsonl", "cannot be read from row 1 on: JSON parse error"),
    "half a saved one": ("{bad}/saved", "cannot be opened: "),
    "a split of a file": (
        "{good},split=test",
        "x.parquet: expected no split, as it is one table, found 'test'",
    ),
    "a config of a file": ("{good},config=en", "expected no config"),
    "a revision of a file": ("{good},revision=main", "expected no revision"),
    "a revision of a folder": ("{bad},revision=main", "expected no revision"),
    "an unknown option": ("{good},spilt=test", "found 'spilt=test'"),
    "an option twice": ("{good},words=a,words=b", "found 'words=b'"),
    "an option without a value": ("{good},words=", "found 'words='"),
    "no option": ("{good},test", "found 'test'"),
    "a file that is not there": ("{bad}/none.parquet", "{bad}/none.parquet'"),
    "no name": ("", "no such file or folder"),
    "a name of nobody": ("a--b/c", "a--b/c: no such file or folder"),
}


@pytest.mark.parametrize(("source", "expected"), REFUSED.values(), ids=list(REFUSED))
def test_what_cannot_be_read_is_refused_in_a_line(
    source: str, expected: str, tmp_path: Path
) -> None:
    good, bad = as_parquet(tmp_path), tmp_path / "bad"
    for name in ("csv", "conllu", "empty", "script", "saved"):
        (bad / name).mkdir(parents=True)
    (bad / "csv" / "test.csv").write_text("tokens,head\na,0\n")
    (bad / "conllu" / "test.conllu").write_text("1\ta\t_\t_\t_\t_\t0\troot\t_\t_\n")
    mark = tmp_path / "executed"
    (bad / "script" / "script.py").write_text(f"open({str(mark)!r}, 'w')")
    (bad / "saved" / "state.json").write_text("{}")
    for suffix in ("pkl", "parquet", "arrow", "jsonl"):
        (bad / f"x.{suffix}").write_text("{ nonsense")
    names = {"good": good, "bad": bad, "csv": bad / "csv" / "test.csv"}
    assert expected.format(**names) in complaint(source.format(**names))
    assert not mark.exists()


@pytest.mark.parametrize("content", ["null", "\n null\n{}", "\ufeffnull", "42", '"x"', "nullnull"])
@pytest.mark.parametrize("name", ["bad.json", "bad.jsonl"])
def test_json_without_rows_is_refused_before_a_reader_dies_of_it(
    name: str, content: str, tmp_path: Path
) -> None:
    """The reader of Arrow ends the process, with this test in it, at ``null``."""
    (tmp_path / name).write_text(content, encoding="utf-8")
    for source in (tmp_path / name, f"{tmp_path},split=train"):
        said = complaint(source)
        assert f"{tmp_path}/{name}: expected rows, which begin with '{{' or '['" in said


def test_a_missing_file_is_not_looked_for_on_the_hub() -> None:
    assert complaint("nope.parquet") == "nope.parquet: no such file"
    assert complaint("nope.JSONL,split=test") == "nope.JSONL: no such file"


# The hub


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Any]:
    """A hub with one data set, whose commit is asked for and then read."""
    calls: list[Any] = []
    split_by_name(tmp_path)
    load = datasets.load_dataset_builder

    def info(api: object, name: str, *, revision: str | None, **_: Any) -> Any:
        calls.append((name, revision))
        return SimpleNamespace(sha=COMMIT)

    def builder(name: str, config: str | None, *, revision: str) -> Any:
        calls.append((name, config, revision))
        found = load(str(tmp_path))
        found.hash = revision
        return found

    monkeypatch.setattr(huggingface_hub.HfApi, "dataset_info", info)
    monkeypatch.setattr(datasets, "load_dataset_builder", builder)
    return calls


def test_a_data_set_of_the_hub_is_read_at_the_commit_that_was_asked_for(asked: list[Any]) -> None:
    assert read(f"{HUB},config=da,split=test,revision=v2") == ["test"]
    assert asked == [(HUB, "v2"), (HUB, "da", COMMIT)]


def test_reports_call_it_by_its_commit(asked: list[Any]) -> None:
    source = HuggingFaceData.parse(f"datasets:{HUB},revision=main,split=test")
    assert source.name == f"datasets:{HUB},revision={COMMIT},split=test"
    again = HuggingFaceData.parse(source.name)
    assert (again.name, again.fingerprint()) == (source.name, source.fingerprint())
    assert asked == [(HUB, "main")]


def test_a_commit_need_not_be_asked_for(asked: list[Any]) -> None:
    assert OTHER in fingerprint(f"{HUB},revision={OTHER}")
    assert asked == []


def test_another_commit_another_fingerprint(
    asked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = fingerprint(HUB)
    assert fingerprint(HUB) == fingerprint(f"{HUB},revision=main") == before
    monkeypatch.setattr(
        huggingface_hub.HfApi, "dataset_info", lambda *_, **__: SimpleNamespace(sha=OTHER)
    )
    assert fingerprint(HUB) != before


def test_an_unknown_split_lists_those_that_exist(asked: list[Any]) -> None:
    said = complaint(f"{HUB},split=validation")
    assert said.startswith(f"{HUB}: expected one of split=t")
    assert said.endswith(", found validation")


def test_what_is_here_comes_before_the_hub(
    asked: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    (tmp_path / HUB).mkdir(parents=True)
    table("mine").to_parquet(tmp_path / HUB / "x.parquet")
    assert read(HUB) == ["mine"]
    assert asked == []


def failing(kind: type[Exception]) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> Any:
        # The hub's own errors want a response, of which nothing is read here.
        raise kind.__new__(kind)

    return fail


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (errors.RepositoryNotFoundError, "no data set of the hub that you may read"),
        (errors.GatedRepoError, "no data set of the hub that you may read"),
        (errors.RevisionNotFoundError, "the hub has no revision 'v9'"),
        (ConnectionError, "not cached, and no hub in reach: ConnectionError"),
        (errors.OfflineModeIsEnabled, "not cached, and no hub in reach: "),
    ],
)
def test_what_the_hub_does_not_have_is_said_in_a_line(
    kind: type[Exception], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huggingface_hub.HfApi, "dataset_info", failing(kind))
    said = complaint(f"{HUB},revision=v9")
    assert said.startswith(f"{HUB}: ")
    assert expected in said


def test_what_breaks_while_opening_is_said_in_a_line(
    asked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> Any:
        raise datasets.exceptions.DatasetNotFoundError("gated:\nask for access")

    monkeypatch.setattr(datasets, "load_dataset_builder", fail)
    assert complaint(HUB) == f"{HUB}: cannot be opened: gated: ask for access"


# What is cached of the hub


@pytest.fixture
def cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Leave in the caches what loading a data set of the hub leaves there."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "datasets")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))

    def leave(*, read_at: str, seen: str) -> None:
        folder = tmp_path / read_at / "treebank"
        folder.mkdir(parents=True)
        datasets.load_dataset(str(split_by_name(folder)))
        (made,) = (tmp_path / "datasets" / "treebank" / "default" / "0.0.0").glob("*/")
        kept = tmp_path / "datasets" / "someone___treebank" / "default" / "0.0.0"
        shutil.move(made, kept / read_at)
        repository = tmp_path / "hub" / "datasets--someone--treebank"
        (repository / "refs").mkdir(parents=True)
        (repository / "refs" / "main").write_text(seen)
        (repository / "snapshots" / seen).mkdir(parents=True)
        (repository / "snapshots" / seen / "README.md").write_text("# Treebank")

    return leave


def test_offline_what_is_cached_is_read(cached: Callable[..., None]) -> None:
    cached(read_at=COMMIT, seen=COMMIT)
    assert read(f"{HUB},split=test") == ["test"]
    assert COMMIT in fingerprint(HUB)
    assert read(f"{HUB},split=train,revision={COMMIT}") == ["train"]


def test_offline_another_commit_than_was_asked_for_is_never_read(
    cached: Callable[..., None],
) -> None:
    cached(read_at=OTHER, seen=COMMIT)
    expected = f"{HUB}: expected commit {COMMIT}, but only {OTHER} is cached"
    assert complaint(f"{HUB},split=test") == expected
    assert complaint(f"{HUB},split=test,revision={COMMIT}") == expected
    assert read(f"{HUB},split=test,revision={OTHER}") == ["test"]


def test_offline_a_revision_that_was_never_asked_for_is_not_known(
    cached: Callable[..., None],
) -> None:
    cached(read_at=COMMIT, seen=COMMIT)
    assert "not cached, and no hub in reach" in complaint(f"{HUB},split=test,revision=v9")
