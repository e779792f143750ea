"""Fixtures that several suites share; all of them are cheap, seeded and need no network.

- ``tiny_bert``: a folder with a random BERT (2 layers, 4 heads, 32 units, 512 positions) and a
  WordPiece tokenizer that splits most words; ``tiny_encoder`` is the loaded ``Encoder``.
- ``folder_of(family)``: a folder with a random model of a family of ``families``.
- ``save_tokenizer(folder)``: put that tokenizer beside another model; returns its size.
- ``terms``: the words of two tasks, one after the other: dependency trees, and ``made_up``, which
  has errors, rivals of all kinds and a baseline of expected values.
- ``random_edges(seed, ...)``: a random ``EdgeBatch`` and the ``Encoding`` that goes with it.
- ``take(batch, encoding, order)`` picks and reorders windows of the two;
  ``pad(batch, encoding, ...)`` adds padding to them.
- ``tree_heads(seed, n)``: the heads of a random tree; ``tree_batch(heads, punctuation=...)``: the
  ``EdgeBatch`` of given trees.

``PROBING_CACHE`` and the cache of ``datasets`` are temporary folders, the Hugging Face hub is
offline, and hypothesis tries the same examples every time.
"""

from __future__ import annotations

import os
import string
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, replace
from functools import cache
from pathlib import Path

# Before transformers is imported: a test that reaches for the hub must fail, not download.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import columns
import datasets
import grown
import hypothesis
import pytest
import torch
import transformers
from families import config_of, save
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from torch.nn import functional as F

from probing.core.batches import EdgeBatch, Encoding, Sizes
from probing.core.terms import Rival, Terms
from probing.data.tasks.dependencies import Dependencies
from probing.encoder import Encoder

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
WHOLE = "the a of to and in is was he she it they dog cat".split()
ROWS = ("all", "nsubj", "obj", "punct")
SIZES = Sizes(layers=2, heads=3, hidden=8, embedding=6)
# Baselines and rivals stand in orders of their own: an index into one is none into the other.
MADE_UP = Terms(
    directions=("seeker->found", "found->seeker", "either way"),
    baselines=("lag=-2", "random", "last", "lag=1", "first", "lag=far"),
    rivals=(
        Rival("rule", ("first", "last")),
        Rival("random", ("random",)),
        Rival("lag", ("lag=far", "lag=1", "lag=-2")),
        Rival("the first", ("first",), beside_heads=False),
        Rival("edge", ("last", "lag=far"), beside_heads=False),
    ),
    errors=("too far", "of another kind", "too late"),
    order=("all", "punct", "unheard of", "rare"),
    wording="errands.WORDS",
)
TERMS = {"dependencies": Dependencies.terms, "made up": MADE_UP}


# The same examples every time: a test that fails here fails for whoever looks into it, too.
hypothesis.settings.register_profile(
    "tests", deadline=None, max_examples=40, derandomize=True, database=None
)
hypothesis.settings.load_profile("tests")


@pytest.fixture(scope="session", autouse=True)
def _session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tiny tensors gain nothing from threads, and a user's cache is not ours to fill."""
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROBING_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path_factory.mktemp("datasets"))
        datasets.disable_progress_bars()
        yield


@pytest.fixture(scope="session")
def save_tokenizer() -> Callable[[Path], int]:
    return _save_tokenizer


def _save_tokenizer(folder: Path) -> int:
    letters = string.ascii_lowercase + string.digits
    pieces = [*SPECIAL, *string.punctuation, *letters, *(f"##{c}" for c in letters), *WHOLE]
    pieces += ["##ing", "##ed", "##er"]
    vocabulary = {piece: i for i, piece in enumerate(dict.fromkeys(pieces))}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_max_length=512,
    ).save_pretrained(folder)
    return len(vocabulary)


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a model; its name is what ``--model.encoder`` takes."""
    folder = tmp_path_factory.mktemp("tiny_bert")
    config = transformers.BertConfig(
        vocab_size=_save_tokenizer(folder),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=512,
        # Sharper than the usual 0.02, so that heads differ from uniform and from each other.
        initializer_range=0.5,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        transformers.BertModel(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_encoder(tiny_bert: Path) -> Encoder:
    return Encoder(str(tiny_bert)).load()


@pytest.fixture(scope="session", params=TERMS.values(), ids=list(TERMS))
def terms(request: pytest.FixtureRequest) -> Terms:
    found = request.param
    assert isinstance(found, Terms)
    return found


@pytest.fixture(scope="session")
def made_up() -> Terms:
    return MADE_UP


@pytest.fixture(scope="session")
def folder_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Made once, and not to be written to."""

    @cache
    def make(family: str) -> str:
        folder = tmp_path_factory.mktemp(family)
        save(config_of(family), folder)
        return str(folder)

    return make


@pytest.fixture(scope="session")
def random_edges() -> Callable[..., tuple[EdgeBatch, Encoding]]:
    return _random_edges


def _random_edges(
    seed: int,
    *,
    lengths: Sequence[int] = (5, 2, 7),
    gold: int = 1,
    restricted: bool = False,
    shared: bool = False,
    few: bool = False,
    root: bool = True,
    causal: bool = False,
    trees: bool = False,
    terms: Terms = Dependencies.terms,
    sizes: Sizes = SIZES,
) -> tuple[EdgeBatch, Encoding]:
    """Windows of ``lengths`` words with random edges, and a random encoding of them.

    Words are anchors in a random order, and no candidates of their own; a word that would have no
    candidate at all is no anchor. Words and anchors are padded to the longest window; the
    encoding is zero on padding, as the encoder leaves it.

    Args:
        seed: the same seed gives the same.
        lengths: words of each window; one wordpiece each, and two special tokens.
        gold: the most gold candidates of an anchor.
        restricted: leave out a random half of the candidates, gold ones never all.
        few: only a random half of the words are anchors, but for two of them at least.
        shared: some words are anchors twice, with gold candidates of their own.
        root: whether ROOT may be gold and candidate.
        causal: words attend to nothing behind them, and ``visible`` says so.
        trees: the gold candidates are the heads of a tree.
        terms: of the task. Fixed offsets are what they say; how right other baselines are is
            drawn in eighths, so that sums are exact in any order. Candidates that are not gold
            have any kind of error or none.
        sizes: of the encoder.
    """
    rng = torch.Generator().manual_seed(seed)

    def below(n: int) -> int:
        return int(torch.randint(n, (), generator=rng))

    size, width = len(lengths), max(lengths, default=0)
    first = 0 if root else 1
    asking = [torch.randperm(n, generator=rng).tolist() for n in lengths]
    asking = [words if root or len(words) > 1 else [] for words in asking]
    if few:
        asking = [words[: max(2, len(words) // 2)] for words in asking]
    if shared:
        asking = [
            words + [words[below(len(words))] for _ in range(1 + len(words) // 2) if words]
            for words in asking
        ]
    heads = [grown.tree_heads(seed + b, n) if trees else [] for b, n in enumerate(lengths)]
    most = max(map(len, asking), default=0)
    ids = torch.zeros(size, width + 2 if size else 0, dtype=torch.long)
    words_of = torch.full_like(ids, -2)
    anchors = torch.zeros(size, most, dtype=torch.long)
    is_anchor = torch.zeros(size, most, dtype=torch.bool)
    golds = torch.zeros(size, most, width + 1, dtype=torch.bool)
    candidates = torch.zeros_like(golds)
    member = torch.zeros(size, most, len(ROWS), dtype=torch.bool)
    baselines = torch.zeros(size, most, len(terms.baselines), dtype=torch.float64)
    kinds = torch.zeros_like(golds, dtype=torch.int8)
    for b, n in enumerate(lengths):
        ids[b, : n + 2] = torch.randint(5, 60, (n + 2,), generator=rng)
        words_of[b, : n + 2] = torch.tensor([-1, *range(n), -1])
        for a, word in enumerate(asking[b]):
            anchors[b, a], is_anchor[b, a] = word, True
            others = [column for column in range(first, n + 1) if column != word + 1]
            candidates[b, a, others] = True
            right = [others[below(len(others))] for _ in range(1 + below(gold))]
            right = [heads[b][word]] if trees else right
            golds[b, a, right] = True
            if restricted:
                candidates[b, a] &= torch.rand(width + 1, generator=rng) < 0.5
                candidates[b, a, right[0]] = True
            own = 1 + below(len(ROWS) - 1)
            member[b, a, own] = True
            member[b, a, 0] = ROWS[own] != "punct"
            for k, name in enumerate(terms.baselines):
                family, _, value = name.partition("=")
                baselines[b, a, k] = (
                    word + int(value) + 1 in {column for column in right if column > 0}
                    if family == "offset"
                    else below(9) / 8
                )
            for column in others:
                if candidates[b, a, column] and not golds[b, a, column]:
                    kinds[b, a, column] = below(len(terms.errors) + 1)
    batch = EdgeBatch(
        words=[[f"w{b}.{i}" for i in range(n)] for b, n in enumerate(lengths)],
        rows=ROWS,
        terms=terms,
        ids=ids,
        words_of=words_of,
        lengths=torch.tensor(lengths, dtype=torch.long),
        anchors=anchors,
        is_anchor=is_anchor,
        member=member,
        baselines=baselines,
        **columns.of_cells(golds, candidates, kinds),
    )

    real = batch.is_word
    pairs = real[:, :, None] & real[:, None, :]  # [B, W, W]
    visible = pairs & torch.ones(width, width).tril().bool() if causal else pairs
    shape = (size, sizes.layers, sizes.heads, width, width + 2)
    always = torch.ones(size, width, 1, dtype=torch.bool)
    open_to = torch.cat([visible, always, always & (not causal)], -1)[:, None, None]
    logits = 2 * torch.randn(shape, generator=rng)
    maps = logits.masked_fill(~open_to, -torch.inf).softmax(-1) * real[:, None, None, :, None]
    back = torch.rand((*shape[:4], 2), generator=rng) * real[:, None, None, :, None]
    vectors = torch.randn(size, width, sizes.embedding, generator=rng)
    hidden = torch.randn(size, sizes.layers + 1, width, sizes.hidden, generator=rng)
    of_words = torch.randn(size, width, sizes.vectors, generator=rng)
    encoding = Encoding(
        attention=maps[..., :width],
        boundary=torch.cat([maps[..., width:], back], -1),
        visible=visible[:, None].expand(-1, sizes.layers, -1, -1) if causal else None,
        embeddings=vectors * real[..., None],
        hidden=hidden * real[:, None, :, None],
        vectors=of_words * real[..., None],
    )
    return batch, encoding


@pytest.fixture(scope="session")
def take() -> Callable[..., tuple[EdgeBatch, Encoding]]:
    return _take


def _take(batch: EdgeBatch, encoding: Encoding, order: Sequence[int]) -> tuple[EdgeBatch, Encoding]:
    """The windows ``order``, in that order, padding included."""
    index = torch.tensor(order, dtype=torch.long)

    def chosen(part: EdgeBatch | Encoding) -> dict[str, torch.Tensor]:
        values = {field.name: getattr(part, field.name) for field in fields(part)}
        return {name: v[index] for name, v in values.items() if isinstance(v, torch.Tensor)}

    words = [batch.words[b] for b in order]
    return replace(batch, words=words, **chosen(batch)), replace(encoding, **chosen(encoding))


@pytest.fixture(scope="session")
def pad() -> Callable[..., tuple[EdgeBatch, Encoding]]:
    return _pad


def _pad(
    batch: EdgeBatch, encoding: Encoding, *, words: int = 3, anchors: int = 2, fill: float = 0.0
) -> tuple[EdgeBatch, Encoding]:
    """The same windows beside a longer one that is not there.

    ``fill`` is what the encoding holds on the new padding; the encoder itself leaves zeros.
    """

    def wider(name: str, *pads: int) -> torch.Tensor | None:
        value = getattr(encoding, name)
        if value is None:
            return None
        return F.pad(value, pads, value=bool(fill) if value.dtype == torch.bool else fill)

    longer = columns.with_cells(
        batch,
        ids=F.pad(batch.ids, (0, words)),
        words_of=F.pad(batch.words_of, (0, words), value=-2),
        anchors=F.pad(batch.anchors, (0, anchors)),
        is_anchor=F.pad(batch.is_anchor, (0, anchors)),
        gold=F.pad(batch.gold, (0, words, 0, anchors)),
        candidates=F.pad(batch.candidates, (0, words, 0, anchors)),
        member=F.pad(batch.member, (0, 0, 0, anchors)),
        baselines=F.pad(batch.baselines, (0, 0, 0, anchors)),
        kinds=F.pad(columns.kinds_of(batch), (0, words, 0, anchors)),
        class_of=None if batch.class_of is None else _longer(batch.class_of, words),
    )
    return longer, Encoding(
        attention=wider("attention", 0, words, 0, words),
        boundary=wider("boundary", 0, 0, 0, words),
        visible=wider("visible", 0, words, 0, words),
        embeddings=wider("embeddings", 0, 0, 0, words),
        hidden=wider("hidden", 0, 0, 0, words),
        vectors=wider("vectors", 0, 0, 0, words),
    )


def _longer(class_of: torch.Tensor, words: int) -> torch.Tensor:
    """With further words, each a class of its own."""
    size, width = class_of.shape
    return torch.cat([class_of, torch.arange(width, width + words).repeat(size, 1)], 1)


@pytest.fixture(scope="session")
def tree_heads() -> Callable[[int, int], list[int]]:
    return grown.tree_heads


@pytest.fixture(scope="session")
def tree_batch() -> Callable[..., EdgeBatch]:
    return grown.tree_batch
