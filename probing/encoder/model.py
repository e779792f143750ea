"""The frozen model, read at the level of words."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import cached_property, partial

import torch
from torch import Tensor

from probing.core.batches import Encoding, Sizes
from probing.core.errors import ProbingError
from probing.core.layers import Collector, LayerRecord, WordLayer
from probing.core.maps import WholeMap
from probing.encoder.alone import forget_lengths, one_by_one
from probing.encoder.frozen import FrozenModel
from probing.encoder.running import run, states_of
from probing.encoder.tap import Enough
from probing.encoder.trial import runs_mixed
from probing.encoder.word_index import WordIndex
from probing.encoder.word_layers import Stack, WordMaps
from probing.encoder.word_maps import AGGREGATIONS, mean


class Encoder(FrozenModel):
    """A frozen Hugging Face model, read at the level of words; takes what a frozen model takes."""

    @cached_property
    def sizes(self) -> Sizes:
        """Layers, heads, hidden and embedding size of the loaded model."""
        trial = self.load().trial
        assert trial is not None  # of a model that is loaded
        return Sizes(
            layers=len(self.layer_numbers),
            heads=trial.heads,
            hidden=trial.hidden,
            embedding=trial.embedding,
            layer_numbers=self.layer_numbers,
        )

    @property
    def embedded(self) -> int:
        """How many wordpieces the loaded model has an embedding for."""
        return int(self.load().model.get_input_embeddings().weight.shape[0])

    def forward(
        self,
        ids: Tensor,
        words_of: Tensor,
        *,
        width: int,
        needs: Collection[str],
        last_of: Tensor | None = None,
        collectors: Sequence[Collector[WordLayer]] = (),
    ) -> Encoding:
        """Encode a batch, computing only what is asked for.

        Args:
            ids: ``[B, T]``.
            words_of: ``[B, T]``, the word of each wordpiece, -1 special, -2 padding.
            width: ``W``.
            needs: names of parts of :class:`~probing.core.batches.Encoding`.
            last_of: ``[B, T]``, the last word of each wordpiece where some belong to several.
            collectors: get the word map of each layer that is looked at, while the model runs;
                of a batch without wordpieces, empty ones.

        Returns:
            The parts asked for; ``visible`` comes with ``attention`` or ``boundary``.
        """
        unknown = set(needs) - {"attention", "boundary", "embeddings", "hidden"}
        if unknown:
            raise ValueError(f"an encoding has no part {min(unknown)!r}")
        index = WordIndex(words_of, width, last_of)
        stack = Stack()
        stacked = {"attention", "boundary"} & set(needs)
        takers = [*collectors, stack] if stacked else collectors
        parts: dict[str, Tensor | None]
        if ids.numel():
            parts = self._parts(ids, index, needs, takers)
        else:
            parts = self._empty(index, needs, takers)
        return Encoding(**parts, **(stack.parts(stacked, index) if stacked else {}))

    def _parts(
        self,
        ids: Tensor,
        index: WordIndex,
        needs: Collection[str],
        collectors: Sequence[Collector[WordLayer]],
    ) -> dict[str, Tensor | None]:
        """Run the model; the parts of the encoding that collectors do not make."""
        parts: dict[str, Tensor | None] = {}
        if "embeddings" in needs:
            vectors = self.model.get_input_embeddings()(ids).float()
            parts["embeddings"] = _words(index, vectors)  # [B, W, D]
        if collectors or "hidden" in needs:
            real = index.words_of > -2
            maps = WordMaps(index, AGGREGATIONS[self.aggregation], collectors)
            every = self._run(
                ids, real, [maps] if collectors else [], with_states="hidden" in needs
            )
            if "hidden" in needs:
                numbers = (0, *self.layer_numbers)
                own = [every[number] for number in numbers]
                for number, state in zip(numbers, own, strict=True):
                    if state.shape[:2] != ids.shape:
                        raise ProbingError(
                            f"{self.name}: expected hidden states of {ids.shape[1]} wordpieces in "
                            f"{len(ids)} windows, found the shape {tuple(state.shape)}"
                        )
                    self.soundness.see_states(number, state, real)
                found = {state.shape[-1] for state in own}
                if found != {self.sizes.hidden}:
                    raise ProbingError(
                        f"{self.name}: expected hidden states of size {self.sizes.hidden}, found "
                        f"{', '.join(map(str, sorted(found)))}: they do not compare"
                    )
                hidden = [_words(index, state.float()) for state in own]
                parts["hidden"] = torch.stack(hidden, 1)  # [B, L+1, W, D]
        return parts

    def read(
        self,
        ids: Tensor,
        real: Tensor,
        collectors: Sequence[Collector[LayerRecord]],
        *,
        types: Tensor | None = None,
    ) -> None:
        """Run the model and hand the layers that are looked at to ``collectors``, one by one.

        Args:
            ids: ``[B, T]``, at least one window.
            real: ``[B, T]``, false for padding.
            collectors: get each layer at the level of wordpieces.
            types: ``[B, T]``, the part of a window that a wordpiece belongs to, for models
                with embeddings of token types; all in the first, if not given.
        """
        self._run(ids, real, collectors, types=types)

    def _run(
        self,
        ids: Tensor,
        real: Tensor,
        collectors: Sequence[Collector[LayerRecord]],
        *,
        types: Tensor | None = None,
        with_states: bool = False,
    ) -> Sequence[Tensor]:
        """Run the model over a batch; returns all hidden states ``[B, T, D]``, if asked for."""
        if self.together is not None:
            forget_lengths(self.model)
        if self.apart(ids):
            return one_by_one(
                partial(self._run, with_states=with_states), ids, real, collectors, types
            )
        takers = [self.soundness.watch(real), *collectors] if collectors else []
        with suppress(Enough), self._precision(ids.device.type):
            output = run(
                self.model,
                ids,
                real,
                types=types,
                output_hidden_states=with_states,
                **({"tap": self.tap(takers, stop=not with_states)} if takers else {}),
            )
            return states_of(output, self.source.text) or ()
        return ()

    def _precision(self, device: str) -> AbstractContextManager[None]:
        """Mixed precision as it is switched on; none for a model that does not run in it."""
        if not torch.is_autocast_enabled(device) or self._runs_mixed:
            return nullcontext()
        return torch.autocast(device, enabled=False)

    @cached_property
    def _runs_mixed(self) -> bool:
        return runs_mixed(self.model)

    def _empty(
        self,
        index: WordIndex,
        needs: Collection[str],
        collectors: Sequence[Collector[WordLayer]],
    ) -> dict[str, Tensor | None]:
        """The same of no wordpieces at all, which some models cannot compute."""
        size, width = self.sizes, index.width
        batch, device = len(index.words_of), next(self.model.parameters()).device
        for number in self.layer_numbers:
            maps = torch.zeros(batch, size.heads, width + 2, width + 2, device=device)
            is_word = maps.new_zeros(batch, width, dtype=torch.bool)
            layer = WordLayer(number, WholeMap(maps), is_word)
            for collector in collectors:
                collector.take(layer)
        shapes = {
            "embeddings": (batch, width, size.embedding),
            "hidden": (batch, size.layers + 1, width, size.hidden),
        }
        return {n: torch.zeros(shapes[n], device=device) for n in needs if n in shapes}


def _words(index: WordIndex, vectors: Tensor) -> Tensor:
    """Mean over each word's wordpieces, ``[B, T, D]`` to ``[B, W, D]``, in float32."""
    with torch.autocast(vectors.device.type, enabled=False):
        members = index.membership
        return mean(members.taken(vectors[:, None], 2), members, 2)[:, 0, : index.width]
