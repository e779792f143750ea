"""LightningDataModules: from files to batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from pytorch_lightning import LightningDataModule
from torch.utils.data import DataLoader, Dataset, Sampler

from probing.core.batches import EdgeBatch
from probing.core.category_rules import FORM, GOLD
from probing.core.errors import ProbingError, check_range
from probing.core.picking import OFFSETS
from probing.core.schemes import SUD_SEPARATORS, SchemeName, scheme_of
from probing.core.sentences import Reader
from probing.core.terms import Terms
from probing.core.windows import Tokenizer
from probing.data.formats.penn import Escapes
from probing.data.lexicons import open_lexicon
from probing.data.rules import Rules
from probing.data.samplers import EvaluationBatches, TrainingBatches, batches_by_length
from probing.data.store import EdgeWindows, open_windows
from probing.data.tagging import rules_of
from probing.data.tasks.base import Task
from probing.data.tasks.candidates import CandidatesName
from probing.data.tasks.coreference import Coreference
from probing.data.tasks.dependencies import SOME_PUNCTUATION, WITH_PUNCTUATION, Dependencies
from probing.data.tasks.offsets import with_offsets
from probing.data.tasks.punctuation import UNTOLD

# Which splits each entry point of the Trainer opens: what comes later is opened early, so that
# a bad file is found before hours of work.
_SPLITS: Mapping[str, tuple[str, ...]] = {
    "fit": ("train", "val", "test"),
    "validate": ("val", "test"),
    "test": ("test",),
    "predict": ("train",),
}


@dataclass(frozen=True)
class Shared(Dataset[EdgeBatch]):
    """A corpus whose batches say that other processes hold the rest of their windows."""

    windows: EdgeWindows

    def __getitem__(self, indices: Sequence[int]) -> EdgeBatch:
        return replace(self.windows[indices], is_shared=True)

    def __len__(self) -> int:
        return len(self.windows)


class EdgeData(LightningDataModule):
    """Windows and edges from files, batched by length and dealt to processes.

    Args:
        train: what to learn from: a file, a folder of files, ``builtin:documents=N,seed=S``, or
            ``datasets:NAME[,config=C][,split=S]...``. Of a folder whose files say their split as
            those of Universal Dependencies do, the ``-train`` files; ``-dev`` for ``val`` and
            ``-test`` for ``test``. Of trees, ``evaluate.py`` learns from it which parts of speech
            words have, for the rules that stand beside heads.
        val: what to watch and choose heads on.
        test: what the final report is made of.
        reader: function from a path to sentences, for files; by their endings, if not given.
        escapes: whether escapes of the Penn Treebank (``-LRB-``) are undone (``undo``) or left as
            they are (``keep``) by our own readers of files.
        batch_wordpieces: the most wordpieces of a batch, padding included.
        batch_windows: the most windows of a training batch; with 1 a step sees one sentence of a
            treebank, as in the paper. As many as ``batch_wordpieces`` allows, if not given.
        shuffle_seed: seed of the order of training batches.
        workers: processes that load batches ahead of the model.
        tokenizer: the encoder's (the command line fills it in).
        task: what is asked of the words; a subclass may have one of its own instead.
        share_batches: whether several processes share each training batch, window by window, and so
            train the probes of one; if not, each takes batches of its own, and a step sees as many
            as there are processes.
        changed: whether ``train.py --resume`` goes on though the training data has changed.
        directions: in how many directions heads are scored: by row and by column, as in the paper
            (2), or by their sum, too, which reports call ``both`` (3).
        cache_features: a folder to keep what probes learn from, in float16, so that training runs
            the model in its first epoch alone; it does in each, if not given.
    """

    task: Task

    def __init__(
        self,
        train: str | None = None,
        val: str | None = None,
        test: str | None = None,
        *,
        reader: Reader | None = None,
        escapes: Escapes = "undo",
        batch_wordpieces: int = 1000,
        batch_windows: int | None = None,
        shuffle_seed: int = 0,
        workers: int = 0,
        tokenizer: Tokenizer | None = None,
        task: Task | None = None,
        share_batches: bool = False,
        changed: bool = False,
        directions: Literal[2, 3] = 3,
        cache_features: str | None = None,
    ) -> None:
        super().__init__()
        if task is not None:
            self.task = task
        if not hasattr(self, "task"):
            raise ProbingError("EdgeData needs a task: --data.task my_module.MyTask")
        self.sources = {"train": train, "val": val, "test": test}
        self.reader = reader
        self.escapes = escapes
        check_range(1, batch_wordpieces=batch_wordpieces)
        if batch_windows is not None:
            check_range(1, batch_windows=batch_windows)
        check_range(0, shuffle_seed=shuffle_seed)
        check_range(0, 1024, workers=workers)
        self.batch_wordpieces = batch_wordpieces
        self.batch_windows = batch_windows
        self.share_batches = share_batches
        self.shuffle_seed = shuffle_seed
        self.workers = workers
        self.tokenizer = tokenizer
        self.splits: dict[str, EdgeWindows] = {}
        self.changed = changed
        self.directions = directions
        self.cache_features = cache_features
        self.learnt: list[str] = []

    def prepare_data(self) -> None:
        """Read and tokenize, once, before other processes look."""
        if self.trainer is not None and self.trainer.state.fn is not None:
            self.setup(self.trainer.state.fn.value)

    def setup(self, stage: str) -> None:
        """Open the splits that ``stage`` (fit, validate, test or predict) needs."""
        for split in _SPLITS[stage]:
            if self.sources[split] is not None:
                self.split(split)

    def open(self, split: str) -> EdgeWindows:
        """Open one split.

        Raises:
            ProbingError: if it was not given, or cannot be read.
        """
        source = self.sources[split]
        if source is None:
            raise ProbingError(f"no {split} data: give --data.{split} FILE")
        if self.tokenizer is None:
            raise ValueError("EdgeData needs the encoder's tokenizer")
        windows = open_windows(
            source,
            reader=self.reader,
            escapes=self.escapes,
            task=self.task,
            tokenizer=self.tokenizer,
            split=split,
        )
        return replace(windows, terms=self.terms)

    @property
    def terms(self) -> Terms:
        """What the task counts, by name; of directions those that heads are scored in."""
        terms = self.task.terms
        return replace(terms, directions=terms.directions[: self.directions])

    def state_dict(self) -> dict[str, Any]:
        """What was learnt from so far, for a checkpoint: see :meth:`learnt_from`."""
        return {"learnt": self.learnt_from()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on where a checkpoint was written."""
        self.learnt = [str(data) for data in state_dict.get("learnt") or ()]

    def learnt_from(self) -> list[str]:
        """SHA-256 of the training data, behind that of each other that was learnt from before.

        Only words, anchors and answers count, so that a file may move.
        """
        if "train" in self.splits:
            current = self.splits["train"].questions
            if self.learnt[-1:] != [current]:
                self.learnt = [*self.learnt, current]
        return self.learnt

    def train_dataloader(self) -> DataLoader[EdgeBatch]:
        """Shuffled batches."""
        windows = self.split("train")
        rank, world = self._place()
        sampler = TrainingBatches(
            windows.lengths,
            wordpieces=self.batch_wordpieces,
            windows=self.batch_windows,
            seed=self.shuffle_seed,
            rank=rank,
            world=world,
            shared=self.share_batches,
        )
        is_shared = self.share_batches and world > 1
        return self._loader(Shared(windows) if is_shared else windows, sampler)

    def val_dataloader(self) -> DataLoader[EdgeBatch] | list[DataLoader[EdgeBatch]]:
        """Every validation window once; no loader where no validation data was given."""
        return [] if self.sources["val"] is None else self.evaluation("val")

    def test_dataloader(self) -> DataLoader[EdgeBatch]:
        """Every test window once."""
        return self.evaluation("test")

    def predict_dataloader(self) -> DataLoader[EdgeBatch]:
        """Every training window once: what there is to keep for ``cache_features``."""
        return self.evaluation("train")

    def evaluation(self, split: str) -> DataLoader[EdgeBatch]:
        """Every window of a split once, over all processes."""
        windows = self.split(split)
        rank, world = self._place()
        batches = batches_by_length(windows.lengths, wordpieces=self.batch_wordpieces)
        return self._loader(windows, EvaluationBatches(batches, rank=rank, world=world))

    def split(self, split: str) -> EdgeWindows:
        """The split, opened if need be; see :meth:`open`."""
        if split not in self.splits:
            self.splits[split] = self.open(split)
        return self.splits[split]

    def _place(self) -> tuple[int, int]:
        """The rank of this process and how many there are."""
        trainer = self.trainer
        return (0, 1) if trainer is None else (trainer.global_rank, trainer.world_size)

    def _loader(
        self, windows: Dataset[EdgeBatch], sampler: Sampler[list[int]]
    ) -> DataLoader[EdgeBatch]:
        # Samplers yield lists of indices and the corpus answers with batches, so the loader
        # itself has nothing left to batch.
        return DataLoader(
            windows,
            sampler=sampler,
            batch_size=None,
            num_workers=self.workers,
            pin_memory=torch.cuda.is_available(),
            persistent_workers=self.workers > 0,
        )


class DependencyData(EdgeData):
    """Dependency trees: every word picks its head. One sentence a window.

    Beside heads stand category rules, by tags that are guessed from forms as on ``train``, or else
    on ``val``, and by those of the data: see :class:`~probing.data.rules.Rules`.

    Args:
        scheme: the annotation scheme, for the report; recognised by the labels, if not given.
        offsets: the fixed offsets that are tried as baselines, in words to the right; -10 to 10
            but 0, if not given. A place outside the sentence is wrong.
        clip_offsets: whether such a place is ROOT or the last word instead, as in the paper's
            released code; where ROOT is right, that counts in the rows in which root words do.
        rules: by which tags the rules go that are tried as baselines: those guessed from forms
            (``form``), those of the data (``gold``); by either, if not given.
        limit: the most wordpieces of a sentence, special tokens included; longer ones are left out
            and counted. As many as the model takes, if not given.
    """

    def __init__(
        self,
        *args: Any,
        scheme: SchemeName | None = None,
        offsets: list[int] | None = None,
        clip_offsets: bool = False,
        rules: list[Literal["form", "gold"]] | None = None,
        limit: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, task=Dependencies(limit=limit), **kwargs)
        self.families = [FORM, GOLD] if rules is None else [f"{tags}-rule" for tags in rules]
        self.scheme = scheme
        self.offsets = list(OFFSETS) if offsets is None else offsets
        self.clip_offsets = clip_offsets
        self._rules: tuple[object, Mapping[str, Rules]] | None = None

    def open(self, split: str) -> EdgeWindows:
        """Open one split; see :meth:`EdgeData.open`. Nobody scores rules on the training data."""
        windows = super().open(split)
        scheme = scheme_of(windows.census.rows, self.scheme)
        # What is tried when batches are made does not change the windows that are kept.
        terms = replace(
            with_offsets(windows.terms, self.offsets),
            clips_offsets=self.clip_offsets,
            subtypes=scheme.separators,
        )
        if untold := windows.census.counts[UNTOLD]:
            is_every = untold == windows.census.used
            terms = replace(terms, wording=WITH_PUNCTUATION if is_every else SOME_PUNCTUATION)
        units = windows.units.in_sud() if terms.subtypes == SUD_SEPARATORS else windows.units
        rules = Rules() if split == "train" else self.tried[split]
        terms = rules.beside(terms)
        return replace(windows, terms=terms, scheme=scheme, units=units, rules=rules)

    @property
    def tried(self) -> Mapping[str, Rules]:
        """The category rules that are tried on ``val`` and ``test``, where these were given.

        Raises:
            ProbingError: if any data cannot be read.
        """
        assert self.tokenizer is not None, "a split is open"
        made_of = (*self.sources.items(), self.tokenizer.fingerprint)
        if self._rules is None or self._rules[0] != made_of:
            train, is_read = self.sources["train"], FORM in self.families
            lexicon = None
            if train is not None and is_read:
                lexicon = open_lexicon(train, self.reader, self.escapes)
            given = [split for split in ("val", "test") if self.sources[split] is not None]
            opened = {split: EdgeData.open(self, split) for split in given}
            self._rules = made_of, rules_of(opened, lexicon, self.families)
        return self._rules[1]


class CoreferenceData(EdgeData):
    """Coreference: every anaphor picks an antecedent. Windows of whole sentences.

    Args:
        limit: the most that a window holds; as many wordpieces as the model takes, if not given.
        unit: what ``limit`` counts: ``wordpieces``, special tokens included, or ``words``, which
            makes models with different tokenizers comparable.
        first_window: whether only the first window of each document is used.
        strict: whether a mention that cannot be read stops the run; else it is dropped and counted.
        candidates: what an anaphor may pick: the head word of an earlier mention, of any mention of
            the window (``mentions``), any earlier word, or any of the ``words`` but its own. What
            is right stays the same, and so do baselines.
    """

    def __init__(
        self,
        *args: Any,
        limit: int | None = None,
        unit: Literal["wordpieces", "words"] = "wordpieces",
        first_window: bool = False,
        strict: bool = False,
        candidates: CandidatesName = "earlier-mentions",
        **kwargs: Any,
    ) -> None:
        task = Coreference(
            limit=limit,
            unit=unit,
            first_window=first_window,
            strict=strict,
            candidates=candidates,
        )
        super().__init__(*args, task=task, **kwargs)
