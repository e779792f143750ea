"""When a head has nothing to do: attention to ``[SEP]`` where its relation does not apply.

The paper's section 3.2 takes ``[SEP]`` for a resting place: head 8-10 of BERT, which finds direct
objects, attends there from words that are none. Here that is measured with a treebank, for every
head and relation at once; and for the first special token, ``[CLS]`` or the start token, too,
since other models rest there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import torch
from torch import Tensor

from probing.core.batches import EdgeBatch, Encoding
from probing.core.errors import ProbingError
from probing.core.schemes import is_roll_up
from probing.core.terms import WHOLE
from probing.counting.metrics import RowMetric
from probing.counting.rows import Rows
from probing.data.tasks.possessives import POSS_CLITIC

NOOP = (
    "relation,direction,layer,head,words,other_words,last_where_it_applies,"
    "last_where_it_does_not,first_where_it_applies,first_where_it_does_not"
).split(",")
PLACES = (1, 0)  # the last special token, then the first


def applies(batch: EdgeBatch) -> Tensor:
    """Words to which each relation applies, by direction: ``[2, B, W, R]``, booleans.

    ``dep->head``: the words that have the relation to their head; a head finds it from there.
    ``head->dep``: the words that are such a head.
    """
    window, anchor = batch.is_anchor.nonzero(as_tuple=True)
    member = batch.member[window, anchor]  # [P, R]
    out = torch.zeros(2, len(batch.lengths), batch.width, member.shape[-1], device=batch.ids.device)
    out[0].index_put_((window, batch.anchors[window, anchor]), member.float(), accumulate=True)
    _, anchors, columns = batch.gold.nonzero(as_tuple=True)
    windows = batch.gold.nonzero(as_tuple=True)[0]
    is_word = columns > 0
    windows, anchors, columns = windows[is_word], anchors[is_word], columns[is_word] - 1
    out[1].index_put_((windows, columns), batch.member[windows, anchors].float(), accumulate=True)
    return out > 0


class SpecialMass(RowMetric):
    """Attention to the last special token (``[SEP]``), and to the first, by relation.

    Sums over words, float64: ``where [R, 2, 2, L, H]`` where a relation applies, by direction and
    by place (first, last), ``words [R, 2]`` how many these are; ``everywhere [R, 2, L, H]`` and
    ``every [R]`` over all words, the same for each ``R``.
    """

    where: Tensor
    words: Tensor
    everywhere: Tensor
    every: Tensor

    def update(self, batch: EdgeBatch, encoding: Encoding) -> None:
        """Count a batch, whose encoding must hold ``boundary``."""
        boundary = encoding.part("boundary")[..., :2]  # [B, L, H, W, 2]
        _, layers, heads, _, _ = boundary.shape
        cell = (layers, heads)
        self.start(
            batch,
            {
                "where": ((2, 2, *cell), torch.float64),
                "words": ((2,), torch.int64),
                "everywhere": ((2, *cell), torch.float64),
                "every": ((), torch.int64),
            },
        )
        if not batch.anchors.numel():
            return
        masses = boundary.permute(0, 3, 4, 1, 2)  # [B, W, 2, L, H]
        is_word = batch.is_word[..., None]
        apply = applies(batch) & is_word  # [2, B, W, R]
        self.add("where", torch.stack([Rows(own).sums(masses) for own in apply], 1))
        self.add("words", apply.sum((1, 2)).T)
        self.add("everywhere", Rows(is_word).sums(masses))
        self.add("every", is_word.sum((0, 1)))


@dataclass(frozen=True, slots=True)
class Finder:
    """A head and the relation that it is said to find, in one direction or in both.

    ``accuracy`` is a fraction, where a report says it.
    """

    relation: str
    direction: str
    layer: int
    head: int
    accuracy: float | None = None

    @property
    def title(self) -> str:
        """What stands above a picture of it; in a second line, how well a report found it to do."""
        name = f"head {self.layer}-{self.head}: {self.relation}"
        if self.accuracy is None:
            return name
        return f"{name}\n{self.direction}, {100 * self.accuracy:.0f}%"


def of_labels(finders: Sequence[Finder]) -> tuple[list[Finder], list[str]]:
    """Heads of relations that are labels; and the rows that are none, each once.

    Whether a relation applies to a word is told by its label. Rows that add up labels overlap with
    these, and in that of possessors a clitic may ask, which has another label.
    """
    is_label = {
        own.relation: not is_roll_up(own.relation) and own.relation != POSS_CLITIC
        for own in finders
    }
    rows = [relation for relation, is_one in is_label.items() if not is_one]
    return [own for own in finders if is_label[own.relation]], rows


def absent_relations(finders: Sequence[Finder], rows: Sequence[str], source: str) -> list[str]:
    """Relations of heads that a treebank does not have, which :func:`noop_rows` leaves out.

    Args:
        finders: the heads.
        rows: the relations of the treebank.
        source: what the treebank is called.

    Raises:
        ProbingError: if it has none of them, naming the nearest.
    """
    known = [row for row in rows if row not in WHOLE]
    absent = sorted({finder.relation for finder in finders} - set(known))
    if absent and not any(finder.relation in known for finder in finders):
        near = {name: get_close_matches(name, known, n=1, cutoff=0) or ["none"] for name in absent}
        raise ProbingError(
            f"{source}: expected one of the relations that heads are named for, found none of: "
            + ", ".join(f"{name} (nearest: {own[0]})" for name, own in near.items())
        )
    return absent


def noop_rows(
    counted: Mapping[str, Tensor],
    rows: Sequence[str],
    finders: Sequence[Finder],
    layers: Sequence[int],
) -> Iterator[tuple[object, ...]]:
    """Lines of ``noop.csv``.

    Args:
        counted: what :class:`SpecialMass` counted.
        rows: names of its ``R`` rows.
        finders: whom to report on; relations that do not occur are left out.
        layers: the numbers of the ``L`` layers.
    """
    known = [row for row in rows if row not in WHOLE]
    for finder in finders:
        if finder.relation not in known or finder.layer not in layers:
            continue
        r, at = rows.index(finder.relation), (layers.index(finder.layer), finder.head - 1)
        for d, direction in enumerate(("dep->head", "head->dep")):
            words = int(counted["words"][r, d])
            others = int(counted["every"][r]) - words
            if finder.direction not in (direction, "both") or not words or not others:
                continue
            means = []
            for place in PLACES:
                where = float(counted["where"][r, d, place][at])
                everywhere = float(counted["everywhere"][r, place][at])
                means += [where / words, (everywhere - where) / others]
            yield (
                finder.relation,
                direction,
                finder.layer,
                finder.head,
                words,
                others,
                *(f"{mean:.6f}" for mean in means),
            )
