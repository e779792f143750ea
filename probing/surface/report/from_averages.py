"""What averages over the text say: the figures by layer, and what each head mostly does."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.figure import Figure

from probing.surface.report.clusters import behaviours
from probing.surface.report.layers import attention_by_layer, entropy_by_layer
from probing.surface.report.tables import Found


def figures_of_averages(found: Found, twin: Found | None = None) -> dict[str, Figure]:
    """Figures 2 and 4 of the paper, by their titles; with the means of the twin, if known."""
    quantities = found.quantities
    known = entropies_of(found)
    of_twin = {} if twin is None else twin.quantities
    panels = panels_of(found)
    beside = {
        title: of_twin[name] for panel in panels for title, name in panel.items() if name in of_twin
    }
    return {
        "figure2_attention": attention_by_layer(
            [{title: quantities[name] for title, name in panel.items()} for panel in panels],
            found.layers,
            beside,
        ),
        "figure4_entropy": entropy_by_layer(
            {title: quantities[name] for title, name in known.items()},
            {title: float(quantities[f"uniform_{n}"].mean()) for title, n in known.items()},
            found.layers,
            {title: of_twin[name] for title, name in known.items() if name in of_twin},
        ),
    }


def panels_of(found: Found) -> list[dict[str, str]]:
    """Of each panel of figure 2 what is attended to, and the quantity that says how much."""
    start = {} if "to_cls" in found.quantities else {"first token": "to_first"}  # else [CLS] is
    panels = [
        {**start, "[CLS]": "to_cls", "[SEP]": "to_sep", "punctuation": "to_punctuation"},
        {"next": "to_next", "previous": "to_previous", "the same token": "to_self"},
        {"other → [SEP]": "other_to_sep", "[SEP] → [SEP]": "sep_to_sep"},
    ]
    shown = [_measured(panel, found) for panel in panels]
    return [panel for panel in shown if panel]


def entropies_of(found: Found) -> dict[str, str]:
    """Of each panel of figure 4 what attends, and the quantity; its bound is ``uniform_`` that."""
    return _measured({"all tokens": "entropy", "[CLS]": "entropy_from_cls"}, found)


def _measured(names: Mapping[str, str], found: Found) -> dict[str, str]:
    return {title: name for title, name in names.items() if name in found.quantities}


def behaviours_of(found: Found) -> list[str | None]:
    """What each head mostly does, ``None`` where it does nothing in particular."""
    names = {
        "next": "to_next",
        "previous": "to_previous",
        "[CLS]": "to_cls",
        "[SEP]": "to_sep",
        "punctuation": "to_punctuation",
    }
    attention = {t: found.quantities[n] for t, n in names.items() if n in found.quantities}
    uniform = float(found.quantities["uniform_entropy"].mean())
    return behaviours(attention, found.quantities["entropy"], uniform=uniform)
