"""The two scripts, and where their jobs are."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

Script = Literal["train", "evaluate"]
CONFIGS = Path(__file__).resolve().parents[2] / "configs"
DEFAULT = {"train": "demo", "evaluate": "heads"}
CHECKPOINT = Path("checkpoints") / "last.ckpt"
