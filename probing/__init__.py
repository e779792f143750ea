"""Probing the attention heads of frozen transformers.

``load``, ``score``, ``load_probes`` and ``collect`` are for notebooks and scripts of one's own
(``docs/python.md``). They are imported when they are first used, since PyTorch is no light load.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from probing.core.version import VERSION

if TYPE_CHECKING:
    from probing.api.collected import collect as collect
    from probing.api.models import load as load
    from probing.api.models import load_probes as load_probes
    from probing.api.models import score as score

__version__ = VERSION
__all__ = ["__version__", "collect", "load", "load_probes", "score"]


def __getattr__(name: str) -> Any:
    if name.startswith("__") or name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    place = "collected" if name == "collect" else "models"
    return getattr(import_module(f"probing.api.{place}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
