"""Figures and films of records that were kept."""

from contextlib import suppress
from unittest.mock import patch

import numpy as np
import pytest
from PIL import Image
from records import record

from fe_saliency import archive, review
from fe_saliency.display import MaskColumn, SignedColumn, blend, blend_signed, to_mask, to_unit
from fe_saliency.display.colors import ALARM_TINT, FRAME
from fe_saliency.display.legend import CAPTION
from fe_saliency.review import films
from fe_saliency.review.figures import class_columns, columns

TITLES = {"vanilla": "Vanilla", "smoothed": "Smoothed"}


def made(epoch=1, **settings):
    told = {
        "measured": "smoothed", "titles": TITLES, "signed": False, "scales": None, "scale_origin": None,
        "controls": [], "names": None, "class_key": "y", "warnings": [], **settings,
    }  # fmt: skip
    return record(epoch, settings=told)


@pytest.fixture
def folder(tmp_path):
    for epoch in (1, 2, 5):
        archive.save(made(epoch, warnings=["corner"] if epoch > 1 else []), tmp_path)
    return tmp_path


def test_columns_are_those_of_the_figure():
    titles = [column.title for column in columns(made(), "x")]
    assert titles == ["True y", "Predicted y", "Input x", "Overlay", "Vanilla", "Smoothed"]
    assert all(len(column) == 1 for column in columns(made(), "x", 1))
    assert isinstance(columns(made(), "x")[-1], MaskColumn)
    assert isinstance(columns(made(signed=True), "x")[-1], SignedColumn)


def test_a_given_scale_is_what_is_drawn_as_one():
    raw = made().maps["vanilla"]["x"]
    scales = {name: {"x": 0.5} for name in TITLES}
    shown = columns(made(scales=scales, scale_origin="given"), "x")[4].masks
    np.testing.assert_allclose(shown, np.minimum(np.abs(raw) / 0.5, 1), rtol=1e-6)
    caption, _ = review.captions(made(scales=scales, scale_origin="given"), "x")
    assert "(one scale for all epochs, given: Vanilla 0.5, Smoothed 0.5)" in caption
    alone, _ = review.captions(made(scales=scales, scale_origin="given"), "x", "vanilla")
    assert "given: Vanilla 0.5)" in alone, "a film shows one map"


def test_decisions_are_judged_by_number_or_by_name():
    right = class_columns(made())[1].correct
    assert right == [True, True] and class_columns(made())[1].texts == ["0", "1"]
    named = class_columns(made(names={"cat": 0, "dog": 1}))
    assert named[0].texts == named[1].texts == ["cat", "dog"]


def test_the_figure_of_an_epoch(folder):
    last, first = review.figure_of(folder), review.figure_of(folder, 1, rows=1)
    assert last.dtype == np.uint8 and last.shape[2] == 3 and first.shape[0] < last.shape[0]
    assert np.array_equal(review.figure_of(archive.load(folder), 5), last)


def test_films_are_written_beside_the_maps(folder):
    written = review.write_films(folder)
    assert [path.name for path in written] == ["film_eval_vanilla.png", "film_eval_smoothed.png"]
    film = review.film_of(folder, "vanilla")
    assert np.array_equal(np.array(Image.open(written[0])), film.strip) and len(film.pictures) == 3
    assert Image.open(written[0].with_suffix(".gif")).n_frames == 3
    red = (film.strip[..., 0] > 180) & (film.strip[..., 1] < 60)
    assert red[:, : film.strip.shape[1] // 3].sum() < red[:, film.strip.shape[1] // 3 :].sum(), "from epoch 2 on"


def test_a_film_says_where_a_map_is_not_finite(tmp_path):
    for epoch in (1, 2):
        one = made(epoch)
        if epoch == 2:
            one.maps["vanilla"]["x"][:, 0, 0] = np.nan
        archive.save(one, tmp_path)
    film = review.film_of(tmp_path, "vanilla")
    grey = [(picture == FRAME).all(axis=-1).sum() for picture in film.pictures]
    assert grey[1] > grey[0] + 2000
    assert review.figure_of(tmp_path, 2).shape == review.figure_of(tmp_path, 1).shape


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda folder: review.film_of(folder, "other"), r"`name` \(='other'\) must be one of \['vanilla', "),
        (lambda folder: review.figure_of(folder, key="z"), r"`key` \(='z'\) must be one of \['x'\]"),
        (lambda folder: review.figure_of(folder, 3), r"`epoch` \(=3\) must be one of"),
    ],
)
def test_what_was_not_kept(call, message, folder):
    with pytest.raises(ValueError, match=message):
        call(folder)


def test_an_empty_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match="holds no epoch"):
        review.film_of(tmp_path)


def test_of_many_epochs_those_where_a_warning_begins_are_kept_and_all_are_counted(tmp_path):
    for epoch in range(1, 46):
        archive.save(made(epoch, warnings=["corner"] if epoch == 5 else []), tmp_path)
    run = archive.load(tmp_path)
    with patch("fe_saliency.review.films.film", side_effect=films.film) as drawn:
        strip = review.film_of(run).strip
    epochs = [frame.epoch for frame in drawn.call_args.args[0]]
    assert 5 in epochs and epochs[::44] == [1] and epochs[-1] == 45 and len(epochs) <= 41
    assert drawn.call_args.kwargs["total"] == 45
    assert (strip == ALARM_TINT).all(axis=-1).any(), "the epoch is marked"


def test_an_epoch_without_the_map_of_a_control_is_left_out_of_its_film(tmp_path):
    for epoch in (1, 2, 3):
        one = made(epoch, controls=["smoothed"])
        if epoch == 2:
            del one.maps["smoothed"]
        archive.save(one, tmp_path)
    with patch("fe_saliency.review.films.film", side_effect=films.film) as drawn:
        assert len(review.write_films(tmp_path)) == 2
    assert [[frame.epoch for frame in each.args[0]] for each in drawn.call_args_list] == [[1, 2, 3], [1, 3]]


CONTROLLED = {"measured": "vanilla", "controls": ["smoothed"], "scales": {"vanilla": {"x": 0.5}}}


def test_a_control_is_drawn_on_a_scale_of_its_own_and_the_caption_says_so():
    one = made(**CONTROLLED, scale_origin="given")
    raw = one.maps["smoothed"]["x"]
    np.testing.assert_array_equal(columns(one, "x")[-1].masks, to_mask(raw))
    caption, _ = review.captions(one, "x")
    own = "(one scale for all epochs, given: Vanilla 0.5; Smoothed: share of each map's 99th percentile)"
    explained = "; controls are explained for the class that the trained model predicts"
    assert caption.endswith(own + explained)
    assert review.captions(one, "x", "smoothed")[0] == CAPTION + explained
    assert "controls" not in review.captions(one, "x", "vanilla")[0]


@pytest.mark.parametrize("measured", ["vanilla", "smoothed"])
def test_a_map_without_a_sign_is_a_mask_among_signed_ones(measured):
    scales = {name: {"x": 0.5} for name in TITLES}
    given = {"scales": scales, "scale_origin": "given", "score": "logit"}
    one = made(signed=True, unsigned=["smoothed"], measured=measured, **given)
    over, vanilla, smoothed = columns(one, "x")[-3:]
    assert isinstance(vanilla, SignedColumn) and isinstance(smoothed, MaskColumn)
    x = to_unit(one.inputs["x"])
    expected = blend_signed(x, vanilla.maps) if measured == "vanilla" else blend(x, smoothed.masks)
    np.testing.assert_array_equal(over.images, expected)
    masks, signed = review.captions(one, "x")
    assert masks == "dark = ignored, bright = looked at (one scale for all epochs, given: Smoothed 0.5)"
    assert "given: Vanilla 0.5)" in signed and signed.endswith("; the score explained is the logit")
    assert review.captions(one, "x", "smoothed")[0].endswith("Smoothed 0.5); the score explained is the logit")


@pytest.mark.parametrize("name", ["vanilla", "smoothed"])
def test_predictions_and_warnings_are_not_those_of_a_control(name, tmp_path):
    for epoch in (1, 2):
        archive.save(made(epoch, **CONTROLLED, scale_origin="given", warnings=["a corner", "the rim"]), tmp_path)
    with patch("fe_saliency.review.films.film", side_effect=films.film) as drawn:
        review.film_of(tmp_path, name)
    frame = drawn.call_args.args[0][0]
    told = frame.marker, frame.notes.texts, frame.notes.correct
    assert (
        told
        == {
            "vanilla": ("warning: a corner, the rim", ["0", "1"], [True, True]),
            "smoothed": (None, ["for 0", "for 1"], None),
        }[name]
    )


def test_a_film_holds_to_a_scale_that_was_fixed_later(tmp_path):
    kept = [made(1), made(2, scales={name: {"x": 0.7} for name in TITLES}, scale_origin="fixed at epoch 2")]
    for one in kept:
        archive.save(one, tmp_path)
    with patch("fe_saliency.review.films.film", side_effect=films.film) as drawn:
        review.film_of(tmp_path, "vanilla")
    for one, frame in zip(kept, drawn.call_args.args[0], strict=True):
        np.testing.assert_array_equal(frame.pictures.masks, to_mask(one.maps["vanilla"]["x"], scale=0.7))


def test_a_row_that_was_not_explained_says_so_everywhere(tmp_path):
    one = record(predictions={"y": np.array([0, -1])}, settings=made().settings)
    one.inputs["x"][1, 0] = np.nan
    one.maps["vanilla"]["x"][1] = one.maps["smoothed"]["x"][1] = np.nan
    found = columns(one, "x")
    assert (found[1].texts, found[1].correct) == (["0", "-"], [True, None])
    assert all(column.blank == [False, True] for column in found[2:])
    archive.save(one, tmp_path)
    assert (review.film_of(tmp_path).strip == FRAME).all(axis=-1).any()


def test_films_of_several_inputs_are_named_after_them(tmp_path):
    inputs = dict.fromkeys(["x", "a/b", 'a "b'], made().inputs["x"])
    maps = {"vanilla": dict.fromkeys(inputs, made().maps["vanilla"]["x"])}
    settings = {**made().settings, "measured": "vanilla"}
    archive.save(record(ds_id="b", inputs=inputs, maps=maps, settings=settings), tmp_path)
    written = [path.name for path in review.write_films(tmp_path)]
    assert written == ["film_eval_b_vanilla_x.png", "film_eval_b_vanilla_a_b.png", "film_eval_b_vanilla_a_b-.png"]


@pytest.mark.parametrize("damaged", [1, 2, 5])
def test_an_epoch_that_is_damaged_costs_a_film_no_other(damaged, folder):
    (folder / f"eval_{damaged:04d}.npz").write_bytes(b"torn")
    with pytest.raises(ValueError, match="is damaged"):
        review.write_films(folder)
    failures = []

    def guard(what):
        failures.append(what)
        return suppress(ValueError)

    with patch("fe_saliency.review.films.film", side_effect=films.film) as drawn:
        written = review.write_films(folder, guard=guard)
    assert [path.name for path in written] == ["film_eval_vanilla.png", "film_eval_smoothed.png"]
    left = [epoch for epoch in (1, 2, 5) if epoch != damaged]
    assert [[frame.epoch for frame in each.args[0]] for each in drawn.call_args_list] == [left, left]
    assert f"read epoch {damaged} (eval), which the films of all its maps lack now" in failures


def test_a_film_that_cannot_be_written_costs_no_other(folder):
    film, failures = films.film, []

    def broken(frames, lead, title, *more, **options):
        if title == "Vanilla":
            raise ValueError("broken")
        return film(frames, lead, title, *more, **options)

    def guard(what):
        failures.append(what)
        return suppress(ValueError)

    with patch("fe_saliency.review.films.film", side_effect=broken):
        assert [path.name for path in review.write_films(folder, guard=guard)] == ["film_eval_smoothed.png"]
    assert failures[-2:] == [f"write the film of '{name}' of 'x' (eval)" for name in ("vanilla", "smoothed")]


def test_a_place_that_cannot_be_read_at_all_has_no_films(folder):
    for path in folder.glob("eval_*.npz"):
        path.write_bytes(b"torn")
    archive.save(record(mode="test", settings=made().settings), folder)
    written = review.write_films(folder, guard=lambda what: suppress(ValueError))
    assert [path.name for path in written] == ["film_test_vanilla.png", "film_test_smoothed.png"]
