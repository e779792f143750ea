"""The one kind of error that a user can mend: one or two lines, no traceback."""


class ProbingError(Exception):
    """Bad input. The message names the file and line, what was expected and what came."""
