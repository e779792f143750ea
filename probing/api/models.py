"""Models, heads and probes from Python: for notebooks and scripts of one's own."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Callable, Iterable, Sequence
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any, Self

import torch

from probing.api.sentence import Encoded
from probing.core.batches import EdgeBatch
from probing.core.errors import ProbingError
from probing.core.head_picking import HeadPicking
from probing.core.sentences import Sentence
from probing.core.terms import ALL, MAIN
from probing.core.windows import Window
from probing.data.collating import collate
from probing.data.embedded import check_embedded
from probing.data.tasks.base import misfit
from probing.data.tasks.dependencies import Dependencies
from probing.data.text import joined
from probing.encoder import PACKAGED, Encoder

if TYPE_CHECKING:
    from probing.api.scores import Scores
    from probing.data import EdgeData
    from probing.learning.module import ProbingModule

_NEEDS = frozenset({"attention", "boundary"})


def load(name: str = PACKAGED, **options: Any) -> Model:
    """A frozen model, ready to look at.

    Args:
        name: a model of the hub, a folder, or ``package:MODULE``.
        options: of :class:`~probing.encoder.Encoder`: ``layers=[2, 3]``, ``random_init=True``, ...

    Raises:
        ProbingError: if it is not there, or its attention cannot be read; for other options.
    """
    _known(options, Encoder)
    return Model(Encoder(name, **options).load())


def load_probes(checkpoint: str, *, model: str | None = None, imports: Sequence[str] = ()) -> Model:
    """The probes of a checkpoint of ``train.py``, and the model that they read.

    Nothing in the checkpoint is executed, and classes from outside this package are refused
    unless ``imports`` names their module.

    Args:
        checkpoint: the file.
        model: where the model is now, if no longer where it was.
        imports: modules of probes of your own.

    Raises:
        ProbingError: if it is none, or the model is not the one that the probes learnt from.
    """
    from probing.api.restore import restore

    module, data = restore(checkpoint, model=model, imports=imports)
    return Model(module.encoder, module, data)


def score(test: str, *, model: str | Model = PACKAGED, **options: Any) -> Scores:
    """Score every head on a treebank, as ``evaluate.py`` does.

    Args:
        test: a file, a folder of files, or another source that ``--data.test`` takes.
        model: the name of a model, or one that is loaded.
        options: of :meth:`Model.score`.

    Raises:
        ProbingError: if the data cannot be read; for other options.
    """
    _known(options, Model.score)
    return (load(model) if isinstance(model, str) else model).score(test, **options)


class Model:
    """A frozen model, with any number of trained probes.

    Lightning is loaded when it is needed: to score, and for probes.

    Args:
        encoder: the model itself, loaded.
        module: it and its probes; without probes, if not given.
        data: which task :meth:`score` is about, and how its data is read; dependency trees, if not
            given.
    """

    def __init__(
        self, encoder: Encoder, module: ProbingModule | None = None, data: EdgeData | None = None
    ) -> None:
        self.encoder = encoder.eval()
        self._module = None if module is None else _ready(module)
        self._data = data

    @property
    def module(self) -> ProbingModule:
        """The model and its probes, as a trainer has them."""
        if self._module is None:
            from probing.learning.module import ProbingModule

            self._module = _ready(ProbingModule(self.encoder).to(self._device))
        return self._module

    @property
    def data(self) -> EdgeData:
        """What :meth:`score` is about, if nothing else is said."""
        if self._data is None:
            from probing.data import DependencyData

            self._data = DependencyData()
        return self._data

    @property
    def probes(self) -> list[str]:
        """The names of the probes."""
        return [] if self._module is None else list(self.module.probes)

    @property
    def _device(self) -> torch.device:
        return next(self.encoder.parameters()).device

    def __repr__(self) -> str:
        with_probes = f", probes {', '.join(self.probes)}" if self.probes else ""
        return f"<Model {self.encoder.description}{with_probes}>"

    def _repr_html_(self) -> str:
        from probing.reports.notebook import facts

        sizes = self.encoder.sizes
        layers = ", ".join(map(str, sizes.layer_numbers))
        known = {"model": self.encoder.description, "layers": layers, "heads": str(sizes.heads)}
        known |= {"probes": ", ".join(self.probes)} if self.probes else {}
        return facts(self.encoder.title, known | {"device": str(self._device)})

    def to(self, device: str | torch.device) -> Self:
        """The same, on ``device``."""
        (self.encoder if self._module is None else self._module).to(device)
        return self

    def encode(self, words: Sequence[str]) -> Encoded:
        """What the model makes of one sentence.

        Args:
            words: of the sentence; punctuation marks are words.

        Raises:
            ProbingError: if it is no list of words, or too long for the model; if what the model
                makes of it is not finite.
        """
        batch = self._batch(words).to(self._device)
        with torch.no_grad():
            picking = HeadPicking(batch)
            if not self.probes:
                found = self.encoder(
                    batch.ids,
                    batch.words_of,
                    last_of=batch.last_of,
                    width=batch.width,
                    needs=set(_NEEDS),
                    collectors=[picking],
                )
                self.encoder.check_maps()
                return Encoded(batch, {MAIN: found}, picking.found, self.encoder, {})
            encodings = self.module.encode(batch, extra=_NEEDS, collectors={MAIN: [picking]})
            for encoder in self.module.encoders.values():
                encoder.check_maps()
        parses = isinstance(self.data.task, Dependencies)
        probes = self.module.probes if parses else None
        return Encoded(batch, encodings, picking.found, self.encoder, probes)

    def score(
        self,
        test: str,
        *,
        val: str | None = None,
        train: str | None = None,
        data: EdgeData | None = None,
        min_anchors: int = 100,
        examples: int = 100,
    ) -> Scores:
        """Score every head, and every probe, with the counts of ``evaluate.py``; writes nothing.

        Args:
            test: a file, a folder of files, or another source that ``--data.test`` takes.
            val: what heads are chosen on; the test data itself, if not given.
            train: what tags by form are learnt on, for rules that stand beside heads; if not given,
                what probes were trained on, where that is here, else ``val``.
            data: another task or way to read, such as ``CoreferenceData(limit=128)``.
            min_anchors: how many anchors a row needs for a line in the table of best heads.
            examples: of how many anchors of each row, drawn by chance, it is noted what every head
                picks, for :meth:`~probing.api.scores.Scores.examples`.

        Raises:
            ProbingError: if the data cannot be read, or what the model makes of it is not finite.
        """
        from probing.api.scores import scored
        from probing.data.sources.files import is_here

        own = copy.copy(self.data if data is None else data)
        before = own.sources["train"]
        if train is None and before is not None and is_here(before):
            train = before
        own.sources = {"train": train, "val": val, "test": test}
        own.splits = {}
        own.tokenizer = self.encoder.tokenizer
        return scored(self.module, own, min_anchors=min_anchors, examples=examples)

    def _batch(self, words: Sequence[str]) -> EdgeBatch:
        """The sentence, every word of which asks for its head."""
        if isinstance(words, str):
            raise ProbingError(f"expected a list of words, found a text; try {words!r}.split()")
        if not words or not all(isinstance(word, str) for word in words):
            raise ProbingError(f"expected a list of words, found {words!r}")
        tokenizer = self.encoder.tokenizer
        sentence = Sentence(list(words), (), (), (), document="", line=0)
        [wordpieces] = tokenizer([joined([sentence])])
        if why := misfit(sentence, wordpieces, tokenizer.limit):
            raise ProbingError(f"the sentence cannot be encoded: {why}")
        own = self.encoder
        check_embedded(wordpieces, words, rows=own.embedded, model=own.name)
        window = Window(
            words=sentence.words,
            wordpieces=wordpieces,
            anchors=range(len(words)),
            gold=[[]] * len(words),
            candidates=None,
            rows=[[]] * len(words),
        )
        return collate([window], (ALL,), Dependencies.terms, tokenizer.pad_id)


def _ready(module: ProbingModule) -> ProbingModule:
    module.configure_model()
    return module.eval()


def _known(options: Iterable[str], of: Callable[..., object]) -> None:
    """Refuse options that ``of`` does not take, naming the nearest that it does.

    Raises:
        ProbingError: for the first of them.
    """
    parameters = signature(of).parameters.values()
    known = [each.name for each in parameters if each.kind is Parameter.KEYWORD_ONLY]
    for option in options:
        if option not in known:
            near = difflib.get_close_matches(option, known, n=1)
            meant = f"; did you mean {near[0]!r}?" if near else ""
            raise ProbingError(f"expected options of {', '.join(known)}, found {option!r}{meant}")
