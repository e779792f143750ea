"""Segments as memory-mapped Arrow files, cached by content like treebanks."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from torch.utils.data import Dataset

from probing.core.errors import ProbingError
from probing.core.files import cache_folder, written_aside
from probing.core.sentences import Reader
from probing.data import store as windows
from probing.data.arrow_files import (
    first_beyond,
    read_state,
    write_rows,
    write_state,
)
from probing.data.embedded import without_embedding
from probing.data.sources.fingerprints import code_of
from probing.encoder import PlainTokenizer
from probing.surface.text.batches import TokenBatch, pad
from probing.surface.text.segments import Segment, TextCensus, counted, segments
from probing.surface.text.texts import open_text

if TYPE_CHECKING:
    import datasets

SHAPING = (*windows.SHAPING, "surface/text", "encoder/plain.py")
"""Where the code is that shapes a segment; the tokenizer answers for its own."""
_SCHEMA = pa.schema({name: pa.list_(pa.int32()) for name in ("ids", "types", "kinds")})


@dataclass(frozen=True)
class Segments(Dataset[TokenBatch]):
    """A text: segments in a memory-mapped Arrow file. ``text[[3, 1]]`` is a batch."""

    source: str
    table: datasets.Dataset
    census: TextCensus
    lengths: np.ndarray[tuple[int], np.dtype[np.int32]]
    pad_id: int
    files: str = ""

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, indices: Sequence[int]) -> TokenBatch:
        return pad(self.segments(indices), self.pad_id)

    def check_embedded(self, rows: int, model: str, tokenizer: PlainTokenizer) -> None:
        """Refuse a wordpiece that ``model``, with embeddings for ``rows`` of them, has none for.

        Raises:
            ProbingError: naming it.
        """
        number = first_beyond(self.table.data.column("ids"), rows)
        if number is not None:
            [segment] = self.segments([number])
            piece = next(piece for piece in segment.ids if piece >= rows)
            [name] = tokenizer.names([piece])
            raise without_embedding(f"{piece} ({name!r})", rows=rows, model=model)

    def segments(self, indices: Sequence[int]) -> list[Segment]:
        """Some segments."""
        # An empty list of rows has no columns in `datasets`.
        columns = self.table[list(indices)] if len(indices) else {}
        return [
            Segment(columns["ids"][i], columns["types"][i], columns["kinds"][i])
            for i in range(len(indices))
        ]


def open_segments(
    source: str, *, reader: Reader | None, tokenizer: PlainTokenizer, limit: int, seed: int
) -> Segments:
    """Open a text, reading and packing it first if that has not been done.

    Args:
        source: what :func:`~probing.surface.text.texts.open_text` takes.
        reader: reads files as a treebank.
        tokenizer: the model's.
        limit: the most wordpieces of a segment.
        seed: of splits.

    Raises:
        ProbingError: for a missing, empty or faulty text, or one without a segment.
    """
    import datasets  # takes a second, which help need not wait for

    opened = open_text(source, reader)
    whole = hashlib.sha256(f"{limit} {seed} {tokenizer.limit} {tokenizer.fingerprint} ".encode())
    whole.update(f"{code_of(*SHAPING)} {opened.fingerprint()}".encode(errors="surrogateescape"))
    arrow = cache_folder() / f"{whole.hexdigest()[:32]}.arrow"
    census_file = arrow.with_suffix(".json")
    state = read_state(census_file, beside=[arrow])
    if state is None:
        census = TextCensus()
        made = segments(opened.lines(), tokenizer, census, limit=limit, seed=seed)
        _write(arrow, opened.name, made, census)
        state = dict(vars(census))
    state["left_out"] = Counter(state["left_out"])
    table = datasets.Dataset.from_file(str(arrow))
    lengths = np.asarray(pc.list_value_length(table.data.column("ids")), dtype=np.int32)
    held = TextCensus(**state)
    return Segments(opened.name, table, held, lengths, tokenizer.pad_id, opened.files)


def _write(arrow: Path, source: str, made: Iterable[Segment], census: TextCensus) -> None:
    """Write the Arrow file and its census: whole or not at all."""
    with written_aside(arrow) as aside:
        write_rows(aside, _SCHEMA, map(asdict, made))
        if not census.sentences:
            raise ProbingError(f"{source}: expected text, found no sentence")
        if not census.segments:
            left = ", ".join(f"{n:,} {why}" for why, n in sorted(census.left_out.items()))
            raise ProbingError(
                f"{source}: expected a document of two sentences, found none among "
                f"{counted(census.documents, 'document')} and "
                f"{counted(census.sentences, 'sentence')} ({left}); "
                "sentences stand on lines of their own, and an empty line ends a document"
            )
    write_state(arrow.with_suffix(".json"), vars(census), beside=[arrow])
