"""Each family there is: read like eager attention, or refused by name."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import transformers as tf
from families import (
    CONFIGS,
    FURTHER,
    IDS,
    REAL,
    VARIANTS,
    WIDTH,
    WORDS_OF,
    Weights,
    config_of,
    eager,
    run_eager,
    save,
)
from packaging.version import Version
from torch import Tensor
from unreadable import FAULTS, REASONS, UnreadableConfig

from probing.core.errors import ProbingError
from probing.encoder import Encoder
from probing.encoder.tap import Tap

# ``docs/models.md``, which ``benchmarks/families.py`` writes, names a release, and in backticks at
# the beginning of a line the families.
DOCS = (Path(__file__).parents[2] / "docs" / "models.md").read_text(encoding="utf-8")
READ, DOCUMENTED_AS_REFUSED = (
    {
        name
        for line in part.splitlines()
        if line.startswith("| `")
        for name in re.findall("`(.+?)`", line.split("|")[1])
    }
    for part in DOCS.split("## Not tried")[0].split("## Refused")
)
(named,) = re.findall(r"transformers (\d+\.\d+)\.\d+\b", DOCS)
DOCUMENTED, INSTALLED = Version(named), Version(".".join(tf.__version__.split(".")[:2]))
REFUSAL = (
    r"does not dispatch its attention|asks the attention function for|has two stacks"
    r"|computes attention \d+ times for \d+ layers"
)


def is_promised(family: str) -> bool:
    """Whether a release that does not read the family is none that we allow, or is at fault."""
    return family not in FURTHER or (family in READ and INSTALLED >= DOCUMENTED)


@pytest.mark.parametrize("family", [*CONFIGS, *VARIANTS, *FURTHER])
def test_a_family_is_read_like_eager_attention_or_refused_by_name(
    family: str, folder_of: Callable[[str], str]
) -> None:
    if family in FURTHER and family not in tf.CONFIG_MAPPING and not is_promised(family):
        pytest.skip(f"transformers {tf.__version__} does not have it")
    encoder, refusal = Encoder(folder_of(family)), ""
    try:
        encoder.load()
    except ProbingError as error:
        refusal = str(error)
    if refusal:
        assert not is_promised(family), refusal
        assert re.search(REFUSAL, refusal), refusal
        return
    assert family not in DOCUMENTED_AS_REFUSED or INSTALLED != DOCUMENTED
    kept = Weights()
    output = encoder.model(input_ids=IDS, attention_mask=REAL.long(), tap=Tap([kept]))
    expected = run_eager(eager(folder_of(family)))
    assert len(kept.maps) == len(expected.attentions) == encoder.sizes.layers
    for found, map_ in zip(kept.maps, expected.attentions, strict=True):
        difference = (found - map_).abs() * REAL[:, None, :, None]
        assert difference.max() < 1e-6
        assert float(map_[0].std()) > 0.02  # a uniform map would be matched by anything
    difference = (output.last_hidden_state - expected.last_hidden_state).abs()
    scale = expected.last_hidden_state[REAL].abs().max().clamp_min(1)
    assert (difference[REAL] / scale).max() < 2e-6


def test_the_tables_of_families_list_what_is_tested() -> None:
    assert READ.isdisjoint(DOCUMENTED_AS_REFUSED)
    assert CONFIGS.keys() | FURTHER.keys() <= READ | DOCUMENTED_AS_REFUSED
    assert CONFIGS.keys() <= READ


# --------------------------------------------------------------------- what is refused


def test_nothing_else_is_wrong_with_what_is_refused(tmp_path: Path) -> None:
    save(UnreadableConfig(), tmp_path)
    for options in ({}, {"random_init": True}, {"random_init": True, "keep_embeddings": False}):
        Encoder(str(tmp_path), **options).load()


@pytest.mark.parametrize("options", [{}, {"keep": True}, {"keep": False}], ids=["", "twin", "all"])
@pytest.mark.parametrize("fault", FAULTS)
def test_models_whose_attention_cannot_be_read_are_refused_and_have_no_twin(
    fault: str, options: dict[str, Any], tmp_path: Path
) -> None:
    """Nor are they taken for loaded the next time."""
    save(UnreadableConfig(fault), tmp_path)
    twin = {"random_init": True, "keep_embeddings": options["keep"]} if options else {}
    encoder = Encoder(str(tmp_path), **twin)
    for _ in range(2):
        with pytest.raises(ProbingError, match=REASONS[fault]):
            encoder.load()


def test_hidden_states_that_do_not_compare_are_refused(tmp_path: Path) -> None:
    """OPT's last one is projected to the size of the embeddings."""
    config = config_of("opt")
    config.word_embed_proj_dim = 16
    save(config, tmp_path)

    def encode(needs: str, **options: Any) -> Tensor:
        encoder = Encoder(str(tmp_path), **options).load()
        return encoder(IDS, WORDS_OF, width=WIDTH, needs={needs, "attention"}).part(needs)

    assert encode("embeddings").shape[-1] == 16
    with pytest.raises(ProbingError, match="hidden states of size 32, found 16, 32"):
        encode("hidden")
    assert encode("hidden", layers=[1]).shape[-1] == 32
