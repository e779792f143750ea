"""Errors that a user can do something about: one or two lines, no traceback."""


class ProbingError(Exception):
    """Bad input. The message names the file and line, what was expected and what came."""


class Interrupted(ProbingError):
    """Ended by the user. The message says how to go on."""


class OutOfRange(ProbingError):
    """A number that an option does not take.

    Args:
        option: its name, as whoever made the object gave it.
        bounds: what it takes.
        found: the number.
    """

    def __init__(self, option: str, bounds: str, found: float | None) -> None:
        super().__init__(f"{option}: expected {bounds}, found {found}")
        self.option = option
        self.bounds = bounds
        self.found = found


def check_range(least: float, most: float = 2**31 - 1, **options: float | None) -> None:
    """Refuse options outside of a range.

    Raises:
        OutOfRange: naming the option.
    """
    for option, value in options.items():
        if value is None or not least <= value <= most:
            bounds = f"{most} or less" if value is not None and value > most else f"{least} or more"
            raise OutOfRange(option, bounds, value)
