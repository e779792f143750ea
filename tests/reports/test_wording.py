"""The words that a task names."""

from __future__ import annotations

import sys
from dataclasses import replace
from types import ModuleType

import pytest

from probing.core.errors import ProbingError
from probing.core.terms import Terms
from probing.data.tasks.candidates import CANDIDATES
from probing.data.tasks.coreference import Coreference
from probing.data.tasks.dependencies import Dependencies
from probing.reports.wording import PLAIN, Wording, briefly, wording_of


def test_every_task_has_words(terms: Terms) -> None:
    scores = [wording_of(each).score for each in (Dependencies.terms, Coreference().terms, terms)]
    assert scores[:2] == ["UAS", "accuracy"]
    assert wording_of(Terms(("a", "b", "c"), (), ())) is PLAIN


def test_candidates_that_are_not_the_usual_are_told() -> None:
    said = [wording_of(Coreference(candidates=name).terms).caveat for name in CANDIDATES]
    assert said[0] == ""
    assert len(set(said)) == 4
    assert "pick from all words of the window; baselines from earlier mentions" in said[-1]


def test_a_task_of_ones_own_brings_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = ModuleType("my_errands")
    mine.WORDS = Wording("errand", "done", "Errands")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "my_errands", mine)
    assert wording_of(replace(Dependencies.terms, wording="my_errands.WORDS")).row == "errand"


@pytest.mark.parametrize("path", ["nowhere.WORDS", "errands.WORD", "no path", "errands", "os.sep"])
def test_words_that_are_none_are_refused(path: str) -> None:
    with pytest.raises(ProbingError, match=f"Terms.wording '{path}': "):
        wording_of(replace(Dependencies.terms, wording=path))


@pytest.mark.parametrize(
    ("baselines", "said"),
    [
        (["rules", "random"], ""),
        (["offset=-1", "offset=2"], "offset +1: the next word."),
        (["gold-rule=VERB:left"],
         "VERB left (gold): the nearest VERB to the left, by the data's own tags."),
        (["form-rule=NOUN:right:2"],
         "VERB left (form): the nearest VERB to the left, by tags guessed from forms."),
        (["offset=1", "form-rule=NOUN:right", "gold-rule=VERB:left"],
         "VERB left (gold): the nearest VERB to the left, by the data's own tags; "
         "(form): by tags guessed from forms; offset +1: the next word."),
    ],
)  # fmt: skip
def test_only_baselines_that_are_there_are_explained(baselines: list[str], said: str) -> None:
    assert briefly(baselines) == ([said] if said else [])
