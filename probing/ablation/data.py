"""The data of an ablation: a text, and sets of minimal pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pytorch_lightning import LightningDataModule
from pytorch_lightning.utilities import rank_zero_only
from torch.utils.data import DataLoader

from probing.ablation.batches import Texts
from probing.ablation.texts import FEWEST, Sentences, pairs, sentences
from probing.ablation.trees import Trees
from probing.core.errors import ProbingError, check_range
from probing.core.sentences import Reader
from probing.data import DependencyData
from probing.data.embedded import without_embedding
from probing.data.samplers import EvaluationBatches
from probing.encoder import PlainTokenizer, WordpieceTokenizer
from probing.reports.terminal.tables import show
from probing.surface.report.labels import NamedHead

Part = Texts | Trees
"""What is read: sentences, pairs of them, or sentences with trees."""


class AblationData(LightningDataModule):
    """What the model reads with and without heads.

    Args:
        test: a text: a file or a folder of files with one sentence a line and empty lines between
            documents, ``datasets:NAME,text=COLUMN``, ``builtin:documents=N,seed=S``, or any
            treebank that can be read; left out, if not given.
        pairs: minimal pairs: files with ``good<TAB>bad`` a line, and ``builtin:SET,pairs=N,seed=S``
            of the built-in grammar, where SET is ``agreement``, ``roles`` or ``reversible``.
        most: the most sentences of the text, spread evenly over it; all, if not given.
        treebank: dependency trees, for accuracies of heads and UAS of probes; left out, if not
            given.
        reader: function from a path to sentences, for treebanks in files of other formats.
        batch_wordpieces: the most wordpieces that the model gets at once.
        workers: processes that load batches ahead of the model.
        tokenizer: the encoder's (the command line fills it in).
    """

    def __init__(
        self,
        test: str | None = None,
        *,
        pairs: list[str] | None = None,
        most: int | None = 500,
        treebank: str | None = None,
        reader: Reader | None = None,
        batch_wordpieces: int = 1000,
        workers: int = 0,
        tokenizer: WordpieceTokenizer | None = None,
    ) -> None:
        super().__init__()
        if tokenizer is None:
            raise ValueError("AblationData needs the encoder's tokenizer")
        self.test = test
        self.pairs = list(pairs or [])
        self.most = most
        self.treebank = treebank
        self.reader = reader
        self.batch_wordpieces = batch_wordpieces
        self.workers = workers
        self.words = tokenizer
        self.tokenizer = PlainTokenizer(tokenizer)
        self.from_others = False
        """Whether lengths that few texts have are left out: the map of another is needed."""
        self.in_turn = False
        """Whether each wordpiece of a pair is masked in turn."""
        self.alone = False
        """Whether each sentence with a tree runs alone."""
        self.parts: list[Part] = []

    def setup(self, stage: str) -> None:
        """Read and tokenize.

        Raises:
            ProbingError: if there is nothing to read, or it cannot be read.
        """
        if self.parts:
            return
        if self.most is not None:
            check_range(1, **{"--data.most": self.most})
        check_range(1, **{"--data.batch_wordpieces": self.batch_wordpieces})
        check_range(0, **{"--data.workers": self.workers})
        found: list[Sentences] = []
        if self.test is not None:
            found.append(
                sentences(self.test, reader=self.reader, tokenizer=self.tokenizer, most=self.most)
            )
        for source in self.pairs:
            taken = [part.name for part in found]
            found.append(pairs(source, tokenizer=self.tokenizer, taken=taken))
        if not found and self.treebank is None:
            raise ProbingError("nothing to read: give --data.test FILE or --data.pairs '[FILE]'")
        for part in found:
            if self.from_others:
                part.keep(FEWEST)
        wordpieces = self.batch_wordpieces
        self.parts = [
            Texts(part, wordpieces=wordpieces, in_turn=self.in_turn and part.is_paired)
            for part in found
        ]
        if self.treebank is not None:
            corpus = DependencyData(
                test=self.treebank, reader=self.reader, tokenizer=self.words
            ).open("test")
            fewest = FEWEST if self.from_others else 1
            self.parts.append(Trees(corpus, wordpieces=wordpieces, fewest=fewest, alone=self.alone))

    def in_trees(self, heads: Sequence[NamedHead]) -> list[NamedHead]:
        """Those of some heads whose relations the treebank has; the others are said.

        Raises:
            ProbingError: if there are heads and it has the relation of none.
        """
        rows = {row for p in self.parts if isinstance(p, Trees) for row in p.corpus.census.rows}
        absent = [own.relation for own in heads if own.relation not in rows]
        if absent and len(absent) == len(heads):
            raise ProbingError(f"{self.treebank}: expected one of {', '.join(absent)}, found none")
        if absent:
            rank_zero_only(show)(
                f"not looked at, since {self.treebank} does not have them: {', '.join(absent)}"
            )
        return [own for own in heads if own.relation in rows]

    def check_embedded(self, rows: int, model: str) -> None:
        """Refuse a wordpiece that ``model``, with embeddings for ``rows`` of them, has none for.

        Raises:
            ProbingError: naming it.
        """
        for part in self.parts:
            if isinstance(part, Trees):
                part.corpus.check_embedded(rows, model)
                continue
            for item in part.part.items:
                for ids in item:
                    if max(ids) >= rows:
                        piece = next(piece for piece in ids if piece >= rows)
                        [name] = self.tokenizer.names([piece])
                        raise without_embedding(f"{piece} ({name!r})", rows=rows, model=model)

    def test_dataloader(self) -> list[DataLoader[Any]]:
        """A loader for each part, in their order."""
        return [self._loader(part) for part in self.parts]

    def _loader(self, part: Part) -> DataLoader[Any]:
        trainer = self.trainer
        rank, world = (0, 1) if trainer is None else (trainer.global_rank, trainer.world_size)
        return DataLoader(
            part,
            sampler=EvaluationBatches(part.batches, rank=rank, world=world),
            batch_size=None,
            num_workers=self.workers,
            persistent_workers=self.workers > 0,
        )
