"""A job of another kind is a row of the registry and a config; nothing else is touched."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from probing.jobs import registry
from probing.jobs.cli import main

JOB = '''
from probing.data import EdgeData
from probing.jobs.parser import Commands
from probing.learning.module import ProbingModule


class Longest(Commands):
    """The longest sentence."""

    kinds = (ProbingModule, EdgeData)

    def run(self, script, said, checkpoint):
        self.build()
        words = max((w.words for w in self.windows()), key=len)
        print(self.config.shout and " ".join(words).upper() or " ".join(words))

    def windows(self):
        corpus = self.datamodule.split("test")
        return corpus.windows(range(len(corpus)))
'''
CONFIG = """\
# evaluate: the longest sentence
job: longest
model: {{encoder: {{name: {model}}}}}
data:
  class_path: probing.data.DependencyData
  init_args: {{test: "builtin:documents=2,seed=1"}}
"""


def test_a_row_and_a_config_are_a_job(
    tmp_path: Path,
    tiny_bert: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "a_job_of_mine.py").write_text(JOB)
    (tmp_path / "longest.yaml").write_text(CONFIG.format(model=tiny_bert))
    row = registry.Row(
        "longest",
        ("evaluate",),
        "a_job_of_mine.Longest",
        told_by=None,
        options=(registry.Option("shout", "in capitals", {"type": bool, "default": False}),),
    )
    monkeypatch.setattr(registry, "ROWS", (*registry.ROWS, row))
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PL_GLOBAL_SEED", "1")
    own = ["--config", "longest.yaml"]
    assert main("evaluate", own) == 0
    said = capsys.readouterr().out.splitlines()[-1]
    assert len(said.split()) > 5
    assert main("evaluate", [*own, "--shout", "true"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == said.upper()
    assert main("evaluate", [*own, "--help"]) == 0
    assert "--shout" in capsys.readouterr().out
    assert main("evaluate", [*own, "--shuot", "true"]) == 2
    assert main("train", own) == 2
    assert "evaluate.py" in capsys.readouterr().err
