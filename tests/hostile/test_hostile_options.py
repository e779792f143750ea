"""The command line and configs: whatever is said is understood, or refused in words."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from mutants import NUMBERS, Say, damaged, trying

from probing.jobs.registry import ROWS
from probing.jobs.scripts import CONFIGS

# Of each config, who runs it, and the kind of its job.
SCRIPTS = {
    "heads": ("evaluate", "heads"),
    "dependency": ("train", "probes"),
    "surface": ("evaluate", "surface"),
    "ablate": ("evaluate", "ablate"),
}
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
  class_path: probing.{data}
  init_args: {{batch_wordpieces: 500, test: no-such-file.conllu}}
trainer: {{devices: 1, accelerator: cpu, precision: 32-true}}
"""
OF_JOB = {"ablate": "heads: [1-1, '1-2,2-3']\neach: true\nablation: {how: sink, controls: 5}\n"}


@cache
def options_of(kind: str) -> list[str]:
    """The options of a job, those of data and probes by their classes too."""
    row = next(row for row in ROWS if row.name == kind)
    return sorted(row.load().parser_of(row).known.types.keys() - LEFT_OUT)


@trying(4, slow=3)
@given(data=st.data())
def test_any_value_of_any_option(data: st.DataObject, say: Say) -> None:
    config = data.draw(st.sampled_from(sorted(SCRIPTS)))
    script, kind = SCRIPTS[config]
    pairs = st.tuples(st.sampled_from(options_of(kind)), st.sampled_from(VALUES))
    said = data.draw(st.lists(pairs, min_size=1, max_size=3))
    arguments = [f"--{name}={value}" for name, value in said]
    own = ["--config", str(CONFIGS / f"{config}.yaml")]
    say(script, *own, *arguments, "--data.test=no-such-file.conllu")


@trying(3, slow=3)
@given(data=st.data())
def test_a_damaged_config(data: st.DataObject, say: Say, tmp_path: Path, tiny_bert: Path) -> None:
    job, kind = data.draw(
        st.sampled_from(
            [
                ("heads", "data.DependencyData"),
                ("heads", "data.CoreferenceData"),
                ("surface", "data.DependencyData"),
                ("ablate", "ablation.data.AblationData"),
            ]
        )
    )
    text = CONFIG.format(job=job, model="x", data=kind) + OF_JOB.get(job, "")
    path = tmp_path / "mutant.yaml"
    path.write_bytes(data.draw(damaged(text.encode())))
    say("evaluate", "--config", str(path), "--data.test=no-such-file.conllu")


WORDS = [
    *("--config", "-c", "--output", "--", "-", "--help", "--resume", "--ckpt_path", "--seeds"),
    *("--paired", "--import", "--=", "--model", "--model.", "--data", "--trainer", "--job"),
    *(
        "--trainer.devices",
        "--overwrite",
        "--heads",
        "--heads-from",
        "--each",
        "1-1,2-3",
        "1-",
        *VALUES,
    ),
]
OF_ABLATION = [
    "--ablation",
    "--ablation.how",
    "--ablation.best_heads",
    "--ablation.probes",
    "x:obj",
]


@trying(3, slow=3)
@given(words=st.lists(st.sampled_from(WORDS), max_size=6))
def test_any_words(words: list[str], say: Say) -> None:
    if not {"-h", "--help", "--version"} & {*words}:
        say("evaluate", *words, "--data.test=no-such-file.conllu")


@trying(3, slow=3)
@given(words=st.lists(st.sampled_from([*WORDS, *OF_ABLATION]), max_size=6))
def test_any_words_about_ablations(words: list[str], say: Say) -> None:
    if not {"-h", "--help", "--version"} & {*words}:
        own = ["--config", str(CONFIGS / "ablate.yaml")]
        say("evaluate", *own, *words, "--data.test=no-such-file.conllu")
