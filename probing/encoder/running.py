"""One way to run a model on text, whatever its family."""

from __future__ import annotations

from typing import Any

from torch import Tensor


def run(
    model: Any, ids: Tensor, real: Tensor, *, types: Tensor | None = None, **options: Any
) -> Any:
    """What ``model`` makes of wordpieces ``ids [B, T]``, of which ``real [B, T]`` are no padding.

    ``types [B, T]``, the part of a window that a wordpiece belongs to, are for models with
    embeddings of token types. Nothing is cached: no text is gone on with.
    """
    text = model.config.get_text_config()
    cache = {"use_cache": False} if hasattr(text, "use_cache") else {}
    has_types = types is not None and getattr(text, "type_vocab_size", 0) > 1
    parts = {"token_type_ids": types} if has_types else {}
    return model(input_ids=ids, attention_mask=real.long(), **cache, **parts, **options)


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
