"""The colours of signed maps: zero is the centre, both sides grow darker alike, and all can tell them apart."""

import numpy as np
import pytest

from fe_saliency.display import (
    ImageColumn,
    MaskColumn,
    Section,
    SignedColumn,
    compose,
    scale_caption,
    to_mask,
    to_signed,
)
from fe_saliency.display import panels as module
from fe_saliency.display.colors import colorize_signed, lookup_table, signed_table
from fe_saliency.display.layout import arrange
from fe_saliency.display.legend import CAPTION, SIGNED_CAPTION
from fe_saliency.display.panels import panels
from fe_saliency.display.typeset import fit


def noise(*shape, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, size=shape).astype(np.float32)


def luminance(colors):
    """WCAG's relative luminance, 0 to 1."""
    unit = np.asarray(colors) / 255
    linear = np.where(unit <= 0.04045, unit / 12.92, ((unit + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def test_zero_is_exactly_white_and_nothing_else_is():
    assert colorize_signed(np.zeros(1)).tolist() == [[255, 255, 255]]
    assert colorize_signed(np.array([-0.0])).tolist() == [[255, 255, 255]]
    assert ((signed_table() == 255).all(axis=-1)).nonzero()[0].tolist() == [255]


def test_a_value_has_the_nearest_of_the_colours():
    steps = np.arange(-255, 256)
    for off in (-0.4, 0, 0.4):
        assert np.array_equal(colorize_signed(np.clip((steps + off) / 255, -1, 1)), signed_table())


def test_both_sides_grow_darker_at_the_same_pace():
    table = luminance(signed_table())
    below, above = table[255::-1], table[255:]
    assert (np.diff(below) < 1e-9).all()
    assert (np.diff(above) < 1e-9).all()
    assert np.abs(below - above).max() < 0.12
    assert below[-1] < 0.1
    assert above[-1] < 0.1


def test_the_sides_differ_for_those_who_confuse_red_and_green():
    """Above zero there is more red than blue, below it more blue than red: the two that they do not confuse."""
    red, _, blue = signed_table().T.astype(int)
    assert (red[256:] > blue[256:]).all()
    assert (red[:255] < blue[:255]).all()
    assert abs((red - blue)[[128, 384]]).min() > 50


@pytest.mark.parametrize("shape", [(2, 8, 8, 1), (2, 8, 8), (2, 13), (2, 30, 1), (2, 5, 9, 9, 1)])
def test_panels_of_signed_maps_show_the_table(shape):
    drawn = panels(SignedColumn("m", noise(*shape)), 120)
    colors = set(map(tuple, signed_table()))
    assert drawn.dtype == np.uint8
    assert set(map(tuple, drawn.reshape(-1, 3))) <= colors
    if shape == (2, 8, 8, 1):
        assert np.array_equal(drawn[:, 8::16, 8::16], colorize_signed(noise(*shape)[..., 0]))


def test_a_large_signed_map_is_filtered_before_it_is_coloured():
    maps = np.ones((1, 400, 400, 1), np.float32)
    maps[:, ::2] = -1
    assert panels(SignedColumn("m", maps), 120)[:, 4:-4].min() > 200  # nearly white: they cancel
    step = np.where(np.arange(90) < 45, -1.0, 1.0)[None, None, :, None].repeat(90, axis=1)
    assert panels(SignedColumn("m", step), 300).shape[1:3] == (300, 300)  # overshoots, and is clipped


def test_the_strongest_of_a_thousand_features_keeps_its_sign():
    maps = np.full((2, 1000), 0.01)
    maps[0, 317], maps[1, 999] = -1, 1
    first, second = panels(SignedColumn("m", maps), 144)
    assert (first == signed_table()[0]).all(axis=-1).any()
    assert (second == signed_table()[-1]).all(axis=-1).any()


def test_a_constant_signed_map_says_so():
    maps = np.stack([np.zeros((8, 8, 1)), np.full((8, 8, 1), 1.0), noise(8, 8, 1)])
    drawn = panels(SignedColumn("m", maps), 144)
    assert np.ptp(drawn[0]) > 100
    assert np.ptp(drawn[1]) > 100
    assert np.array_equal(drawn[2], panels(SignedColumn("m", maps[2:]), 144)[0])


def test_a_map_that_is_clipped_everywhere_is_not_called_constant(monkeypatch):
    texts = []
    monkeypatch.setattr(module, "fit", lambda text, *args: texts.append(text) or fit(text, *args))
    raw = np.random.default_rng(0).uniform(5, 9, (1, 8, 8, 1))
    for column in (
        MaskColumn("m", to_mask(raw, scale=2.0)),
        SignedColumn("m", to_signed(-raw, scale=2.0)),
        MaskColumn("m", np.full((1, 8, 8), 255, np.uint8)),
        MaskColumn("m", to_mask(0 * raw, scale=2.0)),
        SignedColumn("m", to_signed(0 * raw)),
        SignedColumn("m", to_signed(raw)),
    ):
        panels(column, 120)
    assert texts == ["full scale everywhere"] * 3 + ["constant map"] * 2


@pytest.mark.parametrize(
    "kinds, captions",
    [((MaskColumn,), [CAPTION]), ((SignedColumn,), [SIGNED_CAPTION]),
     ((SignedColumn, MaskColumn), [CAPTION, SIGNED_CAPTION]), ((ImageColumn,), [])],
)  # fmt: skip
def test_there_is_one_bar_for_each_kind_of_map(kinds, captions):
    columns = [kind("m", np.abs(noise(2, 8, 8, 1))) for kind in kinds] + [ImageColumn("x", np.ones((2, 4, 4)))] * 6
    layout = arrange([Section(columns)], CAPTION, 1)
    assert [" ".join(legend.caption.lines) for legend in layout.legends] == captions
    figure = compose(Section(columns))
    below = figure[layout.blocks[-1].bottom :]
    ends = {CAPTION: tuple(lookup_table()[0]), SIGNED_CAPTION: tuple(signed_table()[0])}
    for caption, color in ends.items():
        assert (below == color).all(axis=-1).any() == (caption in captions)
    for upper, lower in zip(layout.legends, layout.legends[1:], strict=False):
        assert upper.top + upper.height < lower.top
        assert upper.low_width == lower.low_width
    assert all(legend.top + legend.height <= layout.height - 16 for legend in layout.legends)


def test_the_captions_say_which_scale_holds():
    text = scale_caption({"Vanilla": 0.012, "Integrated": 3.4e-5}, "fixed at epoch 1")
    assert text.endswith("(one scale for all epochs, fixed at epoch 1: Vanilla 0.012, Integrated 3.4e-05)")
    assert text.startswith("dark = ignored")
    assert scale_caption({"a": 1}, "given", signed=True).startswith("red: raises the score, blue: lowers it")
    beside = scale_caption({"a": 1}, "given", own=["b", "c"])
    assert beside.endswith("(one scale for all epochs, given: a 1; b, c: share of each map's 99th percentile)")
    columns = [MaskColumn("m", np.abs(noise(1, 8, 8))), SignedColumn("s", noise(1, 8, 8))]
    legends = arrange([Section(columns)], "first", 1, "second").legends
    assert [legend.caption.lines for legend in legends] == [("first",), ("second",)]


@pytest.mark.parametrize(
    "make, error, message",
    [
        (lambda: SignedColumn("m", noise(1, 4, 4) * 2), ValueError, r"`maps` .* of column 'm' must be in \[-1, 1\]"),
        (lambda: SignedColumn("m", noise(1, 4, 4) * np.nan), ValueError, "use `to_signed`"),
        (
            lambda: SignedColumn("m", np.zeros((1, 4, 4), np.uint8)),
            TypeError,
            "uint8.* must be a NumPy array of floats:",
        ),
        (lambda: SignedColumn("m", noise(1, 4, 4, 3)), ValueError, "must have one channel, the last: `to_signed` sums"),
        (lambda: SignedColumn("m", noise(4)), ValueError, r"`maps` \(of shape \(4,\)\)"),
    ],
)
def test_refusals(make, error, message):
    with pytest.raises(error, match=message):
        make()
