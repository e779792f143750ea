"""Probing the attention heads of frozen transformers.

``load``, ``score`` and ``load_probes`` are for notebooks and scripts of one's own
(``docs/python.md``). They are imported when they are first used, since PyTorch is no light load.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .interactive import load as load
    from .interactive import load_probes as load_probes
    from .interactive import score as score

__version__ = "0.1.0"
__all__ = ["__version__", "load", "load_probes", "score"]


def __getattr__(name: str) -> Any:
    if name.startswith("__") or name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import interactive

    return getattr(interactive, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
