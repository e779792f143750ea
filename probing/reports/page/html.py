"""One HTML file of a template, our style and script, and data that can be nothing but data."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined

from probing.core.inert import visible

# What HTML, or JavaScript, could take for the end of the data.
_ESCAPED = {each: f"\\u{ord(each):04x}" for each in "<>&\u2028\u2029"}
_SCRIPTS = ("base.js", "heads.js", "probes.js")


def page(*, title: str, data: Mapping[str, object], style: str = "", script: str = "") -> str:
    """The page.

    Of all that stands in it a browser runs the one script whose hash its policy names, and loads
    nothing: no word of a corpus can be more than text.

    Args:
        title: of the page.
        data: for the script, as JSON: of each view that is to be shown what it shows.
        style: further rules.
        script: further views, entered into ``views``.
    """
    style = _read("page.css") + style
    script = "".join([*map(_read, _SCRIPTS), script, _read("main.js")])
    environment = Environment(
        autoescape=True, loader=FunctionLoader(_read), undefined=StrictUndefined
    )
    return environment.get_template("page.html").render(
        title=title,
        policy="default-src 'none'; base-uri 'none'; form-action 'none'; "
        f"style-src '{_hash(style)}'; script-src '{_hash(script)}'",
        style=style,
        script=script,
        data=embedded(data),
    )


def embedded(data: Mapping[str, object]) -> str:
    """JSON that can stand in a ``<script>``, whatever its texts hold."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character, escape in _ESCAPED.items():
        text = text.replace(character, escape)
    return text


def table(
    title: str,
    columns: Sequence[str],
    lines: Sequence[Sequence[str]],
    notes: Sequence[str] = (),
    *,
    words: Collection[int] = (0,),
) -> dict[str, object]:
    """A table of texts for the script of the page; ``words`` are its columns of words."""
    return {
        "title": visible(title),
        "notes": in_lines(notes),
        "columns": [visible(column) for column in columns],
        "words": sorted(words),
        "lines": [[visible(cell) for cell in line] for line in lines],
    }


def in_lines(notes: Sequence[str]) -> list[str]:
    """Each line of each note, for a list of them."""
    return [visible(line.strip()) for note in notes for line in note.split("\n")]


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _read(name: str) -> str:
    return files("probing.reports.page").joinpath(name).read_text(encoding="utf-8")
