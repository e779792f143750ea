"""``summary.json``: the scores in short, and what was run, on what and how."""

from __future__ import annotations

from collections.abc import Mapping

from pytorch_lightning import Trainer

from probing.core.terms import ALL
from probing.counting.best import BestHead
from probing.counting.counts import HeadCounts
from probing.counting.hard import Hard
from probing.counting.intervals import BOUNDS, Interval
from probing.counting.spread import Family
from probing.data import EdgeData
from probing.data.store import EdgeWindows
from probing.learning.module import ProbingModule
from probing.reports.findings import Findings
from probing.reports.run_facts import facts_of
from probing.reports.wording import wording_of


def summary(findings: Findings) -> dict[str, object]:
    """The part of ``summary.json`` that is about scores."""
    score = wording_of(findings.counts.terms).score.lower()
    overall, families = findings.overall, findings.overall_families
    ends = {name: _bounds(own.interval) for name, own in overall.items() if own.interval}
    return {
        "demonstration": findings.is_demonstration,
        "partial": findings.is_partial,
        "split": findings.split,
        "heads_chosen_on": findings.chosen_on,
        "shared_anchors": _shared(findings.counts),
        "held_out": findings.is_held_out,
        "best_heads": {best.relation: _best(best, findings) for best in findings.table},
        **({} if findings.flattery is None else {"flattery": round(findings.flattery, 6)}),
        score: {name: own.accuracy for name, own in overall.items()},
        **({"intervals": {"from": findings.resamples, score: ends}} if findings.resamples else {}),
        **({"tests": _tests(findings)} if findings.tests else {}),
        **({"seeds": {own.name: _seeds(own) for own in families}} if families else {}),
        **({"differences": _differences(findings)} if findings.pairs else {}),
    }


def _shared(counts: HeadCounts) -> dict[str, int]:
    """How many anchors of ``all`` have gold words that share all their wordpieces."""
    row = counts.row(ALL)
    values = (0, 0, 0) if row is None else (int(counts.total[row]), *counts.shared[row].tolist())
    return dict(zip(("anchors", "gold_in_a_class", "gold_in_own_class"), values, strict=True))


def _best(best: BestHead, findings: Findings) -> dict[str, object]:
    return {
        "head": str(best.head),
        "direction": best.head.direction,
        "accuracy": round(best.accuracy, 6),
        "anchors": best.total,
        **_bounds(best.interval),
        **{
            beside.rival.name: {
                "baseline": beside.baseline,
                "accuracy": round(beside.correct / best.total, 6),
                **_bounds(beside.interval),
            }
            for beside in best.all_beside
        },
        **({"hard": _hard(best.hard)} if best.hard else {}),
        **({f"best_on_{findings.split}": _own(best)} if findings.is_held_out else {}),
        **({} if best.stability is None else {"chosen_again": round(best.stability, 6)}),
        **({"genres_above": list(best.genres)} if best.genres else {}),
    }


def _tests(findings: Findings) -> dict[str, object]:
    """What was tested, and what came of the heads of the table."""
    tests = findings.tests
    assert tests is not None
    found = {
        best.relation: {
            "baseline": best.test.baseline,
            "effect": round(best.test.effect, 6),
            "p": round(best.test.p, 6),
            "q": round(best.test.q, 6),
            **(
                {}
                if best.test.detectable is None
                else {"detectable": round(best.test.detectable, 6)}
            ),
        }
        for best in findings.table
        if best.test is not None
    }
    return {
        "from": findings.flips,
        "tests": tests.size,
        "rows": [tests.counts.rows[r] for r in tests.rows],
        "baselines": list(tests.counts.terms.beside_heads),
        "best_heads": found,
    }


def _hard(hard: Hard) -> dict[str, object]:
    """Where the strongest baseline is wrong, where it is right, how often both pick the same."""
    shares = {
        "accuracy": hard.on_hard,
        "easy_accuracy": hard.on_easy,
        "agreement": hard.agreement,
    }
    rounded = {name: None if share is None else round(share, 6) for name, share in shares.items()}
    return {"anchors": hard.hard, **rounded}


def _own(best: BestHead) -> dict[str, object]:
    """The head that is best where it is scored, another having been chosen elsewhere."""
    return {
        "head": str(best.own),
        "direction": best.own.direction,
        "accuracy": round(best.own_accuracy, 6),
        "flattery": round(best.flattery, 6),
    }


def _seeds(family: Family) -> dict[str, object]:
    return {
        "seeds": list(family.accuracies),
        "mean": round(family.mean, 6),
        "sd": round(family.sd, 6),
        "min": family.low,
        "max": family.high,
    }


def _differences(findings: Findings) -> list[dict[str, object]]:
    """Over ``all``."""
    return [
        {
            "first": found.pair.first,
            "second": found.pair.second,
            "difference": round(found.apart, 6),
            **_bounds(found.interval),
        }
        for found in findings.differences
        if found.row == ALL
    ]


def _bounds(interval: Interval | None) -> dict[str, float]:
    """Ends and units."""
    if interval is None:
        return {}
    values = (round(interval.low, 6), round(interval.high, 6), interval.units)
    return dict(zip(BOUNDS, values, strict=True))


def circumstances(
    corpus: EdgeWindows,
    trainer: Trainer,
    module: ProbingModule,
    *,
    seconds: float,
    also_in: Mapping[str, int],
) -> dict[str, object]:
    """The part of ``summary.json`` that says what was run, on what and how.

    Args:
        corpus: the split.
        trainer: of the run.
        module: what was run.
        seconds: how long, so far.
        also_in: how many of its sentences stand elsewhere, too, by split.
    """
    census, scheme, vectors = corpus.census, corpus.scheme, module.vectors
    packages = ("torch", "pytorch-lightning", "transformers", "torchmetrics", "datasets")
    return {
        **facts_of(trainer, *packages, seconds=seconds),
        **module.identity,
        "data": {
            "source": corpus.source,
            "sha256": corpus.questions,
            **({"files": corpus.files} if corpus.files else {}),
            **({"scheme": scheme.name, "scheme_by": scheme.by} if scheme else {}),
            "documents": census.documents,
            "sentences": census.sentences,
            "used": census.used,
            "windows": census.windows,
            "words": census.words,
            "wordpieces": census.wordpieces,
            "left_out": dict(census.left_out),
            "not_trees": dict(census.faults),
            "counts": dict(census.counts),
            "odd": dict(census.oddities),
            **({"odd_first": census.first} if census.first else {}),
            "split_words": census.split,
            "shared_wordpieces": census.shared,
            "unknown_words": census.unknown,
            "rebuilt_words": census.rebuilt,
            **({"rules": dict(corpus.rules.counted)} if corpus.rules.counted else {}),
        },
        **({} if vectors is None else {"vectors": vectors.summary(corpus.vocabulary)}),
        **_training_data(trainer),
        "epochs": trainer.current_epoch,
        "also_in": dict(also_in),
    }


def _training_data(trainer: Trainer) -> dict[str, object]:
    """Whether probes have learnt from one training data and then, resumed, from another."""
    data = getattr(trainer, "datamodule", None)
    learnt = data.learnt_from() if isinstance(data, EdgeData) else ()
    return {"training_data_changed": True} if len(learnt) > 1 else {}
