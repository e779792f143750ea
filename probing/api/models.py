"""Models, heads and probes from Python: for notebooks and scripts of one's own."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Callable, Iterable, Sequence
from inspect import Parameter, signature
from typing import Any, Self

import torch

from probing.api.restore import restore
from probing.api.scores import Scores, scored
from probing.api.sentence import Encoded
from probing.core.batches import EdgeBatch
from probing.core.errors import ProbingError
from probing.core.head_picking import HeadPicking
from probing.core.sentences import Sentence
from probing.core.terms import ALL, MAIN
from probing.core.windows import Window
from probing.data import DependencyData, EdgeData
from probing.data.collating import collate
from probing.data.tasks.base import misfit
from probing.data.tasks.dependencies import Dependencies
from probing.data.text import joined
from probing.encoder import PACKAGED, Encoder
from probing.learning.module import ProbingModule


def load(name: str = PACKAGED, **options: Any) -> Model:
    """A frozen model, ready to look at.

    Args:
        name: a model of the hub, a folder, or ``package:MODULE``.
        options: of :class:`~probing.encoder.Encoder`: ``layers=[2, 3]``, ``random_init=True``, ...

    Raises:
        ProbingError: if it is not there, or its attention cannot be read; for other options.
    """
    _known(options, Encoder)
    return Model(ProbingModule(Encoder(name, **options)), DependencyData())


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
    return Model(*restore(checkpoint, model=model, imports=imports))


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

    Args:
        module: encoder and probes.
        data: which task :meth:`score` is about, and how its data is read.
    """

    def __init__(self, module: ProbingModule, data: EdgeData) -> None:
        module.configure_model()
        module.eval()
        self.module = module
        self.data = data

    @property
    def encoder(self) -> Encoder:
        """The frozen model itself."""
        return self.module.encoder

    @property
    def probes(self) -> list[str]:
        """The names of the probes."""
        return list(self.module.probes)

    def __repr__(self) -> str:
        with_probes = f", probes {', '.join(self.probes)}" if self.probes else ""
        return f"<{self.module.description}{with_probes}>"

    def to(self, device: str | torch.device) -> Self:
        """The same, on ``device``."""
        self.module.to(device)
        return self

    def encode(self, words: Sequence[str]) -> Encoded:
        """What the model makes of one sentence.

        Args:
            words: of the sentence; punctuation marks are words.

        Raises:
            ProbingError: if it is no list of words, or too long for the model.
        """
        batch = self._batch(words).to(self.module.device)
        with torch.no_grad():
            picking = HeadPicking(batch)
            encodings = self.module.encode(
                batch, extra={"attention", "boundary"}, collectors={MAIN: [picking]}
            )
        parses = isinstance(self.data.task, Dependencies)
        probes = self.module.probes if parses else None
        return Encoded(batch, encodings, picking.found, self.encoder, probes)

    def score(
        self,
        test: str,
        *,
        val: str | None = None,
        data: EdgeData | None = None,
        min_anchors: int = 100,
    ) -> Scores:
        """Score every head, and every probe, with the counts of ``evaluate.py``; writes nothing.

        Args:
            test: a file, a folder of files, or another source that ``--data.test`` takes.
            val: what heads are chosen on; the test data itself, if not given.
            data: another task or way to read, such as ``CoreferenceData(limit=128)``.
            min_anchors: how many anchors a row needs for a line in the table of best heads.

        Raises:
            ProbingError: if the data cannot be read.
        """
        own = copy.copy(self.data if data is None else data)
        own.sources = {"train": None, "val": val, "test": test}
        own.splits = {}
        own.tokenizer = self.encoder.tokenizer
        return scored(self.module, own, min_anchors=min_anchors)

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
        window = Window(
            words=sentence.words,
            wordpieces=wordpieces,
            anchors=range(len(words)),
            gold=[[]] * len(words),
            candidates=None,
            rows=[[]] * len(words),
        )
        return collate([window], (ALL,), Dependencies.terms, tokenizer.pad_id)


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
