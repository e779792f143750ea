"""The options that there are, and what may stand there: for complaints."""

from __future__ import annotations

import difflib
import types
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib import import_module
from inspect import Parameter, signature
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import yaml
from jsonargparse.typing import PositiveFloat, PositiveInt

from probing.jobs.registry import ROWS
from probing.jobs.scripts import CONFIGS


@dataclass
class Known:
    """The options of a parser.

    Args:
        types: what may stand there, by the name of the option; ``None`` where nobody said.
        named: the classes of which the user names a subclass, by the option that names it.
    """

    types: dict[str, Any] = field(default_factory=dict)
    named: dict[str, type] = field(default_factory=dict)

    def add(self, key: str, owner: type, *, is_named: bool) -> None:
        """Add the arguments of a class as options that start with ``key``."""
        self.types[key] = owner
        if is_named:
            self.named[key] = owner
        else:
            self.types |= {f"{key}.{name}": hint for name, hint in arguments_of(owner).items()}

    def type_of(self, key: str, owner: str | None) -> Any:
        """What may stand at an option; ``owner`` is the class that was named for it."""
        if key in self.types:
            return self.types[key]
        of_class = arguments_of(imported(owner)) if owner else {}
        return of_class.get(key.rpartition(".")[2])

    def hint(self, key: str, owner: str | None) -> str:
        """Where an option is known that is not known here, or the nearest that is."""
        if places := _configs_with(key):
            more = " and others" if len(places) > _MOST else ""
            return f"; it is one of {', '.join(places[:_MOST])}{more}"
        known = set(self.types)
        if owner is not None:
            own = key.rpartition(".")[0]
            known = {f"{own}.{name}" for name in arguments_of(imported(owner))}
        near = nearest(key, known)
        return f"\n       did you mean {near!r}?" if near else ""

    def hint_of_class(self, key: str, name: str) -> str:
        """The class that is most like the one that was named."""
        parts = key.split(".")
        bases = [self.named[key]] if key in self.named else []
        if parts[:2] == ["model", "probes"]:
            bases.append(imported("probing.probes.Probe"))
        paths = [
            f"{base.__module__.rpartition('.')[0]}.{each.__name__}"
            for base in bases
            for each in _subclasses(base)
        ]
        last = {path.rpartition(".")[2]: path for path in paths}
        near = difflib.get_close_matches(name.rpartition(".")[2], last, n=1)
        return f"\n       did you mean {last[near[0]]!r}?" if near else ""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The option that ``name`` is most like: as a whole, or in its last part."""
    options = sorted(known)
    parts = name.split(".")
    for end in range(len(parts), 0, -1):  # what is wrong may be followed by what is right
        whole = difflib.get_close_matches(".".join(parts[:end]), options, n=1, cutoff=0.85)
        if whole and whole[0] != ".".join(parts[:end]):
            return whole[0]
    leaves = {option.rpartition(".")[2]: option for option in options}
    leaf = difflib.get_close_matches(parts[-1], leaves, n=1, cutoff=0.6)
    return leaves[leaf[0]] if leaf else None


def arguments_of(owner: Any) -> dict[str, Any]:
    """The keyword arguments of a class and their types, those that it passes on included."""
    found: dict[str, Any] = {}
    kinds: tuple[type, ...] = owner.__mro__ if isinstance(owner, type) else ()
    for kind in kinds:
        if "__init__" not in vars(kind) or kind is object:
            continue
        made = vars(kind)["__init__"]
        own = signature(made).parameters
        try:
            hints = get_type_hints(made)
        except (NameError, TypeError, AttributeError):  # imported for the type checker alone
            hints = {}
        named = [n for n, p in own.items() if p.kind not in _REST and n != "self"]
        found = {name: hints.get(name) for name in named} | found
        if not any(parameter.kind is Parameter.VAR_KEYWORD for parameter in own.values()):
            break
    return found


_MOST = 3  # configs that a complaint lists
_REST = (Parameter.VAR_KEYWORD, Parameter.VAR_POSITIONAL)
_WORDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    list[int]: "a list in brackets, such as [2, 3]",
    PositiveInt: "a whole number above 0",
    PositiveFloat: "a number above 0",
}


def in_words(hint: Any) -> str:
    """What a type lets stand there, in plain words."""
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        each = [in_words(kind) for kind in get_args(hint) if kind is not type(None)]
        return " or ".join(dict.fromkeys(each))
    if hint in _WORDS:
        return _WORDS[hint]
    if origin is Literal:
        return f"one of {', '.join(map(str, get_args(hint)))}"
    if origin is list or hint is list:
        return "a list in brackets, such as [a, b]"
    if origin is dict or hint is dict:
        return "a mapping in braces, such as {a: b}"
    if origin is Callable:
        return "a function that can be imported, such as my_module.my_function"
    return f"a {getattr(hint, '__name__', hint)}"


def imported(path: str) -> Any:
    """What an import path names; nothing, if it names nothing."""
    module, _, name = path.rpartition(".")
    try:
        return getattr(import_module(module), name)
    except Exception:  # whatever a module does while it is imported: its parser says so
        return None


def _subclasses(base: type) -> list[type]:
    """The subclasses of a class that are there, however far."""
    found: list[type] = []
    direct: list[type] = base.__subclasses__()
    for own in direct:
        found += [own, *_subclasses(own)]
    return found


def _configs_with(key: str) -> list[str]:
    """The jobs, by their configs, that an option is one of."""
    found = []
    for path in sorted(CONFIGS.glob("*.yaml")):
        config = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        row = next(row for row in ROWS if row.name == config["job"])
        known = row.load().parser_of(row).known.types.keys()
        own = arguments_of(imported(config["data"]["class_path"]))
        tacit = key in row.tacit
        if (key in known or key in {f"data.{name}" for name in own}) and not tacit:
            found.append(f"configs/{path.name}")
    return found
