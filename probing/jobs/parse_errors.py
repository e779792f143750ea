"""What the command line says when it cannot be read: a line or two, and the nearest option."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from jsonargparse import ArgumentParser

from probing.core.errors import OutOfRange, ProbingError
from probing.jobs.known_options import Known, in_words, nearest
from probing.jobs.located import located
from probing.jobs.yaml_text import use_yaml


class Unread(ProbingError):
    """A command line or a config that cannot be read, because of the option ``key``."""

    def __init__(self, message: str, key: str = "") -> None:
        super().__init__(message)
        self.key = key


class Parser(ArgumentParser):
    """A parser whose errors are ours: short, with the nearest name that exists."""

    def __init__(self, **settings: Any) -> None:
        use_yaml()
        super().__init__(**{"allow_abbrev": False, "add_help": False} | settings)
        self.known = Known()
        self.sections: dict[str, list[str]] = {}

    def add_option(self, *names: str, **settings: Any) -> None:
        """Add an option that is of no section."""
        self.add_argument(*names, **settings)
        self.known.types[names[-1].lstrip("-")] = settings.get("type")

    def add_section(
        self,
        owner: type,
        key: str,
        *,
        is_named: bool = False,
        instantiate: bool = True,
        skip: Collection[str] = (),
    ) -> None:
        """Add the arguments of a class, or of any subclass that the user names, as options.

        Args:
            owner: the class.
            key: what the options start with.
            is_named: whether the user names the class.
            instantiate: whether it is built with the rest.
            skip: arguments that are no options, or get options of their own.
        """
        if is_named:
            self.add_subclass_arguments(owner, key, fail_untyped=False, required=True)
        else:
            self.sections[key] = self.add_class_arguments(
                owner,
                key,
                fail_untyped=False,
                sub_configs=True,
                instantiate=instantiate,
                skip={*skip},
            )
        self.known.add(key, owner, is_named=is_named)

    def parse_args(self, *arguments: Any, **settings: Any) -> Any:
        """Read a command line; see :meth:`jsonargparse.ArgumentParser.parse_args`.

        Raises:
            ProbingError: for whatever is wrong with it.
        """
        with self._refusing():
            return self._whole(super().parse_args(*arguments, **settings))

    def _whole(self, found: Any) -> Any:
        """What is parsed, if each section has its options: the parser takes any value for one."""
        for key, options in self.sections.items():
            if not all(option in found for option in options):
                said = found.get(key)
                what = "nothing" if said is None else repr(said)
                raise Unread(f"expected options in {key!r}, found {what}", key)
        return found

    def instantiate(self, namespace: Any, *arguments: Any, **settings: Any) -> Any:
        """Build the parts; see :meth:`jsonargparse.ArgumentParser.instantiate`.

        Raises:
            ProbingError: for whatever a part refuses.
        """
        with self._refusing(namespace):
            return super().instantiate(self._whole(namespace), *arguments, **settings)

    @contextmanager
    def _refusing(self, said: Any = None) -> Iterator[None]:
        """Where whatever is raised comes of what was said: each class refuses in its own way."""
        try:
            yield
        except OSError:
            raise
        except Exception as error:
            own = _own(error)
            if isinstance(own, OutOfRange):
                own = located(own, said)
            raise own or _in_short(str(error), self.known) from error

    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        """Raise instead of exiting.

        Raises:
            Unread: always, but within another parser, which says the whole.
        """
        if not self.exit_on_error:
            super().error(message, ex)
        raise _in_short(message, self.known) from None


def _own(error: BaseException | None) -> ProbingError | None:
    """The error of ours that another was raised for."""
    while error is not None and not isinstance(error, ProbingError):
        error = error.__cause__ or error.__context__
    return error


@contextmanager
def naming(configs: Sequence[str], arguments: Sequence[str]) -> Iterator[None]:
    """Name the config in a complaint about something that the command line does not say."""
    try:
        yield
    except Unread as error:
        text = str(error)
        options = [argument for argument in arguments if argument.startswith("--")]
        said = any(error.key in option or option[2:] in error.key for option in options)
        if configs and ((error.key and not said) or text.startswith("Problems parsing config")):
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
            near = nearest(str(key), known)
            hint = f"\n       did you mean {near!r}?" if near else ""
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


def _in_short(message: str, known: Known) -> Unread:
    """What the parser complains about, in a line or two, with the nearest option that exists.

    Its messages are nested: an outer "does not validate" holds the reasons of each type that
    was tried, of which "expected None" is never the one that helps.
    """
    outer = re.findall(r'Parser key "([^"]*)"', message)
    nested = re.findall(r"NestedArg\(key='([^']*)', val='?(.*?)'?\)\s*$", message, re.MULTILINE)
    classes = re.findall(r"given class_path '([^']*)'", message)
    owner = classes[-1] if classes else None
    given = re.search(r"(?:Given|Got) value: (?!NestedArg)(.*?)>?\s*$", message, re.MULTILINE)
    beyond = re.search(r"Not of type \w+: (.*) does not conform", message)
    given = given or beyond
    found = nested[-1][1] if nested else given[1] if given else None
    key = ".".join([outer[0], nested[-1][0]] if nested else outer).replace(".init_args", "")

    if no_options := re.search(r"Unable to load config '(.*?)'", message):
        section = outer[-1] if outer else key
        return Unread(
            f"--{section}: expected options of its own, such as --{section}.OPTION VALUE, found "
            f"{no_options[1]!r}",
            section,
        )
    if nested and outer[0] == "model.encoders" and "." in nested[-1][0]:  # it has no path there
        name, _, option = nested[-1][0].partition(".")
        return Unread(
            f"write --model.encoders.{name} '{{{option}: {found}}}', all of its options at once"
        )
    if unknown := _unknown(message, key, is_nested=bool(nested)):
        return Unread(f"option {unknown!r} is not accepted{known.hint(unknown, owner)}", unknown)
    no_class = re.search(
        r"(No module named .*|cannot import name .*|module '.*' has no attribute .*)", message
    )
    if no_class or "Expected a dot import path" in message:
        why = f": {no_class[1]}" if no_class else ""
        name = found if found and re.fullmatch(r"[\w.]+", found) else str(owner)
        said = f"--{key}: expected a class or function that can be imported, found {name!r}{why}"
        return Unread(f"{said}{known.hint_of_class(key, name)}", key)
    hint = known.type_of(key, owner)
    if hint is not None and (beyond or "xpected" in message):
        return Unread(f"--{key}: expected {in_words(hint)}, found {found!r}", key)
    lines = [line.strip().removeprefix("- ") for line in message.strip().splitlines()]
    noise = ("Does not validate", "Subtypes:", "Errors:", "Given value", "Expected a <class 'None")
    return Unread(" ".join(line for line in lines if line and not line.startswith(noise)), key)


def _unknown(message: str, key: str, *, is_nested: bool) -> str | None:
    """The option that does not exist, if that is the complaint; ``key`` is what it is beneath."""
    if found := re.search(r"[Uu]nrecognized arguments?: --([\w.]+)", message):
        return found[1]
    if found := re.search(r"Group '([\w.]+)' does not accept option '([\w.]+)'", message):
        return f"{found[1]}.{found[2]}"
    if found := re.search(r"Option '([\w.]+)' is not accepted", message):
        return key if is_nested and key.endswith(found[1]) else f"{key}.{found[1]}".lstrip(".")
    return None
