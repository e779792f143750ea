"""Data of the user's own beside generated data that a config brings along: the two do not mix.

Configs come with the built-in corpus, so that each runs as it is. Whoever names data of their own,
but not for each split, must not be told of heads that were chosen, or probes that were trained, on
generated sentences.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from probing.data.builtin.reader import is_builtin
from probing.jobs.yaml_text import of_option, read_config

_OPTION = re.compile(r"--data(?:\.init_args)?(?:\.(train|val|test))?")
_SPLITS = ("train", "val", "test")


def left_out(
    brought: Sequence[Mapping[str, Any]], own: Sequence[Mapping[str, Any]], arguments: Sequence[str]
) -> dict[str, str]:
    """The generated data of configs that does not go with what the user names, by its split.

    Args:
        brought: configs that come with the package, or with a checkpoint, whose run may have had
            its data from such a config.
        own: those of the user.
        arguments: the command line.
    """
    said = dict(pair for config in own for pair in _splits(config.get("data")))
    said |= dict(_of_arguments(arguments))
    if not any(source and not is_builtin(str(source)) for source in said.values()):
        return {}
    known = dict(pair for config in brought for pair in _splits(config.get("data")))
    return {
        split: str(source)
        for split, source in known.items()
        if split not in said and is_builtin(str(source))
    }


def _of_arguments(arguments: Sequence[str]) -> Iterator[tuple[str, Any]]:
    for place, argument in enumerate(arguments):
        option, is_whole, value = argument.partition("=")
        found = _OPTION.fullmatch(option)
        if found is None:
            continue
        text = value if is_whole else "".join(arguments[place + 1 : place + 2])
        try:
            said = of_option(text)
        except yaml.YAMLError:  # as of a name with a colon and a space
            said = text
        yield from [(found[1], said)] if found[1] else _splits(said)


def _splits(data: Any) -> Iterator[tuple[str, Any]]:
    """What a section ``data`` says of splits, whether beside its class or within its options.

    It may stand in a file of its own.
    """
    if isinstance(data, str) and os.path.isfile(data):
        data = read_config(data)
    if isinstance(data, dict):
        for options in (data, data.get("init_args")):
            if isinstance(options, dict):
                yield from ((split, options[split]) for split in _SPLITS if split in options)
