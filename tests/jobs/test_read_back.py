"""Whatever is said is written so that it reads back, also texts that look like something else."""

from __future__ import annotations

import math
import os
import types
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from itertools import product
from pathlib import Path
from pprint import pformat
from typing import Any, Literal, Union, get_args, get_origin

import pytest
import yaml

from probing.ablation.data import AblationData
from probing.core.claims import release
from probing.data import CoreferenceData, DependencyData
from probing.jobs.known_options import arguments_of
from probing.jobs.parse_errors import Parser
from probing.jobs.parts import add_parts
from probing.jobs.registry import ROWS
from probing.jobs.scripts import CONFIGS
from probing.jobs.stored_config import stored_options
from probing.jobs.yaml_text import in_json, read_yaml, text_of
from probing.probes import (
    AttentionProbe,
    AttentionWordsProbe,
    DistanceWordsProbe,
    Probe,
    StructuralProbe,
)
from probing.surface.data import TextData


class Source:
    """Options of every kind that holds texts."""

    def __init__(
        self, text: str = "", maybe: str | None = None, by_name: dict[str, str] | None = None
    ) -> None:
        self.values = text, maybe, by_name


def parser() -> Parser:
    assert add_parts  # what is written is decided where parts are added
    made = Parser()
    made.add_section(Source, "plain")
    made.add_section(Source, "named", is_named=True)
    return made


TEXTS = (
    *("7e12345", "1e5", "12e34", "7e-3", "012", "0x1f", "0o17", "0b11", "1_000", "1:30", "1:30:4"),
    *(".5e3", "+1e5", ".inf", "-.inf", ".nan", "nan", "inf", "1e999", "-1", "1.", "00", "\\n"),
    *("2020-01-01", "2020-01-01T00:00:00Z", "yes", "no", "on", "off", "y", "true", "True", "None"),
    *("-", "---", "...", "é", "%x", "@x", "`x", "&x", "*x", "!", "!!str 1", "|", ">", "- a"),
    *("?", ":", "#", "a # b", "[", "]", "{", "}", "'", '"', "=", "<<", "7e5.conllu", "a: ", " a"),
    *("a ", "\ta", "a\n", "\na", "a\r\nb", "a\x85b", "a\u2028b", "\ufeffa", "\x07", "\x1b[0m"),
    *("\U0001f600", "a\U0001f600\x7f", "a" * 300, "a\\", "9007199254740993", "[/a]", "a: b"),
)
NO_TEXTS = ("- a", "?", "[/a]", "a: b")
"""What is a list or a mapping on the command line, where one may stand; refused for a text."""
NOTHING = ("null", "Null", "NULL", "~", " null ")


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_written_reads_back(text: str) -> None:
    values = {"text": text, "maybe": text, "by_name": {"a": text}}
    asked = {"plain": values, "named": {"class_path": f"{__name__}.Source", "init_args": values}}
    own = parser()
    config = own.parse_object(asked)
    written = own.dump(config, skip_unset=False)
    stored = yaml.safe_load(written)
    assert read_yaml(in_json(stored)) == stored
    for again in (own.parse_object(stored), own.parse_string(written)):
        built = own.instantiate(again)
        for part in (built.plain, built.named):
            found = part.values if isinstance(part, Source) else tuple(vars(part).values())
            assert found == (text, text, {"a": text})


JOBS: dict[str, tuple[str, type]] = {
    "heads": ("heads", DependencyData),
    "probes": ("dependency", CoreferenceData),
    "surface": ("surface", TextData),
    "ablate": ("ablate", AblationData),
}
PLACES = {
    DependencyData: "probing.data.DependencyData",
    CoreferenceData: "probing.data.CoreferenceData",
    TextData: "probing.surface.data.TextData",
    AblationData: "probing.ablation.data.AblationData",
}
# Which is told by what is written, not by the text alone.
OTHERS = ("job", "report.writers", "data.tokenizer")


FLAGS = (
    *("predictions", "intervals", "models", "seeds", "paired", "sentence"),
    *("heads", "heads_from", "each"),
)  # fmt: skip
TRAINER = (
    *("trainer.max_epochs", "trainer.max_steps", "trainer.limit_train_batches"),
    *("trainer.gradient_clip_val", "trainer.accumulate_grad_batches", "trainer.deterministic"),
    *("trainer.val_check_interval", "trainer.enable_progress_bar", "trainer.log_every_n_steps"),
)  # fmt: skip


def takes_texts(hint: Any) -> bool:
    """Whether any text may stand there."""
    is_union = get_origin(hint) in (Union, types.UnionType)
    return hint is str or (is_union and any(map(takes_texts, get_args(hint))))


@cache
def parser_of(job: str) -> tuple[Any, list[str]]:
    """The parser of a job, and its options that take texts."""
    row = next(row for row in ROWS if row.name == job)
    made = row.load().parser_of(row)
    hints = made.known.types | {f"data.{n}": h for n, h in arguments_of(JOBS[job][1]).items()}
    return made, [n for n, hint in hints.items() if takes_texts(hint) and n not in OTHERS]


@pytest.mark.parametrize(
    ("job", "turn"),
    product(JOBS, range(min(len(TEXTS), max(4, int(os.environ.get("HOSTILE", 0)))))),
)
def test_every_option_of_texts_reads_back(job: str, turn: int) -> None:
    """With as many turns as there are texts every option has had each of them."""
    own, options = parser_of(job)
    config, data = JOBS[job]
    asked = {n: TEXTS[(7 * i + turn) % len(TEXTS)] for i, n in enumerate(options)}
    may_be_more = [n for n in options if n.startswith("data.") or n in SEVERAL]
    asked |= {n: "a" for n in may_be_more if asked[n] in NO_TEXTS}
    base = ["--config", str(CONFIGS / f"{config}.yaml"), f"--data={PLACES[data]}"]
    found = own.parse_args([*base, *(f"--{name}={text}" for name, text in asked.items())])
    for name, text in asked.items():
        values = found[name.replace("data.", "data.init_args.", 1)]
        assert values in (text, [text]), name
    found.pop("config")
    written = own.dump(found, skip_unset=False)
    stored = in_json(read_yaml(written))
    for again in (own.parse_string(written), own.parse_args(["--config", stored])):
        again.pop("config", None)
        assert again.as_dict() == found.as_dict()


# ------------------------------------------------------------------- of other types


class Odd(Probe):
    """A probe of somebody's own, with options of all kinds."""

    needs = frozenset({"attention"})

    def __init__(
        self,
        number: float = 0.5,
        maybe: float | None = None,
        several: list[float | None] | None = None,
        nested: dict[str, list[dict[str, float | int | bool | str | None]]] | None = None,
        anything: Any = None,
        pair: tuple[int, float] = (1, 0.5),
        learning_rate: float = 0.01,
        encoder: str = "main",
    ) -> None:
        super().__init__(learning_rate=learning_rate, encoder=encoder)
        self.options = {"number": number, "maybe": maybe, "several": several, "nested": nested,
                        "anything": anything, "pair": pair}  # fmt: skip


FLOATS = (
    *(0.1, 1e5, 1e-5, 1e22, 123456789.0, 5e-324, 1.7976931348623157e308, -0.0, 3.0, 1 / 3),
    *(math.inf, -math.inf, math.nan, 1e16, 1e-7),
)  # fmt: skip
INTS = (0, 1, -1, 7, 10**6, 2**53 + 1, 10**30)


def of_type(hint: Any, turn: int) -> Any:
    """A value of a type, another at each turn; ``LookupError`` where only names make one."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        # A text that says a number is one where either may stand.
        able = [kind for kind in inner if kind is not str or not {int, float, bool} & {*inner}]
        return of_type(able[turn % len(able)], turn // len(able))
    if hint in (None, type(None)):
        return None
    if hint is bool:
        return bool(turn % 2)
    if hint in (int, float, str):
        every = {int: INTS, float: FLOATS, str: TEXTS}[hint]
        return every[turn % len(every)]
    if origin is Literal:
        return inner[turn % len(inner)]
    if hint is Any:
        return [1e5, {"a": [None, True, 0.1]}, "a b", 7, [], {}, None, [[1, [2.5]]]][turn % 8]
    if origin is list:
        return [of_type(inner[0], turn + 3 * k) for k in range(turn % 4)]
    if origin is dict:
        return {f"{'ab'[k]} {k}": of_type(inner[1], turn + 5 * k) for k in range(turn % 3)}
    if origin is tuple:
        return [of_type(kind, turn + k) for k, kind in enumerate(inner)]
    raise LookupError(hint)


def values_of(hints: Mapping[str, Any], turn: int) -> dict[str, Any]:
    """A value of each option that may have one."""
    found = {}
    for number, (name, hint) in enumerate(hints.items()):
        with suppress(LookupError):
            found[name] = of_type(hint, 7 * number + turn)
    return found


PROBES = (Odd, AttentionProbe, AttentionWordsProbe, DistanceWordsProbe, StructuralProbe)
# The command line alone says where a run writes and what it may do, and is not stored.
SAID_ANEW = {"output", "overwrite"}
SEVERAL = {
    "seeds": list[int], "paired": list[str], "heads": list[str], "heads_from": list[str]
}  # fmt: skip
TACIT = {
    "job",
    "report.writers",
    "model.seeds",
    "model.probes",
    "model.encoders",
    "data.tokenizer",
    "data.task",
    "data.changed",
    "data.cache_features",
    "seed_everything",
}


class Said(yaml.SafeDumper):
    """Writes every text in quotes."""


Said.add_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)


@pytest.mark.parametrize(
    ("job", "turn"),
    product(JOBS, range(max(3, int(os.environ.get("HOSTILE", 0)) // 10))),
)
def test_every_option_of_a_run_reads_back(
    job: str, turn: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a config, into the folder of a run, and back as a run goes on."""
    monkeypatch.setenv("PL_GLOBAL_SEED", "1")
    row = next(row for row in ROWS if row.name == job)
    kind, (_, data) = row.load(), JOBS[job]
    known = {n: h for n, h in parser_of(job)[0].known.types.items() if "." in n or n in FLAGS}
    hints = {n: h for n, h in known.items() if n not in TACIT and not n.startswith("data.")}
    hints = {n: h for n, h in hints.items() if n.partition(".")[0] != "trainer" or n in TRAINER}
    hints |= {name: hint for name, hint in SEVERAL.items() if name in hints}
    asked: dict[str, Any] = {"job": job, "data": {"class_path": PLACES[data]}}
    of_data = {n: h for n, h in arguments_of(data).items() if f"data.{n}" not in TACIT}
    asked["data"]["init_args"] = values_of(of_data, turn)
    for name, value in values_of(hints, turn).items():
        within = asked
        for part in name.split(".")[:-1]:
            within = within.setdefault(part, {})
        within[name.rpartition(".")[2]] = value
    if job == "probes":
        asked["model"]["probes"] = {
            each.__name__.lower(): {
                "class_path": f"{each.__module__}.{each.__qualname__}",
                "init_args": values_of(arguments_of(each), turn),
            }
            for each in PROBES
        }
    path = tmp_path / "asked.yaml"
    path.write_text(yaml.dump(asked, Dumper=Said), encoding="utf-8")
    first = kind(row, ["--config", str(path), f"--output={tmp_path / 'run'}"], name=job)
    first.run_folder().decide()  # type: ignore[attr-defined]
    text = text_of(tmp_path / "run" / "config.yaml")
    release()
    stored = stored_options(text, place="config.yaml")
    again = kind(row, ["--config", in_json(stored)], name=job)
    assert compared(again.config) == compared(first.config)
    if job == "probes":  # what was asked for is what there is
        found = first.config.model.probes["odd"].init_args
        for name, value in asked["model"]["probes"]["odd"]["init_args"].items():
            assert alike(found[name], value), name


def alike(left: Any, right: Any) -> bool:
    """Whether two values are the same; a whole number may stand where a number may."""
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(alike(left[k], right[k]) for k in left)
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(alike, left, right))
    numbers = [type(each) in (int, float) for each in (left, right)]
    if all(numbers):
        return repr(float(left)) == repr(float(right))
    return bool(left == right) and isinstance(left, bool) is isinstance(right, bool)


def compared(config: Any) -> str:
    """All of a configuration, where what is no number is the same as itself."""
    found = config.clone().as_dict()
    for name in ("config", *SAID_ANEW):
        found.pop(name, None)
    return pformat(found, sort_dicts=True, width=100)


@pytest.mark.parametrize("text", NOTHING)
def test_nothing_is_said_in_words(text: str) -> None:
    own, _ = parser_of("heads")
    base = ["--config", str(CONFIGS / "heads.yaml")]
    assert own.parse_args([*base, f"--output={text}"]).output is None
    assert own.parse_args([*base, f"--output=./{text}"]).output == f"./{text}"
