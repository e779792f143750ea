"""What it takes to answer: help of a job, and a sentence looked at from Python."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator

from benchmarks.figures import Figure, Setting

HELP = "from probing.jobs.cli import main; main('evaluate', ['--config', 'heads.yaml', '--help'])"
OURS = "import probing; probing.load().encode('The dog barked .'.split()).head('1-1')"
ALONE = """
import sys, torch, transformers
tokenizer = transformers.AutoTokenizer.from_pretrained(sys.argv[1])
model = transformers.AutoModel.from_pretrained(sys.argv[1], attn_implementation="eager").eval()
with torch.no_grad():
    words = ["The dog barked .".split()]
    pieces = tokenizer(words, is_split_into_words=True, return_tensors="pt")
    model(**pieces, output_attentions=True)
"""


def measure(setting: Setting) -> Iterator[Figure]:
    """Processor seconds of whole processes."""
    from probing.encoder import PACKAGED
    from probing.encoder.weights import packaged_folder

    folder = str(packaged_folder(PACKAGED))
    yield Figure("startup", "`--config X --help`, the first time", seconds_of(HELP), "s")
    yield Figure("startup", "`--config X --help`, from then on", seconds_of(HELP), "s")
    pairs = [(seconds_of(OURS), seconds_of(ALONE, folder)) for _ in range(setting.rounds)]
    each = sorted(ours / theirs for ours, theirs in pairs)
    what = "`probing.load(...).encode(...)` / AutoModel and AutoTokenizer alone, whole processes"
    yield Figure("startup", what, each[len(each) // 2], least=each[0], most=each[-1])


def seconds_of(code: str, *arguments: str) -> float:
    """Processor seconds of a fresh process that runs ``code``."""
    before = _of_children()
    command = [sys.executable, "-c", code, *arguments]
    subprocess.run(command, check=True, capture_output=True)
    return _of_children() - before


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
