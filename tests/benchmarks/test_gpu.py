"""The script that measures on a GPU, with small shapes, without the libraries that a GPU lacks."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ALONE = """
import sys
sys.modules.update(dict.fromkeys(["datasets", "pyarrow", "jsonargparse"]))
sys.argv = ["gpu", sys.argv[1], "--tiny"]
from benchmarks.gpu import main
main()
"""


def test_it_measures_small_shapes_anywhere(tmp_path: Path) -> None:
    command = [sys.executable, "-c", ALONE, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "gpu.json").read_text())
    assert {row["model"] for row in found["rows"]} == {"tiny BERT", "tiny Llama"}
    assert not any(row["problem"] for row in found["rows"])
    assert all(row["ours"] > 0 and row["bare"] > 0 for row in found["rows"])
    agreement = found["agreement"]
    assert agreement["picks"] > 1000
    assert agreement["differing"] == agreement["near_ties"]
    assert agreement["counts"] == 0
    assert "tiny BERT | bfloat16 | trees" in (tmp_path / "gpu.md").read_text()
    assert found["profile"].strip()
