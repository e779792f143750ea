"""What a run removes where it replaces another."""

from __future__ import annotations

from pathlib import Path

from probing.core.claims import release
from probing.jobs.compared_models import labels_of
from probing.reports.run_folder import RunFolder

COMPARED = "models: [some/A, {name: some/A, random_init: true}, {name: B, label: mine}, C, D]"
RUN = ("config.yaml", "reports/test/heads.csv", "checkpoints/last.ckpt", "events.out.tfevents.1")


def put(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("models: null\n", encoding="utf-8")


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def replace(folder: Path, config: str = "new") -> None:
    run = RunFolder(job="x", output=str(folder), overwrite=True, config=config, folders=labels_of)
    run.check(resume=None)
    run.decide()
    release()


def test_what_an_earlier_comparison_made_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "compared", tmp_path / "elsewhere"
    for label in ("A", "A-random", "mine", "other"):  # the last is none of its models
        put(*(folder / label / name for name in RUN))
    made = (folder / f"comparison.{ending}" for ending in ("csv", "md", "html"))
    put(*made, folder / "notes.txt")
    put(folder / "mine" / "paper.tex")  # somebody's own
    put(folder / "C" / "reports" / "test" / "heads.csv")  # called as a model is, and is no run
    put(*(elsewhere / name for name in RUN))
    (folder / "D").symlink_to(elsewhere)
    (folder / "config.yaml").write_text(COMPARED, encoding="utf-8")
    replace(folder)
    assert files(folder) == {
        "config.yaml", "notes.txt", "mine/paper.tex", "C/reports/test/heads.csv",
        *(f"other/{name}" for name in RUN),
    }  # fmt: skip
    assert not (folder / "A").exists()
    assert not (folder / "A-random").exists()
    assert files(elsewhere) == set(RUN)
    assert (folder / "config.yaml").read_text(encoding="utf-8") == "new"


def test_a_run_that_was_no_comparison_owns_no_folder_beside_its_own(tmp_path: Path) -> None:
    put(*(tmp_path / name for name in RUN), *(tmp_path / "A" / name for name in RUN))
    replace(tmp_path)
    assert files(tmp_path) == {"config.yaml", *(f"A/{name}" for name in RUN)}


def test_a_damaged_configuration_names_nothing(tmp_path: Path) -> None:
    put(*(tmp_path / "A" / name for name in RUN))
    (tmp_path / "config.yaml").write_text("models: [A\n", encoding="utf-8")
    replace(tmp_path)
    assert files(tmp_path) == {"config.yaml", *(f"A/{name}" for name in RUN)}
