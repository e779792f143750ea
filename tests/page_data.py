"""The data of a page, and a treebank whose words would like to be code."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

EVIL = (
    "</script><script>document.title='taken'</script>",
    "<img src=x onerror=document.title='taken'>",
    "<!--<script>",
    "]]>",
    "\"'>&lt;b&gt;",
    "\u2028alert(1)\u2029",
    "{{ 7 * 7 }}",
    "javascript:alert(1)",
)


def data_of(page: Path) -> dict[str, Any]:
    """The data of a page, read as a browser reads it."""
    found = re.search(
        r'<script type="application/json" id="data">(.*?)</script', page.read_text("utf-8"), re.S
    )
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


def evil_treebank(path: Path) -> Path:
    """Trees of words, labels and names that hold markup."""
    blocks = []
    for number, word in enumerate(each.replace(" ", "\u00a0") for each in EVIL):
        evil = word.replace("\u2028", "").replace("\u2029", "")
        lines = [f"# newdoc id = {evil}"] if number % 2 else []
        for n, (form, head, label) in enumerate(
            [("the", 2, "det"), (evil, 3, "nsubj"), ("was", 0, "root"), ("in", 5, "case"),
             ("he", 3, "<i>obj</i>"), (".", 3, "punct")], start=1
        ):  # fmt: skip
            lines.append(f"{n}\t{form}\t_\t_\t_\t_\t{head}\t{label}\t_\t_")
        blocks.append("\n".join(lines))
    path.write_text("\n\n".join([*blocks, ""]) + "\n", encoding="utf-8")
    return path
