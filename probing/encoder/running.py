"""One way to run a model on text, whatever its family."""

from __future__ import annotations

from typing import Any

from torch import Tensor


def run(model: Any, ids: Tensor, real: Tensor, **options: Any) -> Any:
    """What ``model`` makes of wordpieces ``ids [B, T]``, of which ``real [B, T]`` are no padding.

    Nothing is cached: no text is gone on with.
    """
    text = model.config.get_text_config()
    cache = {"use_cache": False} if hasattr(text, "use_cache") else {}
    return model(input_ids=ids, attention_mask=real.long(), **cache, **options)


def states_of(output: Any, text: Any) -> tuple[Tensor, ...] | None:
    """The hidden states of ``output``, one ``[B, T, D]`` before the layers and one after each.

    Where a model carries several versions of a state along (Gemma 3n's AltUp), it is the active
    one. ``None`` if the model gives none.

    Args:
        output: of :func:`run` with ``output_hidden_states``.
        text: the configuration of the model's text part.
    """
    found = getattr(output, "hidden_states", None)
    if found is None:
        return None
    active = getattr(text, "altup_active_idx", 0)
    return tuple(state[active] if state.dim() == 4 else state for state in found)
