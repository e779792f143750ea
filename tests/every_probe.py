"""Every probe that the package exports, and the one of the documents."""

from __future__ import annotations

import inspect
import runpy
from pathlib import Path

import probing.probes
from probing.probes import Probe

EXAMPLE = Path(__file__).parents[1] / "docs" / "examples" / "my_probe.py"
CLASSES: list[type[Probe]] = [
    value
    for value in [*vars(probing.probes).values(), *runpy.run_path(str(EXAMPLE)).values()]
    if inspect.isclass(value) and issubclass(value, Probe) and value is not Probe
]
