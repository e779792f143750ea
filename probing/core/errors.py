"""Errors that a user can do something about: one or two lines, no traceback."""


class ProbingError(Exception):
    """Bad input. The message names the file and line, what was expected and what came."""


class Interrupted(ProbingError):
    """Ended by the user. The message says how to go on."""
