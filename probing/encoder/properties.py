"""A module whose properties fail with an error of their own."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from torch import nn

from probing.core.errors import ProbingError


class TellingModule(nn.Module):
    """Says why a property failed.

    ``nn.Module`` says of one that meets an ``AttributeError`` that the module does not have it.
    """

    def __getattr__(self, name: str) -> Any:
        """Submodules and parameters; asked for a property, Python comes here when it failed.

        Raises:
            ProbingError: for what a property lacks.
        """
        own = getattr(type(self), name, None)
        try:
            if isinstance(own, property) and own.fget is not None:
                return own.fget(self)
            if isinstance(own, cached_property):
                return own.func(self)
        except AttributeError as error:
            raise ProbingError(f"{type(self).__name__}.{name} cannot be used: {error}") from error
        return super().__getattr__(name)
