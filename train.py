"""Train probes on a frozen model, then test the checkpoint just made."""

import sys

from probing.jobs.cli import main

if __name__ == "__main__":
    sys.exit(main("train"))
