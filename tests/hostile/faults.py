"""What may befall a run: killed, a full disk, a folder that goes, damaged files, two at once.

Not among the tests, since it takes its time and some of it needs root:

    python tests/hostile/faults.py [--kills 50] [--seed 1] [--only kill full ...]

Prints a line for each fault and ends with the number of those that were not borne.
"""

from __future__ import annotations

import argparse
import csv
import multiprocessing
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
import transformers

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
from conftest import _save_tokenizer  # noqa: E402

from probing.core.errors import ProbingError  # noqa: E402
from probing.learning.checkpoints import load_checkpoint  # noqa: E402

Launcher = Callable[[str, int], tuple[list[str], dict[str, str]]]
SOURCE = "builtin:documents=3,seed={}"
PROBES = '{"mine": {"class_path": "probing.probes.AttentionProbe"}}'


class Faults:
    """Runs on a small model in a folder, each with one fault."""

    def __init__(self, place: Path, *, kills: int, seed: int) -> None:
        self.place, self.kills = place, kills
        self.chance = random.Random(seed)
        self.model = place / "model"
        self.cache = place / "cache"
        self.environment = os.environ | {
            "CUDA_VISIBLE_DEVICES": "",
            "HF_HUB_OFFLINE": "1",
            "OMP_NUM_THREADS": "1",
            "PROBING_CACHE": str(self.cache),
            "PYTHONPATH": str(ROOT),
        }
        self.model.mkdir()
        config = transformers.BertConfig(
            vocab_size=_save_tokenizer(self.model),
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=4,
            intermediate_size=64,
        )
        transformers.BertModel(config).save_pretrained(self.model)

    def training(self, output: Path, *more: str) -> list[str]:
        data = [
            f"--data.{split}={SOURCE.format(i)}" for i, split in enumerate(("train", "val", "test"))
        ]
        own = ["--config", "dependency.yaml", "--model.encoder.name", str(self.model)]
        own += ["--model.probes", PROBES, "--trainer.accelerator", "cpu"]
        own += ["--trainer.max_epochs", "8", "--data.batch_wordpieces", "200"]
        return ["train.py", *own, *data, "--output", str(output), *more]

    def start(
        self,
        arguments: list[str],
        *,
        by: Sequence[str] = (sys.executable,),
        preexec_fn: Callable[[], None] | None = None,
        **variables: str,
    ) -> subprocess.Popen[str]:
        script, *rest = arguments
        return subprocess.Popen(
            [*by, str(ROOT / script), *rest],
            env=self.environment | variables,
            cwd=self.place,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=preexec_fn,
        )

    def run(self, arguments: list[str], **options: Any) -> tuple[int, str]:
        process = self.start(arguments, **options)
        out, err = process.communicate(timeout=600)
        assert "Traceback" not in out + err, out + err
        return process.returncode, err

    def refused(self, arguments: list[str], **options: Any) -> str:
        code, said = self.run(arguments, **options)
        assert code == 2, f"status {code}: {said}"
        assert said.count("error: ") == 1, said
        return said

    def whole(self) -> Path:
        """A run that nothing befalls, once."""
        output = self.place / "whole"
        if not output.exists():
            before = time.monotonic()
            code, said = self.run(self.training(output))
            assert code == 0, said
            self.takes = time.monotonic() - before
        return output

    def same(self, output: Path) -> None:
        """Reports and parameters are those of the run that nothing befell, to the byte."""
        whole = self.whole()
        same_tables(whole, output)
        one, two = (
            torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
            for folder in (whole, output)
        )
        assert one.keys() == two.keys()
        assert all(torch.equal(one[name], two[name]) for name in one)
        none_left(output)

    def kill(self) -> None:
        """Killed at a moment left to chance and resumed, it ends as if nothing had been."""
        self.whole()
        log = self.place / "said.txt"
        begun = time.monotonic()
        self.fork(self.training(self.place / "timed"), log).join()
        takes = time.monotonic() - begun
        self.same(self.place / "timed")
        unfinished = 0
        for number in range(self.kills):
            output = self.place / f"killed_{number}"
            process = self.fork(self.training(output), log)
            process.join(self.chance.uniform(0.0, takes))
            process.kill()
            process.join()
            unfinished += process.exitcode != 0
            is_begun = (output / "config.yaml").exists()
            going_on = ["train.py", "--resume", "--output", str(output)]
            process = self.fork(going_on if is_begun else self.training(output), log)
            process.join()
            said = log.read_text()
            assert process.exitcode == 0, said
            assert "Traceback" not in said, said
            self.same(output)
            shutil.rmtree(output)
            print(f"kill {number + 1} of {self.kills}: borne", flush=True)
        print(f"kill: {unfinished} of {self.kills} runs were ended before their end")

    def fork(self, arguments: list[str], log: Path) -> ForkServerProcess:
        """The same run in a process that has imported everything: more moments in less time."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["probing.jobs.edges", "probing.jobs.launch", "matplotlib"])
        with patch.dict(os.environ, self.environment):
            process = context.Process(target=forked, args=(arguments, self.place, log))
            process.start()
        return process

    def full(self) -> None:
        """On disks of several sizes, what was written stays and what was not is named."""
        for size in (4, 24, 60, 120, 160):
            with disk(self.place / "disk", f"size={size}k") as folder:
                said = self.refused(self.training(folder / "run"))
                assert "No space left" in said, said
                none_left(folder)

    def limit(self) -> None:
        """A limit on the size of files is said."""
        small = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (4000, 4000))
        said = self.refused(self.training(self.place / "limited"), preexec_fn=small)
        assert "File too large" in said, said
        none_left(self.place / "limited")

    def readonly(self) -> None:
        """A place that cannot be written to is refused before the run."""
        with disk(self.place / "disk", "ro") as folder:
            self.refused(self.training(folder / "run"))

    def vanish(self) -> None:
        """The folder goes while the run writes there."""
        output = self.place / "vanished"
        process = self.start(self.training(output))
        while not (output / "checkpoints" / "last.ckpt").exists():
            time.sleep(0.05)
        shutil.rmtree(output, ignore_errors=True)
        out, err = process.communicate(timeout=600)
        assert "Traceback" not in out + err, out + err

    def caches(self) -> None:
        """A damaged file of the cache is told or made anew; numbers are the same."""
        self.whole()
        for file in sorted(self.cache.rglob("*.*")):
            content = bytearray(file.read_bytes())
            content[self.chance.randrange(len(content))] ^= 1 << self.chance.randrange(8)
            file.write_bytes(content)
        shutil.rmtree(self.place / "damaged", ignore_errors=True)
        code, said = self.run(self.training(self.place / "damaged"))
        assert code == 0, said
        self.same(self.place / "damaged")

    def checkpoints(self) -> None:
        """A damaged checkpoint is neither evaluated nor gone on with, and stays as it is."""
        output = self.place / "broken"
        shutil.copytree(self.whole(), output, dirs_exist_ok=True)
        (output / "checkpoints" / "finished").unlink()
        path = output / "checkpoints" / "last.ckpt"
        whole, read = path.read_bytes(), load_checkpoint(str(path))
        for number in range(max(4, self.kills // 5)):
            content = bytearray(whole)
            content[self.chance.randrange(len(content))] ^= 1 << self.chance.randrange(8)
            path.write_bytes(content)
            evaluating = ["evaluate.py", "--ckpt_path", str(path), "--output", f"{output}_reports"]
            going_on = ["train.py", "--resume", "--output", str(output)]
            arguments = going_on if number % 2 else evaluating
            try:
                found = load_checkpoint(str(path))
            except ProbingError:
                self.refused(arguments)
            else:  # a bit that says nothing, as between its records
                assert found["config"] == read["config"]
                for name, value in read["state_dict"].items():
                    assert torch.equal(found["state_dict"][name], value)
            assert path.read_bytes() == content
            same_tables(self.whole(), output)

    def twice(self) -> None:
        """Of two runs into one folder, one is refused and the other is whole."""
        output = self.place / "twice"
        both = [self.start(self.training(output)) for _ in range(2)]
        codes = sorted(
            (process.communicate(timeout=600), process.returncode)[1] for process in both
        )
        assert codes == [0, 2], codes
        self.same(output)

    def rank(self) -> None:
        """One of three processes is killed: the first says which, within seconds, and ends."""
        several = ("--trainer.devices", "3", "--trainer.strategy", "ddp")
        longer = ("--trainer.max_epochs", "1000")
        process = self.start(self.training(self.place / "ranks", *several, *longer))
        children: list[str] = []
        while len(children) < 2 or not (self.place / "ranks" / "checkpoints").exists():
            time.sleep(0.2)
            children = subprocess.run(
                ["pgrep", "-P", str(process.pid)], capture_output=True, text=True
            ).stdout.split()
        killed = time.monotonic()
        os.kill(int(children[0]), signal.SIGKILL)
        out, err = process.communicate(timeout=60)
        assert time.monotonic() - killed < 20
        assert "was ended by SIGKILL" in err, out + err

    def hosts(self) -> None:
        """Two hosts, each with a network of its own, make what one process makes."""
        source = f"--data.test={SOURCE.format(2)}"
        checkpoint = str(self.whole() / "checkpoints" / "last.ckpt")
        evaluating = ["evaluate.py", "--ckpt_path", checkpoint, source]
        shared = ["--data.share_batches", "true"]
        for name, command in {
            "evaluated": lambda output: [*evaluating, "--output", str(output)],
            "trained": lambda output: self.training(output, *shared),
        }.items():
            alone = self.place / f"{name}_alone"
            code, said = self.run(command(alone))
            assert code == 0, said
            for launcher in (by_torchrun, by_slurm):
                both = self.place / f"{name}_{launcher.__name__}"
                self.on_hosts(launcher, command(both))
                if name == "evaluated":
                    same_tables(alone, both)
                else:  # gradients are added up in another order
                    close_tables(alone, both)

    def on_hosts(self, launcher: Launcher, arguments: list[str]) -> None:
        """Run on both hosts at once, one process on each."""
        several = "--trainer.num_nodes=2 --trainer.devices=1 --trainer.strategy=ddp".split()
        with networks() as (address, interface):
            both = []
            for rank, host in enumerate(HOSTS):
                by, variables = launcher(address, rank)
                both.append(
                    self.start(
                        [*arguments, *several],
                        by=["ip", "netns", "exec", host, *by],
                        GLOO_SOCKET_IFNAME=interface,
                        **variables,
                    )
                )
            said = "".join("".join(process.communicate(timeout=600)) for process in both)
        assert [process.returncode for process in both] == [0, 0], said
        assert "Traceback" not in said, said

    def head(self) -> None:
        """Who reads only the first line of what is said does not end the run."""
        process = self.start(self.training(self.place / "headed"))
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr is not None
        said = process.stderr.read()
        assert process.wait() == 0, said
        self.same(self.place / "headed")


def by_torchrun(address: str, rank: int) -> tuple[list[str], dict[str, str]]:
    """What starts a host's process, and the variables that it finds: torchrun."""
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nnodes=2"]
    torchrun += [f"--master-addr={address}", "--master-port=29511", "--nproc-per-node=1"]
    return [*torchrun, f"--node-rank={rank}"], {}


def by_slurm(address: str, rank: int) -> tuple[list[str], dict[str, str]]:
    """The same as ``srun`` leaves them for a task of two nodes with one task each."""
    variables = {
        "SLURM_JOB_ID": "1",
        "SLURM_JOB_NAME": "probing",
        "SLURM_JOB_NODELIST": ",".join(HOSTS),
        "SLURM_NODELIST": ",".join(HOSTS),
        "SLURM_NTASKS": "2",
        "SLURM_NTASKS_PER_NODE": "1",
        "SLURM_NNODES": "2",
        "SLURM_PROCID": str(rank),
        "SLURM_NODEID": str(rank),
        "SLURM_LOCALID": "0",
        "MASTER_ADDR": address,
        "MASTER_PORT": "29512",
    }
    return [sys.executable], variables


def forked(arguments: Sequence[str], place: Path, log: Path) -> None:
    """What a process does that is made for a run."""
    from probing.jobs.cli import main as run

    script, *rest = arguments
    with log.open("w") as said:
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
    os.chdir(place)
    sys.argv = [script]
    sys.exit(run("train", rest))


@contextmanager
def disk(folder: Path, options: str) -> Iterator[Path]:
    """A file system of its own; needs root."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


HOSTS = ("probing-one", "probing-two")


@contextmanager
def networks() -> Iterator[tuple[str, str]]:
    """Two network namespaces with a cable between them; needs root.

    Yields:
        The address of the first, and what the interface is called in both.
    """
    first, second = HOSTS
    commands = [f"netns add {host}" for host in HOSTS]
    commands += [f"-n {first} link add cable type veth peer name cable netns {second}"]
    for number, host in enumerate(HOSTS, start=1):
        commands += [f"-n {host} addr add 10.77.0.{number}/24 dev cable"]
        commands += [f"-n {host} link set {interface} up" for interface in ("cable", "lo")]
    try:
        for command in commands:
            subprocess.run(["ip", *command.split()], check=True)
        yield "10.77.0.1", "cable"
    finally:
        for host in HOSTS:
            subprocess.run(["ip", "netns", "del", host], check=False)


def same_tables(whole: Path, output: Path) -> None:
    """Every table of a run is in another, to the byte."""
    files = sorted(whole.rglob("*.csv"))
    assert files
    for file in files:
        other = output / file.relative_to(whole)
        assert other.read_bytes() == file.read_bytes(), other


def close_tables(whole: Path, output: Path) -> None:
    """Heads are the same to the byte, and probes right about all but a few of the same anchors."""
    (heads,), (probes,) = (list(whole.rglob(f"test/{name}.csv")) for name in ("heads", "probes"))
    assert (output / heads.relative_to(whole)).read_bytes() == heads.read_bytes()
    with probes.open() as one, (output / probes.relative_to(whole)).open() as other:
        for own, others in zip(csv.DictReader(one), csv.DictReader(other), strict=True):
            named = ("probe", "relation", "total")
            assert [own[key] for key in named] == [others[key] for key in named]
            apart = abs(float(own["correct"]) - float(others["correct"]))
            assert apart <= 0.02 * int(own["total"]) + 1, (own, others)


def none_left(folder: Path) -> None:
    """No temporary file is left."""
    assert not [*folder.rglob("*.tmp")], [*folder.rglob("*.tmp")]


def main() -> int:
    names = [name for name, each in vars(Faults).items() if each.__doc__ and name[0] != "_"]
    names = [name for name in names if name not in ("whole", "same", "fork", "on_hosts")]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    said = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as place:
        faults = Faults(Path(place), kills=said.kills, seed=said.seed)
        for name in said.only:
            fault: Callable[[], None] = getattr(faults, name)
            try:
                fault()
                print(f"{name}: borne", flush=True)
            except (AssertionError, OSError, subprocess.SubprocessError) as error:
                failed += 1
                print(f"{name}: NOT BORNE: {error!r}"[:1500], flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
