"""Looking at one sentence imports no trainer and no command line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CODE = """
import sys, probing
model = probing.load({model!r})
model.encode("The dog barked .".split()).head("1-1")
{more}
print(*sorted(set(sys.modules) & {heavy!r}))
"""
HEAVY = {
    *("jsonargparse", "pytorch_lightning", "pytorch_lightning.cli", "torchmetrics"),
    *("datasets", "matplotlib", "pandas"),
}


def imported(model: Path, more: str = "") -> list[str]:
    code = CODE.format(model=str(model), more=more, heavy=HEAVY)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    return done.stdout.splitlines()[-1].split()


def test_one_sentence_needs_neither_lightning_nor_a_command_line(tiny_bert: Path) -> None:
    assert imported(tiny_bert) == []


def test_scores_need_lightning_and_no_command_line(tiny_bert: Path) -> None:
    more = "model.score('builtin:documents=2,seed=1', min_anchors=1)"
    needed = HEAVY - {"jsonargparse", "pytorch_lightning.cli"}
    assert imported(tiny_bert, more) == sorted(needed)
