"""The command line and configs: whatever is said is understood, or refused in words."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from mutants import NUMBERS, Say, damaged, trying

from probing.jobs.registry import ROWS
from probing.jobs.scripts import CONFIGS

SCRIPTS = {"heads": "evaluate", "dependency": "train", "surface": "evaluate"}
VALUES = [
    *(*NUMBERS, "", "x", "null", "true", "[]", "{}", "[null]", "[1, 2]", "{a: 1}", "[[[[]]]]"),
    *("&a [*a]", "&a {x: *a}", "!!python/name:os.system", "os.system", "probing.probes.Probe"),
    *("{class_path: probing.probes.Probe}", "{class_path: x, init_args: 1}", "a\0b", "\udcff"),
    *("9" * 5000, "x" * 5000, "/", "/dev/null", "\x1b[31m", "[/a]", "é", "2020-01-01", "1_0"),
]
# What a run would wait for: other machines. What starts a run of its own: ours is told to refuse.
LEFT_OUT = {"trainer.num_nodes", "data.test", "output", "config", "help_trainer"}
CONFIG = """\
job: {job}
seed_everything: 3
model:
  encoder: {{name: "{model}", layers: [1, 2], precision: float32}}
data:
  class_path: probing.data.{data}
  init_args: {{batch_wordpieces: 500, test: no-such-file.conllu}}
trainer: {{devices: 1, accelerator: cpu, precision: 32-true}}
"""


@cache
def options_of(job: str) -> list[str]:
    """The options of a job, those of data and probes by their classes too."""
    row = next(row for row in ROWS if job.startswith(row.name) or row.name == "probes")
    return sorted(row.load().parser_of(row).known.types.keys() - LEFT_OUT)


@trying(3, slow=3)
@given(data=st.data())
def test_any_value_of_any_option(data: st.DataObject, say: Say) -> None:
    job = data.draw(st.sampled_from(sorted(SCRIPTS)))
    pairs = st.tuples(st.sampled_from(options_of(job)), st.sampled_from(VALUES))
    said = data.draw(st.lists(pairs, min_size=1, max_size=3))
    arguments = [f"--{name}={value}" for name, value in said]
    config = str(CONFIGS / f"{job}.yaml")
    say(SCRIPTS[job], "--config", config, *arguments, "--data.test=no-such-file.conllu")


@trying(3, slow=3)
@given(data=st.data())
def test_a_damaged_config(data: st.DataObject, say: Say, tmp_path: Path, tiny_bert: Path) -> None:
    job, kind = data.draw(
        st.sampled_from([("heads", "DependencyData"), ("heads", "CoreferenceData"),
                         ("surface", "DependencyData")])
    )  # fmt: skip
    text = CONFIG.format(job=job, model="x", data=kind)
    path = tmp_path / "mutant.yaml"
    path.write_bytes(data.draw(damaged(text.encode())))
    say("evaluate", "--config", str(path), "--data.test=no-such-file.conllu")


WORDS = [
    *("--config", "-c", "--output", "--", "-", "--help", "--resume", "--ckpt_path", "--seeds"),
    *("--paired", "--import", "--=", "--model", "--model.", "--data", "--trainer", "--job"),
    *("--trainer.devices", "--overwrite", *VALUES),
]


@trying(3, slow=3)
@given(words=st.lists(st.sampled_from(WORDS), max_size=6))
def test_any_words(words: list[str], say: Say) -> None:
    if not {"-h", "--help", "--version"} & {*words}:
        say("evaluate", *words, "--data.test=no-such-file.conllu")
