"""Category rules as baselines of a corpus, against loops over its file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from letters import Letters

from probing.core.batches import EdgeBatch
from probing.core.category_rules import CATEGORIES, FORM, GOLD, KINDS, RULES
from probing.core.picking import OFFSETS
from probing.core.windows import Text, Wordpieces
from probing.counting.metrics import EdgeAccuracy
from probing.data import DependencyData
from probing.data.samplers import batches_by_length
from probing.data.sources.files import open_source
from probing.data.store import EdgeWindows

BUILTIN = "builtin:documents=5,seed={}"
BESIDE = Path(__file__).resolve().parents[3] / "shared" / "data"


class Whole(Letters):
    """A wordpiece a word, so that no sentence of a treebank is left out."""

    def __call__(self, windows: Sequence[Text]) -> list[Wordpieces]:
        """Tokenize."""
        sizes = (len(window.words) for window in windows)
        return [Wordpieces([1, *[5] * n, 2], [-1, *range(n), -1]) for n in sizes]


def opened(val: str, test: str) -> tuple[EdgeWindows, EdgeWindows]:
    data = DependencyData(val=val, test=test, tokenizer=Whole(limit=2000, pad_id=0))
    return data.split("val"), data.split("test")


def naive_counts(source: str, tags: Sequence[str]) -> tuple[Counter[tuple[str, str]], Counter[str]]:
    """How often each rule is right about each relation, and how often there is one; no roots.

    ``tags`` are those of all words of the source, in a line.
    """
    right: Counter[tuple[str, str]] = Counter()
    total: Counter[str] = Counter()
    start = 0
    for sentence in open_source(source, None).read():
        count = len(sentence.words)
        own = tags[start : start + count]
        start += count
        for word in range(count):
            head, relation = sentence.heads[word] - 1, sentence.relations[word]
            if head < 0:
                continue
            total[relation] += 1
            # A rule is right if the head is of its kind, and the first or the second on that side.
            side = "left" if head < word else "right"
            between = own[head + 1 : word] if head < word else own[word + 1 : head]
            for kind, categories in KINDS.items():
                before = sum(tag in categories for tag in between)
                if own[head] in categories and before < 2:
                    name = f"{kind}:{side}" + (":2" if before == 1 else "")
                    right[relation, name] += 1
    return right, total


def counted(corpus: EdgeWindows) -> dict[tuple[str, str], float]:
    """What the product counts of every baseline and relation, over the anchors of heads."""
    metric = EdgeAccuracy(corpus.terms.baselines)
    for numbers in batches_by_length(corpus.lengths, wordpieces=600):
        batch = corpus[numbers]
        metric.update(batch, batch.baselines)
    found = metric.compute()["correct"]
    return {
        (row, name): float(found[r, k])
        for r, row in enumerate(metric.rows)
        for k, name in enumerate(corpus.terms.baselines)
    }


def tags_of(corpus: EdgeWindows, family: str) -> list[str]:
    return [CATEGORIES[tag] if tag >= 0 else "_" for tag in corpus.rules.tags[family].tolist()]


def check(corpus: EdgeWindows, source: str) -> None:
    found = counted(corpus)
    for family in (FORM, GOLD):
        right, total = naive_counts(source, tags_of(corpus, family))
        assert any(right.values())
        for relation in total:
            if relation != "root":
                for rule in RULES:
                    name = rule.name(family)
                    expected = right[relation, name.removeprefix(f"{family}=")]
                    assert found[relation, name] == expected, (relation, name)


def test_rules_are_counted_as_by_loops() -> None:
    sources = BUILTIN.format(1), BUILTIN.format(2)
    for corpus, source in zip(opened(*sources), sources, strict=True):
        check(corpus, source)


@pytest.mark.skipif(not BESIDE.is_dir(), reason="needs UD English-EWT")
def test_rules_are_counted_as_by_loops_on_a_treebank(tmp_path: Path) -> None:
    """The first five hundred sentences of each file."""
    sources = []
    for name in ("ewt_dev", "ewt_test"):
        blocks = (BESIDE / f"{name}.conllu").read_text(encoding="utf-8").split("\n\n")[:500]
        sources.append(str(tmp_path / f"{name}.conllu"))
        Path(sources[-1]).write_text("\n\n".join(blocks) + "\n\n", encoding="utf-8")
    for corpus, source in zip(opened(*sources), sources, strict=True):
        check(corpus, source)


def test_a_batch_has_offsets_and_rules_and_says_what_they_pick() -> None:
    _, corpus = opened(BUILTIN.format(1), BUILTIN.format(2))
    batch = corpus[[9, 3, 4]]
    names = corpus.terms.baselines
    assert batch.terms == corpus.terms
    assert len(names) == len(OFFSETS) + 2 * len(RULES)
    assert [rival.name for rival in corpus.terms.rivals] == [
        *("right-branching", "offset", FORM, GOLD)
    ]
    assert corpus.terms.beside_heads == names
    assert batch.picked is not None
    for b, a in torch.nonzero(batch.is_anchor).tolist():
        gold = set(batch.gold_at[b, a].tolist()) - {-1, 0}
        anchor = int(batch.anchors[b, a])
        for k, name in enumerate(names):
            word = int(batch.picked[b, a, k])
            assert word != anchor
            assert -1 <= word < int(batch.lengths[b])
            assert bool(batch.baselines[b, a, k]) == (word + 1 in gold)
            if name.startswith("offset="):
                place = anchor + int(name.removeprefix("offset="))
                assert word == (place if 0 <= place < int(batch.lengths[b]) else -1)


def test_what_is_in_a_batch_does_not_hang_on_the_others() -> None:
    _, corpus = opened(BUILTIN.format(1), BUILTIN.format(2))
    together = corpus[[7, 2, 11]]
    for place, number in enumerate((7, 2, 11)):
        alone = corpus[[number]]
        count = alone.anchors.shape[1]
        assert torch.equal(together.baselines[place, :count], alone.baselines[0])
        assert together.picked is not None
        assert alone.picked is not None
        assert torch.equal(together.picked[place, :count], alone.picked[0])
        assert not together.baselines[place, count:].any()


def test_parts_of_a_batch_keep_what_rules_pick() -> None:
    _, corpus = opened(BUILTIN.format(1), BUILTIN.format(2))
    batch = corpus[[9, 3, 4]]
    some = batch.of_windows([1]).of_anchors(slice(2, 5))
    assert batch.picked is not None
    assert some.picked is not None
    assert torch.equal(some.picked, batch.picked[[1], 2:5])
    assert corpus[[]].baselines.shape == (0, 0, len(corpus.terms.baselines))


def test_root_words_are_wrong_for_every_rule() -> None:
    """A rule that finds nothing does not pick ROOT."""
    _, corpus = opened(BUILTIN.format(1), BUILTIN.format(2))
    found = counted(corpus)
    assert not any(found["root", name] for name in corpus.terms.baselines)


def test_a_batch_is_small() -> None:
    """Two hundred rules cost bits and words, not eight bytes each for how right they are."""
    _, corpus = opened(BUILTIN.format(1), BUILTIN.format(2))
    batch: EdgeBatch = corpus[list(range(20))]
    assert batch.picked is not None
    cells = batch.anchors.numel() * len(corpus.terms.baselines)
    held = sum(t.numel() * t.element_size() for t in (batch.baselines, batch.picked))
    assert held == 5 * cells
    assert "rules" not in corpus.table.column_names
