"""Texts that look like something else are written so that they read back as they were."""

from __future__ import annotations

import pytest
import yaml

from probing.jobs.parse_errors import Parser
from probing.jobs.parts import add_parts


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
    *("7e12345", "1e5", "12e34", "7e-3", "012", "0x1f", "1_000", "1:30", ".5e3", "+1e5"),
    *("2020-01-01", "yes", "true", "a: b", "- a", "-", "é", "%x", "@x", "a # b", "7e5.conllu"),
)


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_written_reads_back(text: str) -> None:
    values = {"text": text, "maybe": text, "by_name": {"a": text}}
    asked = {"plain": values, "named": {"class_path": f"{__name__}.Source", "init_args": values}}
    own = parser()
    config = own.parse_object(asked)
    written = own.dump(config, skip_unset=False)
    stored = yaml.safe_load(written)
    for again in (own.parse_object(stored), own.parse_string(written)):
        built = own.instantiate(again)
        for part in (built.plain, built.named):
            found = part.values if isinstance(part, Source) else tuple(vars(part).values())
            assert found == (text, text, {"a": text})
