"""A window as a row of a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from probing.core.windows import Origin, Window, Wordpieces

_INTS = pa.list_(pa.int32())
SCHEMA = pa.schema(
    {
        "words": pa.list_(pa.string()),
        "ids": _INTS,
        "words_of": _INTS,
        "last_of": _INTS,
        "anchors": _INTS,
        "gold": pa.list_(_INTS),
        "candidates": pa.list_(_INTS),
        "spans": pa.list_(_INTS),
        "rows": pa.list_(_INTS),
        "baselines": pa.list_(pa.list_(pa.float64())),
        "picks": pa.list_(_INTS),
        "kinds": pa.list_(_INTS),
        "number": pa.int64(),
        "place": pa.int64(),
        "for_probes": pa.list_(pa.bool_()),
        "length": pa.int32(),
        "part": pa.int32(),
        "document": pa.string(),
        "lines": _INTS,
        "starts": _INTS,
        "upos": pa.list_(pa.string()),
        "xpos": pa.list_(pa.string()),
        "feats": pa.list_(pa.string()),
    }
)


def to_row(window: Window, *, part: int) -> dict[str, object]:
    """The row of a window of that part of the corpus."""
    return {
        "words": window.words,
        "ids": window.wordpieces.ids,
        "words_of": window.wordpieces.words_of,
        "last_of": window.wordpieces.last_of,
        "anchors": list(window.anchors),
        "gold": window.gold,
        "candidates": window.candidates,
        "spans": window.spans,
        "rows": window.rows,
        "baselines": window.baselines,
        "picks": window.picks,
        "kinds": window.kinds,
        "number": window.document,
        "place": window.place,
        "for_probes": window.for_probes,
        "part": part,
        "length": len(window.wordpieces.ids),
        # Named after its file, it may hold half a character, which Arrow does not.
        "document": window.origin.document.encode(errors="backslashreplace").decode(),
        "lines": window.origin.lines,
        "starts": window.origin.starts,
        "upos": window.upos or None,
        "xpos": window.xpos or None,
        "feats": window.feats or None,
    }


def from_row(row: Mapping[str, Any]) -> Window:
    """The window that a row was made of."""
    return Window(
        words=row["words"],
        wordpieces=Wordpieces(row["ids"], row["words_of"], row["last_of"]),
        anchors=row["anchors"],
        gold=row["gold"],
        candidates=row["candidates"],
        spans=row["spans"],
        rows=row["rows"],
        baselines=row["baselines"],
        picks=row["picks"],
        kinds=row["kinds"],
        document=row["number"],
        place=row["place"],
        origin=Origin(row["document"], row["lines"], row["starts"]),
        for_probes=row["for_probes"],
        upos=row["upos"] or (),
        xpos=row["xpos"] or (),
        feats=row["feats"] or (),
    )
