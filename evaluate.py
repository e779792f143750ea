"""Score heads, and the probes of a checkpoint if one is given."""

import sys

from probing.jobs.cli import main

if __name__ == "__main__":
    sys.exit(main("evaluate"))
