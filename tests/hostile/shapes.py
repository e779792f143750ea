"""Files of the worst shapes: how time and memory grow with them, which must be as their size.

    python tests/hostile/shapes.py [--megabytes 1 3 10] [--only conllu ...]

reads a file of each shape and size, each in a process of its own, and prints seconds and peak
memory. ``test_hostile_shapes.py`` has the same at a thousandth of the size.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
FORK = multiprocessing.get_context("fork")
Make = Callable[[int], str]


def until(size: int, piece: Callable[[int], str]) -> str:
    """Pieces, by their numbers from zero, as many as ``size`` characters hold."""
    found, length = [], 0
    for number in count():
        found.append(piece(number))
        length += len(found[-1])
        if length >= size:
            return "".join(found)
    raise AssertionError


def conllu(number: int, *, form: str = "a", head: int | str = 0, misc: str = "_") -> str:
    """A line, of a word counted from zero."""
    return f"{number + 1}\t{form}\t_\tX\t_\t_\t{head}\tdep\t_\t{misc}\n"


def word(misc: Callable[[int], str]) -> Make:
    """A word with as many pieces of MISC as make up the size."""
    head = "# global.Entity = eid-etype-head-other\n"
    return lambda size: head + conllu(0, misc="Entity=" + until(size, misc))


def entities(first: str, each: str, last: str, parse: str = "*") -> Make:
    """A sentence of words with pieces of MISC: of the first and the last quarter, and between."""
    head = "# global.Entity = eid-etype-head-other\n"

    def make(size: int) -> str:
        words = max(1, size // 60)
        opened = [first.format(i=i) for i in range(words)]
        closed = [last.format(i=i) for i in reversed(range(words))]
        between = (conllu(i, misc="Entity=" + each.format(i=i)) for i in range(words))
        between = (line if each else line.replace("Entity=", "_") for line in between)
        rows = [conllu(0, misc="Entity=" + "".join(opened)) if first else conllu(0)]
        rows += [line.replace(f"{i + 1}\t", f"{i + 2}\t", 1) for i, line in enumerate(between)]
        rows += [conllu(words + 1, misc="Entity=" + "".join(closed)) if last else ""]
        return head + "".join(rows)

    return make


def mentioned(size: int) -> str:
    """Sentences of ten words, each with ten mentions, of three entities."""
    cell = "Entity=" + "".join(f"(e{k % 3})" for k in range(10))
    sentence = "".join(conllu(i, head=int(i > 0), misc=cell) for i in range(10)) + "\n"
    return "# global.Entity = eid\n" + until(size, lambda i: sentence)


def conll2012(number: int, *, form: str = "a", tree: str = "*", cell: str = "-") -> str:
    """A line of CoNLL-2012."""
    return f"d 0 {number} {form} NN {tree} - - - - * {cell}\n"


def document(lines: Callable[[int], str]) -> Make:
    """A document of CoNLL-2012."""
    return lambda size: f"#begin document (d); part 000\n{lines(size)}\n#end document\n"


def spanning(tree: Callable[[int, int], str], cell: Callable[[int, int], str]) -> Make:
    """A sentence of as many words as fit, each with its parse bit and its cell."""

    def lines(size: int) -> str:
        words = size // 40
        return "".join(conll2012(i, tree=tree(i, words), cell=cell(i, words)) for i in range(words))

    return document(lines)


def nested(i: int, words: int) -> str:
    half = words // 2
    return f"({i}" if i < half else f"{words - 1 - i})" if 2 * half - i > 0 else "-"


def one_document(**values: Callable[[int], object]) -> Make:
    return lambda size: json.dumps({name: value(size) for name, value in values.items()}) + "\n"


def table(size: int) -> str:
    words = size // 20
    row = {"tokens": ["a"] * words, "head": [*range(2, words + 1), 0], "deprel": ["x"] * words}
    return json.dumps(row)


_FLAT = lambda i, n: "(S*" if i == 0 else "*)" if i == n - 1 else "*"  # noqa: E731
_CELLS: Callable[[int, int], str] = lambda i, n: f"({i % 7})"  # noqa: E731
_DASH: Callable[[int, int], str] = lambda i, n: "-"  # noqa: E731

SHAPES: dict[str, tuple[str, Make]] = {
    # CoNLL-U: of one word, line, field, sentence, document, file
    "conllu: a long word": (".conllu", lambda n: conllu(0, form="a" * n)),
    "conllu: a long word with spaces": (".conllu", lambda n: conllu(0, form="a " * (n // 2) + "a")),
    "conllu: a long number": (".conllu", lambda n: conllu(0, head="1" * n)),
    "conllu: a long id": (".conllu", lambda n: "1" * n + conllu(0)),
    "conllu: a long range": (".conllu", lambda n: f"1-{'9' * n}\ta" + "\t_" * 8 + "\n" + conllu(0)),
    "conllu: a long comment": (".conllu", lambda n: "# a = " + "b" * n + "\n" + conllu(0)),
    "conllu: a long text": (".conllu", lambda n: "# text = " + "b " * (n // 2) + "\n" + conllu(0)),
    "conllu: a chain of heads": (".conllu", lambda n: until(n, lambda i: conllu(i, head=i + 2))
                                 + conllu(10**9).replace(f"{10**9 + 1}", "0")),
    "conllu: one sentence with its text": (".conllu", lambda n: "# text = " + "a " * (n // 30)
                                           + "\n" + "".join(conllu(i, head=int(i > 0))
                                                            for i in range(n // 30))),
    "conllu: one sentence without a space": (".conllu", lambda n: "".join(
        conllu(i, head=int(i > 0), misc="SpaceAfter=No") for i in range(n // 40))),
    "conllu: all in one range": (".conllu", lambda n: f"1-{n // 30}\tb" + "\t_" * 8 + "\n"
                                 + "".join(conllu(i, head=int(i > 0)) for i in range(n // 30))),
    "conllu: many fields of misc": (".conllu", lambda n: conllu(0, misc="a=b|" * (n // 4) + "a=b")),
    "conllu: many columns": (".conllup", lambda n: "# global.columns = ID FORM "
                             + until(n // 2, lambda i: f"C{i} ") + "\n1\ta" + "\t_" * (n // 14)),
    "conllu: columns declared again": (".conllup", lambda n: until(
        n, lambda i: "# global.columns = ID FORM HEAD DEPREL\n")),
    "conllu: many comments": (".conllu", lambda n: "# a\n" * (n // 4) + conllu(0)),
    "conllu: many documents": (".conllu", lambda n: until(
        n, lambda i: f"# newdoc id = d{i}\n{conllu(0)}\n")),
    "conllu: a document's long name": (".conllu", lambda n: f"# newdoc id = {'d' * (n // 2)}\n"
                                       + until(n // 2, lambda i: conllu(0) + "\n")),
    "conllu: many relations": (".conllu", lambda n: until(
        n, lambda i: conllu(0).replace("dep", f"d{i}") + "\n")),
    "conllu: many tags": (".conllu", lambda n: until(
        n, lambda i: conllu(0).replace("X\t_", f"X\tT{i}") + "\n")),
    "conllu: empty lines": (".conllu", lambda n: conllu(0) + "\n" * n),
    "conllu: empty nodes": (".conllu", lambda n: conllu(0) + until(
        n, lambda i: f"1.{i + 1}\ta" + "\t_" * 8 + "\n")),
    # Entity=
    "entity: no bracket": (".conllu", word(lambda i: "abcd")),
    "entity: opening brackets": (".conllu", word(lambda i: "(")),
    "entity: closing brackets": (".conllu", word(lambda i: ")")),
    "entity: a long name": (".conllu", lambda n: word(lambda i: "(" + "e" * n)(1)),
    "entity: hyphens": (".conllu", word(lambda i: "(" if not i else "-a")),
    "entity: parts": (".conllu", word(lambda i: "(e" if not i else "[1/2")),
    "entity: open on one word": (".conllu", word(lambda i: f"(e{i}")),
    "entity: closed on one word": (".conllu", word(lambda i: f"e{i})")),
    "entity: opened, then closed as opened": (".conllu", lambda n: (
        word(lambda i: f"(e{i}")(n // 2)
        + conllu(1, misc="Entity=" + until(n // 2, lambda i: f"e{i})")))),
    "entity: of one word": (".conllu", word(lambda i: f"(e{i})")),
    "entity: the same of one word": (".conllu", word(lambda i: "(e)")),
    "entity: nested": (".conllu", entities("(e{i}", "", "e{i})")),
    "entity: nested all through": (".conllu", entities("", "(e{i}", "e{i})")),
    "entity: one name nested": (".conllu", entities("", "(e", "e)")),
    "entity: never closed": (".conllu", entities("", "(e{i}", "")),
    "entity: nameless": (".conllu", entities("(NOCOREF", "", "NOCOREF)")),
    "entity: discontinuous": (".conllu", entities("(e{i}[1/2]", "", "e{i}[1/2])(e{i}[2/2])")),
    "entity: many parts": (".conllu", lambda n: "# global.Entity = eid\n" + until(
        n, lambda i: conllu(i, head=int(i > 0), misc=f"Entity=(e[{i + 1}/99999999])"))),
    "entity: each word": (".conllu", entities("", "(e{i})", "")),
    # Windows of what is read, with a model that takes 20 words at a time
    "trees: many relations": (".conllu:trees", lambda n: until(
        n, lambda i: conllu(0).replace("dep", f"d{i}") + "\n")),
    "mentions: many of a window": (".conllu:mentions", mentioned),
    # CoNLL-X and the paper's format
    "conllx: a long word": (".conllx", lambda n: conllu(0, form="a" * n)),
    "conllx: a chain of heads": (".conllx", lambda n: until(n, lambda i: conllu(i, head=i + 2))
                                 .rsplit("\n", 2)[0] + "\n"),
    "conllx: brackets": (".conllx", lambda n: conllu(0, form="-LRB-" * (n // 5))),
    "conllx: halves of brackets": (".conllx", lambda n: conllu(0, form="-LR" * (n // 3))),
    "paper: a long word": (".txt", lambda n: "a" * n + " 0-root\n"),
    "paper: a long label": (".txt", lambda n: "a 0-" + "r" * n + "\n"),
    "paper: one line": (".txt", lambda n: "a 0-root " * (n // 9)),
    "paper: one sentence": (".txt", lambda n: until(n, lambda i: f"a {int(i > 0)}-x\n")),
    # CoNLL-2012
    "conll2012: a long name": ("gold_conll", lambda n: (
        f"#begin document ({'d' * (n // 2)}); part 000\n"
        + until(n // 2, lambda i: conll2012(0, cell="1)") + "\n") + "#end document\n")),
    "conll2012: many parts": ("gold_conll", lambda n: until(n, lambda i: (
        f"#begin document (d); part {i:03}\n{conll2012(0)}\n#end document\n"))),
    "conll2012: a flat parse, a mention each": ("gold_conll", spanning(_FLAT, _CELLS)),
    "conll2012: nested mentions, no parse": ("gold_conll", spanning(_DASH, nested)),
    "conll2012: nested mentions, a flat parse": ("gold_conll", spanning(_FLAT, nested)),
    "conll2012: a deep parse, a mention each": ("gold_conll", spanning(
        lambda i, n: "(NP*" if i < n - 1 else "*" + ")" * (n - 1), _CELLS)),
    "conll2012: a deep parse, left, a mention each": ("gold_conll", spanning(
        lambda i, n: "(NP" * (n - 1) + "*" if not i else "*)", _CELLS)),
    "conll2012: a deep parse, nested mentions": ("gold_conll", spanning(
        lambda i, n: "(NP*" if i < n // 2 else "*)" if i < n // 2 * 2 else "*", nested)),
    "conll2012: deep over one word": ("gold_conll", document(lambda n: conll2012(
        0, tree="(A" * (n // 3) + "*" + ")" * (n // 3), cell="(1)"))),
    "conll2012: open brackets of a parse": ("gold_conll", document(lambda n: conll2012(
        0, tree="(A" * (n // 2)))),
    "conll2012: a long label": ("gold_conll", document(lambda n: conll2012(
        0, tree="(" + "A-" * (n // 2) + "*)"))),
    "conll2012: many closed on one word": ("gold_conll", document(lambda n: conll2012(
        0, cell=until(n, lambda i: f"{i})|") + "1)"))),
    "conll2012: many open on one word": ("gold_conll", document(lambda n: conll2012(
        0, cell=until(n, lambda i: f"({i}|") + "(1"))),
    "conll2012: many on one word": ("gold_conll", document(lambda n: conll2012(
        0, cell=until(n, lambda i: f"({i})|") + "(1)"))),
    "conll2012: nameless": ("gold_conll", spanning(_DASH, lambda i, n: "(NOCOREF" if i < n // 2
                                                   else "NOCOREF)" if i < n // 2 * 2 else "-")),
    "conll2012: no name": ("gold_conll", document(lambda n: conll2012(0, cell="(|" * (n // 2)))),
    # Coreference as JSON
    "json: brackets": (".jsonl", lambda n: "[" * n),
    "json: a long number": (".jsonl", lambda n: '{"id": ' + "1" * n + "}"),
    "json: a long key": (".jsonl", lambda n: json.dumps({"a" * n: 1})),
    "json: a long word": (".jsonl", one_document(sentences=lambda n: [["a" * n]],
                                                 clusters=lambda n: [])),
    "json: one sentence": (".jsonl", one_document(sentences=lambda n: [["a"] * (n // 5)],
                                                  clusters=lambda n: [])),
    "json: many sentences": (".jsonl", one_document(sentences=lambda n: [["a"]] * (n // 7),
                                                    clusters=lambda n: [])),
    "json: many of two words": (".jsonl", one_document(
        sentences=lambda n: [["a", "b", "c"]] * (n // 40),
        clusters=lambda n: [[[3 * i, 3 * i + 4]] for i in range(n // 40)][:-2])),
    "json: nested": (".jsonl", one_document(
        sentences=lambda n: [["a"] * (n // 25)],
        clusters=lambda n: [[[i, n // 25 - 1 - i] for i in range(n // 50)]])),
    "json: of one word": (".jsonl", one_document(
        sentences=lambda n: [["a"]], clusters=lambda n: [[[0, 0]] for _ in range(n // 10)])),
    "json: a document's long name": (".jsonl", one_document(
        sentences=lambda n: [["a", "b", "c"]] * (n // 80), doc_key=lambda n: "d" * (n // 2),
        clusters=lambda n: [[[3 * i, 3 * i + 4]] for i in range(n // 80)][:-2])),
    "json: many documents": (".jsonl", lambda n: until(n, lambda i: json.dumps(
        {"id": i, "sentences": [["a"]], "clusters": []}) + "\n")),
    # Tables, vectors, plain text
    "table: a chain of heads": (".json", table),
    "table: long ids": (".json:ids", lambda n: json.dumps(
        {"tokens": ["a"], "head": [0], "deprel": ["x"], "ids": ["1" * n]})),
    "vectors: a long line": (".vec", lambda n: "a" + " 0.5" * (min(n, 1_000_000) // 4) + "\n"),
    "vectors: a long number": (".vec", lambda n: "a 0." + "1" * min(n, 1_000_000) + "\n"),
    "vectors: many words": (".vec", lambda n: until(n, lambda i: f"w{i} 0.5 1\n")),
    "vectors: a long word": (".vec", lambda n: "a" * min(n, 1_000_000) + " 0.5\n"),
    "vectors: a word of many": (".vec", lambda n: "b 0.5\n" + "a " * min(n // 2, 500_000) + "1\n"),
    "text: a long word": (".text", lambda n: "a" * n),
    "text: a long line": (".text", lambda n: "a " * (n // 2)),
    "text: stops": (".text", lambda n: ". " * (n // 2)),
    "text: spaces": (".text", lambda n: "a." + " " * n + "b"),
    "text: numbers": (".text", lambda n: ("1" * (n // 3) + "\n") * 3),
}  # fmt: skip


def read(path: str, ending: str) -> None:
    """Read a file to its end, or to what is refused in it."""
    from letters import Letters

    from probing.core.errors import ProbingError
    from probing.data.census import Census
    from probing.data.formats.tables import Columns, read_table
    from probing.data.formats.trees import tree_faults
    from probing.data.resampling_units import UnitCounter
    from probing.data.sources.files import READERS
    from probing.data.tasks.coreference import Coreference
    from probing.data.tasks.dependencies import Dependencies
    from probing.data.text import joined
    from probing.encoder.vectors.text import read_text_vectors
    from probing.surface.text.texts import TextFiles, sentences_of

    try:
        if ending == ".vec":
            read_text_vectors(path, {"a", "w1"})
        elif ending == ".text":
            for _, line in TextFiles(path, Path(path).parent, [Path(path)]).lines():
                for _ in sentences_of(line or ""):
                    pass
        elif ending.startswith(".conllu:"):
            task = Dependencies() if ending.endswith("trees") else Coreference()
            census, counter = Census(), UnitCounter(task.terms.subtypes)
            for window in task(READERS[".conllu"](path), Letters(22), census):
                counter.add(window)
            counter.units(census.rows, documents=census.documents, corpus="")
        else:
            if ending.startswith(".json") and ending != ".jsonl":
                columns = Columns(ids="ids" if ending.endswith("ids") else None)
                rows = [json.loads(Path(path).read_text())]
                sentences = read_table(rows, columns, name="table")
            else:
                sentences = iter(READERS[ending](path))
            for sentence in sentences:
                tree_faults(sentence.heads)
                joined([sentence])
    except ProbingError:
        pass


def write(shape: str, size: int, folder: Path) -> tuple[str, str]:
    """A file of a shape: its path, and what is told by its ending."""
    ending, make = SHAPES[shape]
    path = folder / f"shape{ending.split(':')[0]}"
    path.write_text(make(size), encoding="utf-8")
    return str(path), ending


def measured(path: str, ending: str, limit: int) -> tuple[float, float] | None:
    """Seconds and peak MB of reading a file in a process of its own; nothing beyond a limit."""
    results: multiprocessing.SimpleQueue[tuple[float, float]] = FORK.SimpleQueue()
    process = FORK.Process(target=once, args=(path, ending, limit, results))
    process.start()
    process.join()
    if process.exitcode == -signal.SIGXCPU:
        return None
    assert process.exitcode == 0, path
    return results.get()


def once(
    path: str,
    ending: str,
    limit: int,
    results: multiprocessing.SimpleQueue[tuple[float, float]],
) -> None:
    """What reading a file takes."""
    spent = int(time.process_time())
    resource.setrlimit(resource.RLIMIT_CPU, (spent + limit, spent + 2 * limit))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    read(path, ending)
    seconds = time.process_time() - start
    results.put((seconds, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=float, nargs="+", default=[1, 3, 10])
    parser.add_argument("--only", nargs="+", default=[""], help="shapes that begin so")
    parser.add_argument("--limit", type=int, default=120, help="seconds for one file")
    said = parser.parse_args()
    read(os.devnull, ".conllu")  # what that imports
    with tempfile.TemporaryDirectory() as folder:
        for shape in SHAPES:
            if not shape.startswith(tuple(said.only)):
                continue
            line = f"{shape:46}"
            for size in said.megabytes:
                found = measured(*write(shape, int(size * 1e6), Path(folder)), said.limit)
                line += (
                    "    too long" if found is None else f" {found[0]:7.2f} s {found[1]:5.0f} MB"
                )
                if found is None:
                    break
            print(line, flush=True)


if __name__ == "__main__":
    main()
