"""Every family of transformers that reads wordpieces, as a tiny random model: what can be read.

python benchmarks/families.py --jobs 2 --write docs/models.md
python benchmarks/families.py --only llama,gemma2

A family whose model takes `input_ids` is made small by what its configuration calls its sizes,
saved, and read through the tap: windows of unequal length, padded and longer than any sliding
window, in float32. What comes out is compared with transformers' own eager attention of each
window alone: maps, word maps, hidden states, one layer only; and the random twin has to load.
Each family runs in a process of its own, within a time limit and 6 GB. `--write` replaces the
tables between the two marks in the file; `--verdicts FILE --resume` goes on where it stopped.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import json
import multiprocessing
import os
import re
import resource
import sys
import tempfile
import textwrap
import traceback
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import torch
import transformers
from torch import Tensor

from probing.core.errors import ProbingError
from probing.core.files import write_whole
from probing.core.layers import LayerRecord
from probing.encoder import Encoder
from probing.encoder.running import states_of

LAYERS_OF_MODEL = -1
# What a number of a configuration becomes, by its name; the first pattern that fits.
SIZES: tuple[tuple[str, int], ...] = (
    (r"^chunk_size", 0),
    (r"inner_group_num", 1),
    (r"mamba_d_ssm", 64),
    (r"^mamba_(d_head|head_dim)$", 16),
    (r"^rotary_dim$", 4),
    (r"(^|_)(pad)_(token_)?(id|idx|index)$", 0),
    (r"^(bos|cls|decoder_start)_token_id$", 1),
    (r"^(eos|sep)_token_id$", 2),
    (r"_(token_)?(id|index)$", 3),
    (r"type_vocab_size", 2),
    (r"vocab_size|^n_vocab|^vocab$|num_embeddings_.*vocab", 100),
    (r"lora_rank|_rank$|^latent_dim", 16),
    (r"^(num|n)_(hidden_)?layers?$|(en|de)coder_layers$|^num_blocks$|^depth$", LAYERS_OF_MODEL),
    (r"(key_value|kv).*heads$|multi_query_group_num|^n_kv_heads|num_attention_groups", 2),
    (r"heads?$", 4),
    (r"(^|_)head_(dim|size)$|rope_head_dim|nope_head_dim|v_head_dim|^kv_channels|^d_kv", 8),
    (r"(experts_per_tok|num_experts_per_token|top_?k|moe_k)$", 1),
    (r"topk_group|n_group", 1),
    (r"first_k_dense_replace", 1),
    (r"n_shared_experts|num_shared_experts", 1),
    (r"experts?$", 2),
    (r"sliding_window|attention_window|local_attention|attention_chunk_size|window_size", 4),
    (r"max_position_embeddings|n_positions|max_.*positions|max_seq|max_sequence|n_ctx", 64),
    (r"^(num_key_)?ssm|state_size|conv_kernel|d_conv|conv_.*kernel|d_state", 4),
    (r"(intermediate|ffn|inner|feed_?forward|mlp|hidden_dim|moe).*(size|dim|width)?$", 32),
    (r"(hidden_size|^d_model|^dim|^n_embd|emb(ed)?(ding)?_(dim|size)|^width|model_dim)", 32),
)
UNFIT = re.compile(
    "^(?!.*attribute).*(shape|size|dimension|multipl|index|divisible|must (be|match|equal)|operand)"
)
"""In what models say whose sizes do not go together."""
LAYERS = (2, 4, 8)
"""Hybrids have attention in every fourth or sixth layer only."""
WORDS_OF = torch.tensor(
    [
        [-1, 0, 0, 1, 2, 3, 3, 3, 4, 5, 6, -1],
        [-1, 0, 1, 1, 2, -1, -2, -2, -2, -2, -2, -2],
        [0, 1, 2, 2, 3, 4, 5, 6, 6, 7, -2, -2],
    ]
)
IDS = torch.randint(5, 90, WORDS_OF.shape, generator=torch.Generator().manual_seed(0))
REAL = WORDS_OF > -2
WIDTH = 8
CLOSE = 2e-5


class NoTinyModel(Exception):
    """The family could not be made small."""


class Differs(Exception):
    """The family is read, and not like eager attention."""


@dataclass(frozen=True)
class Verdict:
    """What became of a family: ``equal``, ``refused``, ``differs``, ``untried`` or ``failed``."""

    family: str
    outcome: str
    reason: str = ""
    description: str = ""
    layers: str = ""


# ------------------------------------------------------------------------ tiny models


def shrunk(config: Any, layers: int, *, filled: bool = False) -> dict[str, Any]:
    """Small sizes for the fields of a configuration, those inside it included.

    ``filled`` gives sizes to fields that are ``None``, too.
    """
    found: dict[str, Any] = {}
    fields = dict(config.to_dict())
    for name, value in fields.items():
        inner = vars(config).get(name)  # of some, an attribute may vary across layers
        if isinstance(value, dict) and "mrope_section" in value:
            found[name] = {**value, "mrope_section": [1, 1, 2]}
        elif isinstance(inner, transformers.PreTrainedConfig):
            found[name] = shrunk(inner, layers, filled=filled)
        elif name in ("initializer_range", "init_std", "initializer_std"):
            found[name] = 0.2  # the usual 0.02 makes every map nearly uniform
        elif "dropout" in name and isinstance(value, float):
            found[name] = 0.0
        elif (isinstance(value, int) and not isinstance(value, bool)) or (filled and value is None):
            for pattern, size in SIZES:
                if re.search(pattern, name):
                    found[name] = layers if size == LAYERS_OF_MODEL else size
                    break
    for name in ("pad_token_id", "bos_token_id", "eos_token_id"):
        if name in fields:
            found[name] = {"pad": 0, "bos": 1, "eos": 2}[name[:3]]
    return found


def _tested(name: str) -> Any:
    """A module of the tests, which know sizes that names and numbers do not tell."""
    folder = str(Path(__file__).parents[1] / "tests")
    if folder not in sys.path:
        sys.path.insert(0, folder)  # before the folder of this file, of the same name
    return importlib.import_module(name)


_IN_PARTS = {"rope_type": "default", "rope_theta": 1e4}
# Sizes that go together in some families and not in others.
VARIANTS: tuple[Mapping[str, Any], ...] = (
    {},
    {"num_key_value_heads": 4},
    {"head_dim": None},
    {"head_dim": 32},
    {"head_dim": 128},
    {"rope_parameters": _IN_PARTS | {"mrope_section": [1, 1, 2]}},
    {"rope_parameters": _IN_PARTS | {"mrope_section": [1, 1, 0]}},
    {"rope_parameters": _IN_PARTS | {"mrope_section": [2, 2, 4]}},
)


def configurations(family: str) -> Iterator[Any]:
    """Makers of small configurations of a family, the likeliest first."""
    tested, composites = _tested("families"), _tested("composites")
    if family in tested.CONFIGS or family in tested.FURTHER:
        yield lambda: tested.config_of(family)
    if family in composites.READABLE:
        yield lambda: composites.composite(family)
    cls = transformers.CONFIG_MAPPING[family]
    if family in (odd := _tested("odd_families").ODD):
        yield lambda: cls(**odd[family])
    try:
        usual = cls()
    except Exception as error:
        raise NoTinyModel(f"no configuration without arguments: {_short(error)}") from error
    for filled, layers in product((False, True), LAYERS):
        sizes = shrunk(usual, layers, filled=filled)
        for variant in VARIANTS:
            own = _varied(sizes, variant)
            if not variant or own != sizes:
                yield lambda own=own: cls(**own)


def _varied(sizes: dict[str, Any], variant: Mapping[str, Any]) -> dict[str, Any]:
    """Sizes with others in place, inside as well; ``None`` leaves one to the family."""
    found: dict[str, Any] = {}
    for name, value in sizes.items():
        if isinstance(value, dict):
            found[name] = _varied(value, variant)
        elif name not in variant:
            found[name] = value
        elif variant[name] is not None:
            found[name] = variant[name]
    if "vocab_size" in sizes:  # the part that reads text may have them without a number
        found |= {n: v for n, v in variant.items() if n not in sizes and v is not None}
    return found


def save_tiny(family: str, folder: str) -> Iterator[Any]:
    """Save random models of the family into ``folder``, one after the other."""
    last: Exception | None = None
    count = 0
    for make in configurations(family):
        try:
            config = make()
            torch.manual_seed(0)
            model = transformers.AutoModel.from_config(config)
            _sharpen(model)
            model.save_pretrained(folder)
        except Exception as error:  # each family fails in its own way
            last = error
            continue
        count += 1
        yield config
    if not count and last is not None:
        raise NoTinyModel(_short(last)) from last


def _sharpen(model: Any) -> None:
    """Families that start from tiny weights whatever they are told make uniform maps."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.numel() > 1 and float(parameter.std()) == 0:  # ties would decide
                parameter.add_(0.1 * torch.randn_like(parameter))
            if parameter.dim() == 2 and re.search(r"\b(q|k|query|key|qkv|wq|wk)", name):
                deviation = float(parameter.std())
                if 0 < deviation < 0.1:
                    parameter.mul_(0.2 / deviation)
            if re.search("sink", name):
                parameter.normal_()


def eager(folder: str) -> Any:
    """The model with transformers' own eager attention."""
    model = transformers.AutoModel.from_pretrained(
        folder, attn_implementation="eager", dtype=torch.float32
    )
    return model.eval().requires_grad_(False)


# ------------------------------------------------------------------------- comparing


class Kept:
    """Keeps layers."""

    def __init__(self) -> None:
        self.layers: list[LayerRecord] = []

    def take(self, layer: LayerRecord) -> None:
        """Keep one."""
        self.layers.append(layer)


def check(family: str, folder: str) -> Verdict:
    """Read the model in ``folder`` in all ways that there are.

    Raises:
        ProbingError: if it is refused.
        Differs: if it is not like eager attention.
    """
    encoder = Encoder(folder).load()
    numbers = encoder.layer_numbers
    reference = eager(folder)
    together = Kept()
    with torch.no_grad():
        encoder.read(IDS, REAL, [together])
        whole = encoder(
            IDS, WORDS_OF, width=WIDTH, needs={"attention", "boundary", "hidden", "embeddings"}
        )
        for b, length in enumerate(REAL.sum(1).tolist()):
            ids = IDS[b : b + 1, :length]
            output = reference(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                output_attentions=True,
                output_hidden_states=True,
            )
            alone = Kept()
            encoder.read(ids, ids >= 0, [alone])
            expected = _attentions(output, numbers, encoder.source.layers)
            expected = [
                _beside_sink(map_, one) for map_, one in zip(expected, alone.layers, strict=True)
            ]
            for number, one, beside, map_ in zip(
                numbers, alone.layers, together.layers, expected, strict=True
            ):
                _same(f"layer {number}, a window alone", one.weights[0], map_)
                own = beside.weights[b, :, :length, :length]
                _same(f"layer {number}, windows in a batch", own, map_)
                if number == numbers[-1] and length == IDS.shape[1] and float(map_.std()) < 0.01:
                    raise NoTinyModel("its maps are uniform, which anything would equal")
            words = _word_maps(expected, WORDS_OF[b].tolist())
            _same("word maps", whole.part("attention")[b], words[..., :WIDTH, :WIDTH])
            _same("boundary", whole.part("boundary")[b, ..., :2], words[..., :WIDTH, WIDTH:])
            every = states_of(output, encoder.source.text) or ()
            own_states = [every[number] for number in (0, *numbers)]
            means = torch.stack([_means(s[0], WORDS_OF[b].tolist()) for s in own_states])
            scale = max(1.0, float(means.abs().max()))
            _same("hidden states", whole.part("hidden")[b] / scale, means / scale)
        some = Encoder(folder, layers=[numbers[-1]]).load()
        last = some(IDS, WORDS_OF, width=WIDTH, needs={"attention"}).part("attention")
        _same("one layer only", last[:, 0], whole.part("attention")[:, -1])
        lacks = ""
        for keep in (True, False):
            twin = Encoder(folder, random_init=True, random_seed=1, keep_embeddings=keep)
            try:
                twin.load()
            except ProbingError:
                lacks = "; no twin that keeps embeddings" if keep else "; no twin"
                continue
            own = twin(IDS, WORDS_OF, width=WIDTH, needs={"attention", "embeddings"})
            twin.check_maps()
            if keep:
                _same("embeddings of the twin", own.part("embeddings"), whole.part("embeddings"))
    count = encoder.source.layers
    layers = "" if len(numbers) == count else f"{', '.join(map(str, numbers))} of {count}"
    return Verdict(family, "equal", description=_kind(encoder, whole) + lacks, layers=layers)


def _kind(encoder: Encoder, whole: Any) -> str:
    """What kind of attention it is, as the encoder reports it."""
    said = encoder.description.split("; windows")
    kind = "decoder" if whole.visible is not None and not whole.visible.triu(1).any() else "encoder"
    return f"{kind}, one window at a time" if len(said) > 1 else kind


def _attentions(output: Any, numbers: Sequence[int], count: int) -> list[Tensor]:
    """Eager maps ``[H, T, T]`` of the layers ``numbers``."""
    found = [one for one in (output.attentions or ()) if one is not None]
    if len(found) == count and len(numbers) < count:
        found = [found[number - 1] for number in numbers]
    if len(found) != len(numbers):
        raise NoTinyModel(
            f"eager attention gives {len(found)} maps for {len(numbers)} layers: nothing to compare"
        )
    return [one[0] for one in found]


def _beside_sink(map_: Tensor, layer: LayerRecord) -> Tensor:
    """Some families leave out of the maps that they return what goes to the sink (Granite SWA).

    That the share is right is seen in the hidden states.
    """
    if layer.sink is None or float((map_.sum(-1) - 1).abs().max()) > 1e-4:
        return map_
    return map_ * (1 - layer.sink[0, ..., None])


def _same(what: str, found: Tensor, expected: Tensor) -> None:
    if found.shape != expected.shape:
        raise Differs(f"{what}: shape {tuple(found.shape)}, expected {tuple(expected.shape)}")
    difference = float((found.double() - expected.double()).abs().max())
    if not difference <= CLOSE:
        raise Differs(f"{what}: {difference:.1e} from eager attention")


def _groups(words_of: Sequence[int]) -> list[list[int]]:
    groups = [[t for t, word in enumerate(words_of) if word == w] for w in range(WIDTH)]
    end = sum(word > -2 for word in words_of) - 1
    return [*groups, [0] if words_of[0] == -1 else [], [end] if words_of[end] == -1 else []]


def _word_maps(maps: Sequence[Tensor], words_of: Sequence[int]) -> Tensor:
    """``[L, H, W+2, W+2]``: to a word the sum, from it the mean over its wordpieces."""
    groups = _groups(words_of)
    out = torch.zeros(len(maps), maps[0].shape[0], len(groups), len(groups), dtype=torch.float64)
    for k, map_ in enumerate(maps):
        for i, own in enumerate(groups):
            for j, to in enumerate(groups):
                if own and to:
                    block = map_.double()[:, own][:, :, to]
                    out[k, :, i, j] = block.sum(-1).mean(-1)
    return out


def _means(states: Tensor, words_of: Sequence[int]) -> Tensor:
    groups = _groups(words_of)[:WIDTH]
    empty = torch.zeros(states.shape[-1], dtype=torch.float64)
    return torch.stack([states[g].double().mean(0) if g else empty for g in groups])


# --------------------------------------------------------------------- one after another


def tried(family: str) -> Verdict:
    """What becomes of a family; anything may go wrong."""
    last: Verdict | None = None
    with tempfile.TemporaryDirectory() as folder:
        try:
            for _ in save_tiny(family, folder):
                try:
                    return check(family, folder)
                except ProbingError as error:
                    own = Verdict(family, "refused", str(error).replace(folder, "").strip())
                    if UNFIT.search(own.reason):  # the fault of the sizes, not of the family
                        own = Verdict(family, "untried", own.reason)
                except Differs as error:
                    return Verdict(family, "differs", str(error))
                except NoTinyModel as error:
                    own = Verdict(family, "untried", str(error))
                except Exception as error:
                    line = traceback.extract_tb(error.__traceback__)[-1]
                    where = f"{Path(line.filename).name}:{line.lineno}: {_short(error)}"
                    if "transformers" not in line.filename:
                        return Verdict(family, "failed", where)
                    own = Verdict(family, "untried", where)  # nor does eager attention run
                if last is None or own.outcome == "refused":
                    last = own
                # Few layers may all be without attention.
                if own.outcome == "refused" and not re.search(
                    "computes attention|does not dispatch", own.reason
                ):
                    break
        except Exception as error:  # whatever a configuration makes of its defaults
            last = last or Verdict(family, "untried", str(error))
    return last or Verdict(family, "untried", "no size would do")


def _short(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {textwrap.shorten(text, 160, placeholder=' …')}"


def _child(family: str, path: str) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (6 * 2**30,) * 2)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    torch.set_num_threads(1)
    Path(path).write_text(json.dumps(vars(tried(family))), encoding="utf-8")


def isolated(family: str, seconds: float) -> Verdict:
    """The same in a process of its own, which may crash or hang."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "verdict.json"
        child = multiprocessing.get_context("fork").Process(target=_child, args=(family, str(path)))
        child.start()
        child.join(seconds)
        if child.is_alive():
            child.kill()
            child.join()
            return Verdict(family, "untried", f"not done in {seconds:.0f} seconds")
        if not path.exists():
            return Verdict(family, "failed", f"the process ended with {child.exitcode}")
        return Verdict(**json.loads(path.read_text(encoding="utf-8")))


def families() -> list[str]:
    """Those whose model takes ``input_ids``."""
    found = []
    for family, cls in transformers.CONFIG_MAPPING.items():
        try:
            model = transformers.MODEL_MAPPING[cls]
            model = model[0] if isinstance(model, tuple) else model
            if "input_ids" in inspect.signature(model.forward).parameters:
                found.append(family)
        except (KeyError, ImportError, ValueError):
            continue  # no model, or one of a library that is not here
    return sorted(found)


def _kept(path: str) -> list[Verdict]:
    return [Verdict(**own) for own in json.loads(Path(path).read_text(encoding="utf-8"))]


# --------------------------------------------------------------------------- the tables

BEGIN = "<!-- what follows is written by benchmarks/families.py -->"
END = "<!-- end of what is written by benchmarks/families.py -->"
KINDS = {"equal": "Works", "refused": "Refused", "untried": "Not tried"}
"""The headings of the tables; ``differs`` and ``failed`` are faults, and stand in none."""


def tables(verdicts: Sequence[Verdict]) -> str:
    """What became of the families, as Markdown."""
    of = {kind: [v for v in verdicts if v.outcome == kind] for kind in KINDS}
    said = [
        f"Of {len(verdicts)} families of transformers {transformers.__version__} whose model takes "
        f"`input_ids`, {len(of['equal'])} are read, each equal to its own eager attention; "
        f"{len(of['refused'])} are refused by name; of {len(of['untried'])} no tiny model was "
        "made, so nothing is known.",
    ]
    if faults := [v for v in verdicts if v.outcome not in KINDS]:
        listed = ", ".join(f"`{v.family}` ({v.reason})" for v in faults)
        said.append(f"Not read as it should be: {listed}.")
    for kind, heading in KINDS.items():
        said.append(f"## {heading}")
        rows = {
            reason: [v.family for v in of[kind] if _reason(v) == reason]
            for reason in sorted({_reason(v) for v in of[kind]})
        }
        column = "what it is" if kind == "equal" else "reason"
        lines = [f"| family | {column} |", "|---|---|"]
        for reason, names in sorted(rows.items(), key=lambda row: (-len(row[1]), row[0])):
            lines.append(f"| {', '.join(f'`{n}`' for n in sorted(names))} | {reason} |")
        said.append("\n".join(lines))
    return "\n\n".join(said)


def _reason(verdict: Verdict) -> str:
    """What a row of the tables says: the same for all families of which the same is true."""
    if verdict.outcome == "equal":
        gaps = "; no attention in some layers" if verdict.layers else ""
        return verdict.description + gaps
    if verdict.outcome == "untried":
        slow = "not done" in verdict.reason
        alike = "uniform" in verdict.reason or "nothing to compare" in verdict.reason
        return verdict.reason if alike else "too slow" if slow else "its sizes were not found"
    text = re.sub(r"^\(\S+\) |^\w+ (?=asks|attends)", "", verdict.reason)
    text = re.sub(r"\d+ times for \d+ layers", "more or less often than it has layers", text)
    text = re.sub(r"attends to \d+ things from \d+ wordpieces.*", "attends to other things", text)
    text = re.sub(r"\d+ | \(.*?\)", " ", text)
    text = text.replace("model '' ", "")
    return " ".join(text.split(":")[0].replace("|", "/").split())


def write(path: Path, verdicts: Sequence[Verdict]) -> None:
    """Replace what stands between the two marks in a file."""
    before, _, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    text = f"{before}{BEGIN}\n\n{tables(verdicts)}\n\n{END}{after}"
    path.write_text(text, encoding="utf-8")


def main() -> None:
    """Try families, and print or write what became of them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--write", default="")
    parser.add_argument("--verdicts", default="")
    parser.add_argument("--resume", action="store_true", help="go on with --verdicts")
    options = parser.parse_args()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    names = options.only.split(",") if options.only else families()
    verdicts = _kept(options.verdicts) if options.resume else []
    names = [name for name in names if name not in {verdict.family for verdict in verdicts}]
    torch.set_num_threads(1)
    with ThreadPoolExecutor(options.jobs) as pool:
        done = [pool.submit(isolated, family, options.seconds) for family in names]
        for future in as_completed(done):
            own = future.result()
            verdicts.append(own)
            said = f"{own.reason or own.description} {own.layers}"
            print(f"{own.outcome:8} {own.family}: {said}", flush=True)
            if options.verdicts:
                write_whole(Path(options.verdicts), json.dumps([vars(v) for v in verdicts]))
    counts = {o: sum(v.outcome == o for v in verdicts) for o in {v.outcome for v in verdicts}}
    if options.write:
        write(Path(options.write), sorted(verdicts, key=lambda verdict: verdict.family))
    print(len(verdicts), "families:", ", ".join(f"{n} {o}" for o, n in sorted(counts.items())))


if __name__ == "__main__":
    main()
