"""Texts that look like something else are written so that they read back as they were."""

from __future__ import annotations

import os
import types
from functools import cache
from itertools import product
from typing import Any, Union, get_args, get_origin

import pytest
import yaml

from probing.data import CoreferenceData, DependencyData
from probing.jobs.known_options import arguments_of
from probing.jobs.parse_errors import Parser
from probing.jobs.parts import add_parts
from probing.jobs.registry import ROWS
from probing.jobs.scripts import CONFIGS
from probing.jobs.yaml_text import in_json, read_yaml
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
}
# Which is told by what is written, not by the text alone.
OTHERS = ("job", "report.writers", "data.tokenizer")


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
    base = ["--config", str(CONFIGS / f"{config}.yaml"), f"--data={data.__name__}"]
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


@pytest.mark.parametrize("text", NOTHING)
def test_nothing_is_said_in_words(text: str) -> None:
    own, _ = parser_of("heads")
    base = ["--config", str(CONFIGS / "heads.yaml")]
    assert own.parse_args([*base, f"--output={text}"]).output is None
    assert own.parse_args([*base, f"--output=./{text}"]).output == f"./{text}"
