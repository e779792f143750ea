"""Running a model again from a layer up, where its layers can be found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self

from torch import nn


class Layers:
    """The layers of a model, as modules in the order in which they run.

    What a layer gave in one run it can give again in another without computing, whatever is handed
    from layer to layer in the family.
    """

    def __init__(self, modules: Sequence[nn.Module]) -> None:
        self.modules = list(modules)

    @classmethod
    def around(
        cls, attention: Mapping[int, nn.Module], model: nn.Module, count: int
    ) -> Self | None:
        """The layers that hold these modules; ``None`` where they are not to be found.

        They are a list of modules, as many as there are layers, each of which holds the attention
        of its number. ALBERT's layers, for one, are a single module.

        Args:
            attention: the module that each layer hands to the tap, by the layer's number.
            model: in which to look.
            count: of all layers, those without attention included.
        """
        for found in model.modules():
            if isinstance(found, nn.ModuleList) and len(found) == count:
                held = [set(layer.modules()) for layer in found]
                if all(module in held[number - 1] for number, module in attention.items()):
                    return cls(list(found))
        return None

    @contextmanager
    def recorded(self) -> Iterator[list[Any]]:
        """A list that gets what each layer gives while the model runs."""
        given: list[Any] = []
        hooks = [
            module.register_forward_hook(lambda *called: given.append(called[-1]))
            for module in self.modules
        ]
        try:
            yield given
        finally:
            for hook in hooks:
                hook.remove()

    @contextmanager
    def computed_from(self, number: int, given: Sequence[Any]) -> Iterator[None]:
        """Let each layer below ``number``, counted from one, give what it has ``given``."""
        below = self.modules[: number - 1]
        own = [vars(module).get("forward") for module in below]
        try:
            for module, output in zip(below, given, strict=False):
                module.forward = lambda *_, _output=output, **__: _output
            yield
        finally:
            for module, forward in zip(below, own, strict=True):
                if forward is None:
                    vars(module).pop("forward", None)
                else:
                    module.forward = forward
