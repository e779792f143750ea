"""What the command line says when it cannot be read: a line or two, and the nearest option."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from inspect import signature
from typing import Any, NoReturn

from jsonargparse import ArgumentParser

from probing.core.errors import ProbingError
from probing.data import EdgeData
from probing.probes import Probe


class Parser(ArgumentParser):
    """A parser whose errors are ours: short, with the nearest name that exists."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{"allow_abbrev": False, "add_help": False} | settings)
        self.owners: dict[str, type] = {}

    def add_section(
        self, owner: type, key: str, *, is_named: bool = False, instantiate: bool = True
    ) -> None:
        """Add the arguments of a class, or of any subclass that the user names, as options.

        Args:
            owner: the class.
            key: what the options start with.
            is_named: whether the user names the class.
            instantiate: whether it is built with the rest.
        """
        if is_named:
            self.add_subclass_arguments(owner, key, fail_untyped=False, required=True)
        else:
            self.add_class_arguments(
                owner, key, fail_untyped=False, sub_configs=True, instantiate=instantiate
            )
        self.owners[key] = owner

    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        """Raise instead of exiting.

        Raises:
            ProbingError: always, but within another parser, which says the whole.
        """
        if not self.exit_on_error:
            super().error(message, ex)
        raise ProbingError(_shorten(message, self)) from None


@contextmanager
def naming(configs: Sequence[str], arguments: Sequence[str]) -> Iterator[None]:
    """Name the config in a complaint about something that the command line does not say."""
    try:
        yield
    except ProbingError as error:
        text = str(error)
        about = re.search(r"'([\w.]+)' is not accepted|accept option '([\w.]+)'", text)
        key = next((k for k in about.groups() if k), "") if about else ""
        said = any(key in argument for argument in arguments if argument.startswith("--"))
        if configs and ((key and not said) or text.startswith("Problems parsing config")):
            raise ProbingError(f"{configs[-1]}: {text}") from None
        raise


def refuse_empty(config: str, said: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    """Refuse a mapping without a value under a key that does not exist.

    The parser looks at values alone, so that it passes over ``probez: {}`` in silence.

    Args:
        config: the file, for the complaint.
        said: what it holds, or a part of it.
        known: the same part of the configuration as it was understood.

    Raises:
        ProbingError: naming file and key, and the nearest key that exists.
    """
    for key, value in said.items():
        if not isinstance(value, Mapping):
            continue
        if key not in known and not any(_values(value)):
            near = difflib.get_close_matches(str(key), known, n=1, cutoff=0.6)
            hint = f"\n       did you mean {near[0]!r}?" if near else ""
            raise ProbingError(f"{config}: option {str(key)!r} is not accepted{hint}")
        if isinstance(known.get(key), Mapping):
            refuse_empty(config, value, known[key])


def _values(said: Mapping[str, Any]) -> Iterator[bool]:
    """True for every value of a mapping, however deep, that is no mapping."""
    for value in said.values():
        if isinstance(value, Mapping):
            yield from _values(value)
        else:
            yield True


def _shorten(message: str, parser: Parser) -> str:
    """What the parser complains about, in a line or two, with the nearest option that exists.

    Its messages are nested: an outer "does not validate" holds the reasons of each type that
    was tried, of which "expected None" is never the one that helps.
    """
    lines = [line.strip().removeprefix("- ") for line in message.strip().splitlines()]
    noise = ("Does not validate", "Subtypes:", "Errors:", "Given value", "Expected a <class 'None")
    reasons = [line for line in lines if line and not line.startswith(noise)]
    given = re.search(r"NestedArg\(key='([^']*)', val='?([^')]*)", message)
    if given and 'Parser key "model.encoders"' in message:  # the library has no path into these
        name, _, option = given[1].partition(".")
        return (
            f"write --model.encoders.{name} '{{{option}: {given[2]}}}', all of its options at once"
        )
    if given and reasons and reasons[0].startswith("Parser key"):
        outer = re.sub(r"^Parser key \"([^\"]*)\":.*", r"\1", reasons[0])
        reasons = [f"option {outer}.{given[1]}:", *reasons[1:]]
    text = " ".join(reasons).replace(" did you mean", "; did you mean")
    text = text or "the command line cannot be read"
    value = re.search(r"Given value: (?!NestedArg)(.*?)[>\s]*$", message)
    text += f" Found {value[1]!r}." if value else ""
    wrong = re.search(r"(?:Option|option|--)\s?'?([\w.]+)'? is not accepted", message)
    wrong = wrong or re.search(r"does not accept option '([\w.]+)'", message)
    group = re.search(r"Group '([\w.]+)' does not accept", message)
    wrong = wrong or re.search(r"[Uu]nrecognized arguments?: --([\w.]+)", message)
    name = ".".join(found[1] for found in (group, wrong) if found)
    near = _nearest(name, parser) if wrong and "did you mean" not in text else None
    return f"{text}\n       did you mean {near!r}?" if near else text


def _nearest(name: str, parser: Parser) -> str | None:
    """The option that ``name`` is most like: as a whole, or in its last part."""
    known = {action.dest for action in parser._actions}
    for own in (EdgeData, Probe, *Probe.__subclasses__()):
        known |= {f"data.{n}" if own is EdgeData else n for n in signature(own).parameters}
    parts = name.split(".")
    for end in range(len(parts), 0, -1):  # what is wrong may be followed by what is right
        whole = difflib.get_close_matches(".".join(parts[:end]), known, n=1, cutoff=0.85)
        if whole and whole[0] != ".".join(parts[:end]):
            return whole[0]
    leaves = {option.rpartition(".")[2]: option for option in sorted(known)}
    leaf = difflib.get_close_matches(parts[-1], leaves, n=1, cutoff=0.6)
    return leaves[leaf[0]] if leaf else None
