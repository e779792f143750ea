"""``python -m probing``: the command, for launchers that want a module."""

import sys

from probing.jobs.command import command

if __name__ == "__main__":
    sys.exit(command())
