"""What ``--models`` says: which models are compared, under which names."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from probing.core.errors import ProbingError
from probing.jobs.yaml_text import read_yaml

MODELS = (
    "models to compare on the same sentences: names as model.encoder.name takes them, or options "
    "of model.encoder and a label of your own: "
    "[bert-base-uncased, {name: bert-base-uncased, random_init: true, label: untrained}]"
)


@dataclass(frozen=True)
class Entry:
    """A model to compare: its name in tables and folders, and the options of its encoder."""

    label: str
    options: Mapping[str, Any]


def entries_of(models: Sequence[str | Mapping[str, Any]], known: Collection[str]) -> list[Entry]:
    """The models, each with a label of its own; ``known`` are the options of an encoder.

    Raises:
        ProbingError: for an unknown option, fewer than two, two of one label, or what names no
            model.
    """
    for model in models:
        _check_options(model, known)
    entries = [_entry(model) for model in models]
    if len(entries) < 2:
        raise ProbingError(
            f"--models: expected at least two models to compare, found {len(entries)}"
        )
    labels = [entry.label for entry in entries]
    for label in labels:
        if labels.count(label) > 1:
            raise ProbingError(
                f"--models: two are called {label}; give one of them another label: "
                f"{{name: {entries[labels.index(label)].options['name']}, label: ...}}"
            )
    return entries


def labels_of(config: str) -> list[str]:
    """The models' labels in the configuration of a comparison; none, if it is of no comparison."""
    try:
        found = read_yaml(config)
        models = found.get("models") if isinstance(found, dict) else None
        return [_entry(model).label for model in models or ()]
    except (yaml.YAMLError, ProbingError, TypeError, ValueError):
        return []


def _check_options(model: str | Mapping[str, Any], known: Collection[str]) -> None:
    """An option that is not there says more than what follows from its being left out."""
    for option in () if isinstance(model, str) else model:
        if option not in known and option != "label":
            near = difflib.get_close_matches(str(option), [*known, "label"])
            raise ProbingError(
                f"--models: model.encoder has no option {option!r}"
                + (
                    f"; did you mean {' or '.join(sorted(near))}?"
                    if near
                    else f" ({', '.join(known)}, or label)"
                )
            )


def _entry(model: str | Mapping[str, Any]) -> Entry:
    options = {"name": model} if isinstance(model, str) else dict(model)
    name = options.get("name")
    if not isinstance(model, str) and name is None:
        raise ProbingError(
            f"--models: name is missing in {model!r}; write the model's name into each, such as "
            "{name: bert-base-uncased, random_init: true}"
        )
    if not isinstance(name, str) or not name:
        raise ProbingError(
            "--models: expected names of models, or options of the encoder such as "
            f"{{name: bert-base-uncased, random_init: true}}, found {model!r}"
        )
    label = options.pop("label", None)
    label = _label(options) if label is None else label
    if not isinstance(label, str) or not re.fullmatch(r"[\w-][\w.-]*", label):
        raise ProbingError(
            f"--models: expected a label of letters, digits and _.- to name a folder by, "
            f"found {label!r}"
        )
    return Entry(label, options)


def _label(options: Mapping[str, Any]) -> str:
    """The last part of the model's name, and whether it is a randomly initialised twin."""
    last = str(options["name"]).removeprefix("package:").rstrip("/").rpartition("/")[2]
    label = re.sub(r"[^\w.-]", "_", last).lstrip(".") or "model"
    if options.get("random_init"):
        label += f"-random{options.get('random_seed') or ''}"
    return label
