"""What figures show, whether it can be read, and what their files are."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text
from torch import Tensor

from probing.reports.figures.styles import COLUMN, pdf
from probing.surface.measures.gradients import TOWARDS, of_paper
from probing.surface.report.clusters import THRESHOLDS
from probing.surface.report.drawing import MARKS, marks_of, save
from probing.surface.report.layers import attention_by_layer, entropy_by_layer, gradient_by_layer
from probing.surface.report.lines_between_tokens import (
    OUTCOMES,
    Edge,
    HeadOnText,
    edges_of,
    heads_on_text,
)
from probing.surface.report.plane import map_of_heads

RNG = torch.Generator().manual_seed(0)
LAYERS, HEADS = (2, 3, 7), 4
WORDS = "[CLS] the old dog barked at a cat . [SEP]".split()


def rand(*shape: int) -> Tensor:
    return torch.rand(*shape, generator=RNG)


AVERAGES = {name: rand(3, HEADS) for name in ("[CLS]", "[SEP]", "punctuation", "rest")}
PLACES = {name: rand(3, HEADS) for name in ("next", "previous", "current")}
ENTROPY = {"all tokens": 3 * rand(3, HEADS), "[CLS]": 2 * rand(3, HEADS)}
UNIFORM = {"all tokens": 4.2, "[CLS]": 4.0}
SLOPES = {name: 1e-4 * rand(3) for name in ("[CLS]", "[SEP]", "punctuation", "rest")}
POINTS = torch.randn(12, 2, generator=RNG, dtype=torch.float64) / 5
OF = [layer for layer in LAYERS for _ in range(HEADS)]
DOES: list[str | None] = ["broad", None, "next", "[SEP]", None, "broad", *(None for _ in range(6))]
NAMES = {2: "det", 7: "nsubj:pass", 8: "obj", 9: "aux"}
MAP = (3 * torch.randn(10, 10, generator=RNG)).softmax(-1)
EDGES = [Edge(1, 3, "right"), Edge(2, 7, "wrong"), Edge(2, 3, "missed")]

FIGURES: dict[str, Callable[[], Figure]] = {
    "attention": lambda: attention_by_layer([AVERAGES, PLACES], LAYERS),
    "entropy": lambda: entropy_by_layer(ENTROPY, UNIFORM, LAYERS),
    "gradient": lambda: gradient_by_layer(SLOPES, LAYERS),
    "plane": lambda: map_of_heads(POINTS, OF, DOES, NAMES, stress=0.17),
    "tokens": lambda: heads_on_text([HeadOnText("Head 3-9", WORDS, MAP)] * 3),
    "words": lambda: heads_on_text([HeadOnText("Head 2-2, det", WORDS, MAP, EDGES)] * 2),
}
every_figure = pytest.mark.parametrize("make", FIGURES.values(), ids=list(FIGURES))


def texts(figure: Figure) -> list[Text]:
    """All that is shown and not empty."""
    figure.draw_without_rendering()
    hidden = {text for panel in figure.axes if not panel.axison for text in axis_texts(panel)}
    found = figure.findobj(lambda artist: isinstance(artist, Text) and artist.get_visible())
    return [t for t in found if isinstance(t, Text) and t.get_text().strip() and t not in hidden]


def axis_texts(panel: Any) -> list[Text]:
    return [text for axis in (panel.xaxis, panel.yaxis) for text in axis.findobj(Text)]


def words(figure: Figure) -> list[str]:
    return [text.get_text() for text in texts(figure)]


def named(panel: Any) -> list[str]:
    return [text.get_text() for text in panel.get_legend().get_texts()]


# ------------------------------------------------------------------ of every figure


@every_figure
def test_it_fits_a_column_and_can_be_read_there(make: Callable[[], Figure]) -> None:
    figure = make()
    assert figure.get_figwidth() == COLUMN
    assert texts(figure)
    for text in texts(figure):
        assert text.get_fontsize() >= 6, text
        box = text.get_window_extent()
        ticks_beyond = {t for panel in figure.axes for t in axis_texts(panel)}
        if text not in ticks_beyond:  # matplotlib keeps ticks outside the limits, and hides them
            assert box.x0 >= 0, text
            assert box.x1 <= figure.bbox.x1, text
            assert box.y0 >= 0, text
            assert box.y1 <= figure.bbox.y1, text


@every_figure
def test_files_are_whole_and_lines_stay_lines(make: Callable[[], Figure], tmp_path: Path) -> None:
    paths = save(make(), tmp_path / "figures", "one")
    assert sorted(path.name for path in (tmp_path / "figures").iterdir()) == ["one.pdf", "one.png"]
    assert sorted(path.name for path in paths) == ["one.pdf", "one.png"]
    picture = (tmp_path / "figures" / "one.png").read_bytes()
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert picture.endswith(b"IEND\xaeB`\x82")
    assert int.from_bytes(picture[16:20], "big") == round(300 * COLUMN)
    vector = (tmp_path / "figures" / "one.pdf").read_bytes()
    assert vector.startswith(b"%PDF-")
    assert vector.rstrip().endswith(b"%%EOF")
    assert rasters(vector) == 0
    assert b"/FontFile2" in vector  # TrueType, embedded
    assert b"/Type3" not in vector
    width, _ = (float(n) for n in media_box(vector))
    assert width == pytest.approx(72 * COLUMN, abs=0.1)


def test_equal_data_give_equal_files(tmp_path: Path) -> None:
    figure = FIGURES["plane"]()
    save(figure, tmp_path, "one")
    assert (tmp_path / "one.pdf").read_bytes() == pdf(FIGURES["plane"]())


def rasters(vector: bytes) -> int:
    return len(re.findall(rb"/Subtype\s*/Image", vector))


def media_box(vector: bytes) -> tuple[bytes, bytes]:
    found = re.search(rb"/MediaBox\s*\[\s*0\s+0\s+([\d.]+)\s+([\d.]+)", vector)
    assert found
    return found[1], found[2]


def test_rasters_are_seen() -> None:
    """The test above is worth what this function sees."""
    figure = Figure()
    figure.subplots().imshow(np.eye(3))
    assert rasters(pdf(figure)) == 1


def test_marks_are_told_apart_by_colour_and_by_shape() -> None:
    assert len({mark.colour for mark in MARKS.values()}) == len(MARKS)
    assert len({mark.marker for mark in MARKS.values()}) == len(MARKS)
    assert set(THRESHOLDS) <= set(MARKS)
    some = marks_of(["next", "sink", "[SEP]", "induction", "duplicate", "first"])
    assert some["next"] == MARKS["next"]
    assert len({mark.colour for mark in some.values()}) == len(some)
    assert some["sink"].label == "sink"
    assert len(marks_of([str(k) for k in range(20)])) == 20


# ------------------------------------------------------------------ by layer


def test_attention_by_layer_shows_every_head_and_the_mean() -> None:
    figure = attention_by_layer([AVERAGES, PLACES], LAYERS)
    for panel, series in zip(figure.axes, [AVERAGES, PLACES], strict=True):
        assert named(panel) == [MARKS[name].label for name in series]
        assert panel.get_ylabel() == "average attention (%)"
        assert [t.get_text() for t in panel.get_xticklabels()] == ["2", "3", "7"]
        assert len(panel.collections) == len(panel.lines) == len(series)
        for dots, line, (name, values) in zip(
            panel.collections, panel.lines, series.items(), strict=True
        ):
            shown = np.asarray(dots.get_offsets())
            assert shown[:, 1] == pytest.approx(100 * values.flatten().numpy(), abs=1e-4)
            assert shown[:, 0].round().tolist() == [0] * HEADS + [1] * HEADS + [2] * HEADS
            assert line.get_ydata() == pytest.approx(100 * values.mean(1).numpy(), abs=1e-4)
            assert to_rgba(line.get_color()) == to_rgba(MARKS[name].colour)
    assert figure.axes[-1].get_xlabel() == "layer"


def test_entropy_has_its_uniform_line() -> None:
    figure = entropy_by_layer(ENTROPY, UNIFORM, LAYERS)
    for panel, (name, values) in zip(figure.axes, ENTROPY.items(), strict=True):
        assert named(panel) == [f"attention from {name}", "uniform"]
        assert panel.get_ylabel() == "entropy (nats)"
        mean, uniform = panel.lines
        assert mean.get_ydata() == pytest.approx(values.mean(1).numpy(), abs=1e-6)
        assert list(uniform.get_ydata()) == [UNIFORM[name]] * 2
        assert panel.get_ylim()[0] == 0
        assert panel.get_ylim()[1] > 4.2
    assert figure.axes[0].get_ylim() == figure.axes[1].get_ylim()


def test_gradients_by_layer() -> None:
    figure = gradient_by_layer(SLOPES, LAYERS)
    (panel,) = figure.axes
    assert named(panel) == ["[CLS]", "[SEP]", "punctuation", "other tokens"]
    for line, values in zip(panel.lines, SLOPES.values(), strict=True):
        assert line.get_ydata() == pytest.approx(values.numpy())
    assert "nats" in panel.get_ylabel()
    figure.draw_without_rendering()
    assert "10^" in panel.yaxis.get_offset_text().get_text()  # the axis's factor


def test_the_series_of_the_paper_stand_above() -> None:
    counts = dict(zip(TOWARDS, (10, 20, 30, 90), strict=True))
    found = of_paper(SLOPES, [counts[name] for name in TOWARDS])
    figure = gradient_by_layer(SLOPES, LAYERS, found)
    above, below = figure.axes
    assert named(above) == ["[SEP]", "punctuation", "other tokens"]
    assert named(below) == ["[CLS]", "[SEP]", "punctuation", "other tokens"]
    others = [(10 * c + 90 * r) / 100 for c, r in
              zip(SLOPES["[CLS]"].tolist(), SLOPES["rest"].tolist(), strict=True)]  # fmt: skip
    assert above.lines[2].get_ydata() == pytest.approx(others)
    assert above.lines[0].get_ydata() == pytest.approx(SLOPES["[SEP]"].numpy())


def test_outliers_have_names_on_the_same_axis_and_the_twin_is_a_line() -> None:
    even, one = torch.full((3, HEADS), 0.1), torch.full((3, HEADS), 0.05)
    one[2, 1] = 0.9  # above the mean of its layer by 64 points
    one[0, 3] = 0.2  # by 11: no outlier
    twin = {"[SEP]": torch.full((3, HEADS), 0.02)}
    figure = attention_by_layer([{"next": even}, {"[SEP]": one}], LAYERS, twin)
    above, below = figure.axes
    assert above.get_ylim() == below.get_ylim()
    assert [text.get_text() for text in above.texts] == []
    assert [text.get_text() for text in below.texts] == ["7-2"]
    dashed = [
        line for line in below.lines if line.get_linestyle() == "--" and len(line.get_xdata())
    ]
    assert [list(line.get_ydata()) for line in dashed] == [pytest.approx([2.0] * 3)]
    assert named(below) == ["[SEP]", "twin, mean"]
    assert named(above) == ["next token"]
    assert [to_rgba(line.get_color()) for line in dashed] == [to_rgba(MARKS["[SEP]"].colour)]


def test_the_twin_looks_in_the_legend_as_in_the_panel_and_lies_on_the_uniform_line() -> None:
    series = {name: AVERAGES[name] for name in ("[CLS]", "[SEP]")}
    figures = [
        attention_by_layer([series, PLACES], LAYERS, {**AVERAGES, **PLACES}),
        entropy_by_layer(ENTROPY, UNIFORM, LAYERS, ENTROPY),
    ]
    for figure in figures:
        for panel in figure.axes:
            means = [line for line in panel.lines if line.get_label() == "twin, mean"]
            legend = panel.get_legend()
            shown = [
                line
                for line, text in zip(legend.get_lines(), legend.get_texts(), strict=True)
                if text.get_text() == "twin, mean"
            ]
            assert len(shown) == len(means) > 0
            for one, other in zip(shown, means, strict=True):
                assert len(other.get_xdata()) == len(LAYERS)
                assert to_rgba(one.get_color()) == to_rgba(other.get_color())
                assert one.get_linestyle() == other.get_linestyle() == "--"
    for panel in figures[1].axes:
        order = {line.get_label(): line.get_zorder() for line in panel.lines}
        assert order["uniform"] < order["twin, mean"]


def test_panels_of_a_title_share_a_line_and_leave_no_hole() -> None:
    maps = [HeadOnText(title, WORDS, MAP) for title in ("a", "a", "b", "c", "c")]
    figure = heads_on_text(maps, by_title=True)
    places = [panel.get_position() for panel in figure.axes]
    heights = [round(place.y0, 6) for place in places]
    assert heights[0] == heights[1] > heights[2] > heights[3] == heights[4]
    wide = places[2].width
    assert wide > 1.8 * places[0].width  # alone in its line
    assert all(place.width == pytest.approx(places[0].width) for place in (places[1], *places[3:]))


def test_many_layers_have_as_many_ticks_as_there_is_room_for() -> None:
    layers = range(1, 49)
    (panel,) = attention_by_layer([{"next": rand(48, 2)}], layers).axes
    assert [t.get_text() for t in panel.get_xticklabels()] == [str(n) for n in layers[::3]]


def test_one_layer_of_one_head_that_attends_to_nothing() -> None:
    nothing = torch.zeros(1, 1)
    for figure in (
        attention_by_layer([{"[SEP]": nothing}], [5]),
        entropy_by_layer({"all tokens": nothing}, {"all tokens": 0.0}, [5]),
        gradient_by_layer({"rest": nothing[0]}, [5]),
        map_of_heads(torch.zeros(1, 2), [5], [None], {0: "det"}, stress=0.0),
    ):
        assert "5" in words(figure)


# ------------------------------------------------------------------ in the plane


def test_every_head_is_in_both_panels() -> None:
    figure = map_of_heads(POINTS, OF, DOES, NAMES, stress=0.17)
    above, below, bar = figure.axes
    assert named(above) == ["next token", "broad", "[SEP]", "none of these"]
    *kinds, rings = above.collections
    shown = np.concatenate([np.asarray(dots.get_offsets()) for dots in kinds])
    assert sorted(map(tuple, shown)) == sorted(map(tuple, POINTS.tolist()))
    broad = np.asarray(kinds[1].get_offsets()).tolist()
    assert broad == POINTS[[0, 5]].tolist()
    assert np.asarray(rings.get_offsets()).tolist() == POINTS[list(NAMES)].tolist()
    (dots,) = below.collections
    assert np.asarray(dots.get_offsets()).tolist() == POINTS.tolist()
    shades = dots.to_rgba(dots.get_array())
    assert len({tuple(shade) for shade in shades}) == len(LAYERS)
    assert [t.get_text() for t in bar.get_yticklabels()] == ["2", "3", "7"]
    scales = [
        (high - low) / length
        for panel in (above, below)
        for box in [panel.get_window_extent()]
        for (low, high), length in ((panel.get_xlim(), box.width), (panel.get_ylim(), box.height))
    ]
    assert scales == pytest.approx(scales[:1] * 4)  # distances can be compared
    assert {*NAMES.values(), "stress 0.17"} <= set(words(figure))


def test_names_of_near_heads_do_not_cover_each_other() -> None:
    points = torch.tensor([[0.0, 0.0], [0.01, 0.0], [0.0, 0.01], [0.01, 0.012], [1.0, 1.0]])
    names = {0: "nsubj", 1: "obj", 2: "det", 3: "amod", 4: "furthest of all"}
    figure = map_of_heads(points, [1] * 5, [None] * 5, names, stress=0.0)
    boxes = [t.get_window_extent() for t in texts(figure) if t.get_text() in names.values()]
    assert len(boxes) == 5
    for k, box in enumerate(boxes):
        assert box.count_overlaps(boxes[:k]) == 0
        assert box.x1 <= figure.axes[0].bbox.x1


def test_a_line_leads_from_each_name_to_its_own_circle_and_covers_no_other() -> None:
    points = torch.tensor([[0.0, 0.0], [0.04, -0.04], [0.09, 0.01], [1.0, 1.0]])
    names = {0: "3-4 nsubj", 1: "2-8 case, det", 2: "3-9 cop", 3: "1-1 furthest"}
    figure = map_of_heads(points, [1] * 4, [None] * 4, names, stress=0.0)
    panel = figure.axes[0]
    places = panel.transData.transform(points.numpy())
    shown = {t.get_text(): t.get_window_extent() for t in texts(figure)}
    notes = [own for own in panel.texts if isinstance(own, Annotation)]
    leaders = [own for own in notes if own.arrow_patch is not None]
    assert len(leaders) == len(names)
    for place, own in zip(names, leaders, strict=True):
        assert tuple(own.xy) == tuple(points[place].tolist())
        start = places[place] + np.array(own.get_position()) * figure.dpi / 72
        box = shown[names[place]]
        assert box.padded(1).contains(*start)
        for other, (across, along) in enumerate(places):
            assert other == place or not box.contains(across, along)


# ------------------------------------------------------------------ lines between tokens


def lines_of(panel: Any) -> list[tuple[int, int, float]]:
    """From which token to which, and how opaque, of the lines that are not edges."""
    (collection,) = panel.collections
    height = panel.get_ylim()[0] / len(WORDS)
    return [
        (int(start[1] / height), int(end[1] / height), float(colour[3]))
        for (start, end), colour in zip(
            collection.get_segments(), collection.get_colors(), strict=True
        )
    ]


def test_opacity_is_the_weight() -> None:
    (panel,) = heads_on_text([HeadOnText("Head 3-9", WORDS, MAP)]).axes
    found = {(i, j): alpha for i, j, alpha in lines_of(panel)}
    for i in range(10):
        for j in range(10):
            weight = float(MAP[i, j])
            assert found.get((i, j), 0.0) == pytest.approx(weight if weight >= 1 / 255 else 0.0)
    assert panel.get_title() == "Head 3-9"
    both = [w for word in WORDS for w in (word, word)]
    assert [t.get_text() for t in panel.texts] == ["from", "to", *both]


def test_edges_are_in_colour_and_explained() -> None:
    figure = heads_on_text([HeadOnText("Head 2-2", WORDS, MAP, EDGES)])
    (panel,) = figure.axes
    assert {(i, j) for i, j, _ in lines_of(panel)}.isdisjoint({(1, 3), (2, 7), (2, 3)})
    colours = [line.get_color() for line in panel.lines]
    assert colours == [OUTCOMES[name][0] for name in ("right", "wrong", "missed")]
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["picked, right", "picked, wrong", "gold, not picked"]
    only = heads_on_text([HeadOnText("Head 2-2", WORDS, MAP, EDGES[:1])])
    assert [text.get_text() for text in only.legends[0].get_texts()] == ["picked, right"]
    assert not heads_on_text([HeadOnText("Head 2-2", WORDS, MAP)]).legends


def test_edges_of_picks_and_gold() -> None:
    gold = {0: [2], 1: [2, 5], 4: [7, 5], 6: [3]}
    picks = {0: 2, 1: 5, 4: 6, 6: None}
    right = [(0, 2, "right"), (1, 5, "right"), (4, 6, "wrong"), (4, 5, "missed"),
             (4, 7, "missed"), (6, 3, "missed")]  # fmt: skip
    assert edges_of(picks, gold) == [Edge(*edge) for edge in right]
    turned = [Edge(word, anchor, outcome) for anchor, word, outcome in right]
    assert edges_of(picks, gold, by_column=True) == turned
    assert edges_of({}, {}) == []


@pytest.mark.parametrize("columns", [1, 2, 3])
def test_tokens_of_any_kind(columns: int) -> None:
    """No mathematics, no markup, and no token that is wider than its place."""
    tokens: Sequence[str] = ["$a_b$", "\\frac", "", " ", "Ġthe", "x" * 400, "{", "a_b^c", "#", "%"]
    figure = heads_on_text(
        [HeadOnText("$x$ 1-1", tokens, MAP), HeadOnText("1-2", tokens[:3], MAP[:3, :3])] * 2,
        columns=columns,
    )
    if columns < 3:
        assert "$a_b$" in words(figure)
    assert "$x$ 1-1" in words(figure)
    for text in texts(figure):
        box = text.get_window_extent()
        assert box.x0 >= 0, text
        assert box.x1 <= figure.bbox.x1, text
