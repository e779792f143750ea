"""What is wrong with a model's folder, and what its configuration says that is not heeded."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from transformers.utils import (
    ADAPTER_CONFIG_NAME,
    ADAPTER_SAFE_WEIGHTS_NAME,
    ADAPTER_WEIGHTS_NAME,
    CONFIG_NAME,
    SAFE_WEIGHTS_INDEX_NAME,
    SAFE_WEIGHTS_NAME,
    WEIGHTS_INDEX_NAME,
    WEIGHTS_NAME,
    cached_file,
)

from probing.core.errors import ProbingError

_ADAPTERS = (ADAPTER_CONFIG_NAME, ADAPTER_SAFE_WEIGHTS_NAME, ADAPTER_WEIGHTS_NAME)
_FORMATS = ((SAFE_WEIGHTS_NAME, SAFE_WEIGHTS_INDEX_NAME), (WEIGHTS_NAME, WEIGHTS_INDEX_NAME))
# Weights that other programs read.
_OTHERS = (".h5", ".msgpack", ".gguf", ".onnx", ".pt", ".pth", ".ckpt", ".npz")
# Of a file in the same folder.
_NAME = re.compile(r"(?!\.\.?$)[^/\\\0]{1,255}")
MERGE = (
    "merge the adapter into its model (peft: model.merge_and_unload().save_pretrained(FOLDER)) "
    "and name that folder"
)
"""What to do with an adapter."""


def stored(folder: str, file: str, options: Mapping[str, Any]) -> Path | None:
    """A file of a local folder or of a hub model, if it is there."""
    found = cached_file(
        folder,
        file,
        revision=options["revision"],
        local_files_only=options["local_files_only"],
        _raise_exceptions_for_gated_repo=False,
        _raise_exceptions_for_missing_entries=False,
        _raise_exceptions_for_connection_errors=False,
    )
    return None if found is None else Path(found)


def shortened(error: Exception) -> str:
    """What another library complains about, in a line that is not too long."""
    return textwrap.shorten(str(error), 300, placeholder=" …") or type(error).__name__


def refuse_adapters(name: str, folder: str, options: Mapping[str, Any]) -> None:
    """Refuse an adapter, alone or beside a model.

    transformers applies it where ``peft`` is installed, and passes it over elsewhere.

    Raises:
        ProbingError: saying what to do.
    """
    found = next((file for file in _ADAPTERS if stored(folder, file, options)), None)
    if found is None:
        return
    if stored(folder, CONFIG_NAME, options) is None:
        raise ProbingError(f"{name} holds an adapter ({found}) without its model: {MERGE}")
    raise ProbingError(
        f"{name} holds an adapter ({found}) beside a model, which without it is another one: "
        f"{MERGE}, or take the adapter out of the folder to look at the model as it is"
    )


def weight_files(folder: str, options: Mapping[str, Any]) -> Iterator[Path]:
    """The files of weights that transformers reads; none if they have other names."""
    for whole, index in _FORMATS:
        if found := stored(folder, whole, options):
            yield found
            return
        if listing := stored(folder, index, options):
            yield from filter(None, (stored(folder, shard, options) for shard in _shards(listing)))
            return


def check_index(folder: str, options: Mapping[str, Any]) -> None:
    """Refuse an index of weights that is none, before anything that it names is read.

    Raises:
        ProbingError: naming the index, and what is wrong with it.
    """
    for whole, index in _FORMATS:
        if stored(folder, whole, options):
            return
        if listing := stored(folder, index, options):
            _shards(listing)
            return


def lacks(folder: Path) -> str | None:
    """What a local folder lacks of a model, in words; ``None`` if nothing."""
    if not (folder / CONFIG_NAME).exists():
        return f"the folder has no {CONFIG_NAME}"
    for whole, index in _FORMATS:
        if (folder / whole).exists():
            return None
        if (folder / index).exists():
            missing = [shard for shard in _shards(folder / index) if not (folder / shard).exists()]
            listed = f"the folder lacks {', '.join(missing)}, which {index} names"
            return listed if missing else None
    others = sorted(file.name for file in folder.iterdir() if file.suffix in _OTHERS)
    besides = f"; {', '.join(others)} cannot be read" if others else ""
    return f"the folder has no weights: expected {SAFE_WEIGHTS_NAME} or {WEIGHTS_NAME}{besides}"


def _shards(index: Path) -> list[str]:
    """The files that an index of weights names.

    Raises:
        ProbingError: for what is no such index, or one that names files elsewhere.
    """
    try:
        found = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ProbingError(
            f"{index}: expected an index of weights, a JSON object with a weight_map, found none: "
            f"{shortened(error)}"
        ) from error
    for name in found:
        if not (isinstance(name, str) and _NAME.fullmatch(name)):
            raise ProbingError(f"{index}: expected names of files beside it, found {name!r}")
    return sorted(found)


def has_own_code(config: Any) -> bool:
    """Whether a model comes with code of its own, which is not run."""
    return bool(getattr(config, "auto_map", None))


def refuse_unheeded(name: str, config: Any) -> None:
    """Refuse a model whose configuration says what the library's class does not do.

    Where a model has code of its own, that is every field that the class does not know; else
    those that released models rely on and transformers 5 dropped. Other fields that a class does
    not know are remains of earlier releases.

    Raises:
        ProbingError: naming the fields.
    """
    for part in {id(part): part for part in (config, config.get_text_config())}.values():
        unknown = _unknown(part)
        kind = f"{name} ({part.model_type})"
        if unknown.get("pruned_heads"):
            layers = ", ".join(str(int(layer) + 1) for layer in unknown["pruned_heads"])
            raise ProbingError(
                f"{kind} has pruned heads (pruned_heads, in layers {layers}): transformers 5 "
                "cannot load them, and its heads would have other numbers than before"
            )
        positions = unknown.get("position_embedding_type")
        if positions not in (None, "absolute"):
            raise ProbingError(
                f"{kind} has {positions!r} positions (position_embedding_type), which transformers "
                "5 no longer computes: it would be run with absolute ones, as another model"
            )
        if has_own_code(config) and unknown:
            raise ProbingError(
                f"{kind} comes with code of its own (auto_map), which is not run, and the class "
                f"of transformers that is run in its place does not know {_listed(unknown)} of its "
                f"{CONFIG_NAME}: it may be another model. Whoever knows that these change nothing "
                "removes them there"
            )


def _unknown(config: Any) -> dict[str, Any]:
    """The fields that a configuration was given and its class does not know, but those set off."""
    try:
        known = vars(type(config)())
    except Exception:  # some cannot be made without options; nothing is said of them
        return {}
    own = {"auto_map", "model_type", *config.attribute_map}
    return {
        field: value
        for field, value in vars(config).items()
        if not (
            value is None
            or value is False
            or field in known
            or field in own
            or field.startswith("_")
        )
    }


def _listed(names: Mapping[str, Any]) -> str:
    return ", ".join(sorted(names))
