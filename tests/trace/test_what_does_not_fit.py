"""Inputs that are no images, wrong regions, boxes and images of many sizes: what can be told is told all the same."""

import logging
import re

import fastestimator as fe
import numpy as np
import pytest
import torch
from fastestimator.op.tensorop.model import ModelOp
from fastestimator.trace.trace import Trace
from models import model, rows
from training import Figures, classifier, dataset, estimator, images, saliency

from fe_saliency.trace import Saliency
from fe_saliency.watch import NUMBERS, Border, Box, Corner, Region, RegionKey, Watch

BOXES = np.tile([[1, 1, 3, 2]], (4, 1))


class Logs(Trace):
    """The numbers that each epoch leaves in FE's log: {epoch: {key: number}}."""

    def __init__(self):
        super().__init__(inputs="*", mode=("eval", "test"))
        self.found = {}

    def on_epoch_end(self, data):
        told = {key: value for key, value in data.read_logs().items() if key.startswith(("saliency", "m"))}
        self.found.setdefault(self.system.epoch_idx, []).append(told)


def errors(caplog):
    return [record for record in caplog.records if record.name == "fe_saliency" and record.levelname == "ERROR"]


def two_inputs(backend, times=2, **options):
    """An image and a table, explained several times: what was logged."""
    made, logs = model("two_inputs", backend, "float32"), Logs()
    columns = rows("two_inputs", 4, "float32")
    if backend == "torch":
        columns["x0"] = np.moveaxis(columns["x0"], -1, 1).copy()
    trace = Saliency(
        made, ["x0", "x1"], "y_pred", outputs=["m0", "m1"], mode="test", smoothing=0, integrating=0, **options
    )
    network = fe.Network(ops=[ModelOp(made, inputs=["x0", "x1"], outputs="y_pred")])
    data = fe.dataset.NumpyDataset({**columns, "box": BOXES})
    pipeline = fe.Pipeline(test_data=data, batch_size=4, num_process=0)
    run = fe.Estimator(pipeline, network, epochs=1, traces=[trace, logs], log_steps=0)
    for _ in range(times):
        run.test()
    return logs.found[1][-1]


def test_an_image_and_a_table_have_all_numbers_that_they_can_have(backend, caplog):
    with caplog.at_level(logging.ERROR):
        found = two_inputs(backend, measures=True, region_key="box")
    assert not errors(caplog)
    for name in ("gini", "ssim_to_previous", "rank_correlation_to_reference", "unusable", "margin"):
        assert np.isfinite([found[f"m0_{name}"], found[f"m1_{name}"]]).all()
    assert found["m0_area_share"] == pytest.approx(6 / 36) and 0 < found["m0_mass_share"] < 1
    assert "m1_mass_share" not in found, "NaN is not logged"


def test_regions_without_any_image_are_an_error(caplog):
    flat = dataset("torch", 4, x=images("torch", 4).reshape(4, 64), box=BOXES)
    trained, logs = classifier("torch", shape=(64,)), Logs()
    trace = saliency(trained, measures=["region", "concentration"], region_key="box")
    with caplog.at_level(logging.ERROR):
        estimator("torch", trained, [trace, logs], train=flat, evaluation=flat, epochs=1).fit()
    (record,) = errors(caplog)
    assert "could not measure the region of 'x' in epoch 1 (eval)" in record.getMessage()
    assert "`region_key` (='box') needs an input that is images" in str(record.exc_info[1])
    assert "saliency_gini" in logs.found[1][0]


def test_regions_of_tables_cannot_be_watched(caplog):
    flat = dataset("torch", 4, x=images("torch", 4).reshape(4, 64))
    trained, watch = classifier("torch", shape=(64,)), [Border(1)]
    expected = r"`watch` needs a model input that is images, .* the shapes {'x': \(4, 64\)}: leave `watch` out"
    with pytest.raises(ValueError, match=expected):
        saliency(trained, watch=watch, samples={"x": flat["x"], "y": flat["y"]})
    with caplog.at_level(logging.ERROR):
        estimator("torch", trained, [saliency(trained, watch=watch)], train=flat, evaluation=flat, epochs=1).fit()
    (record,) = errors(caplog)
    assert re.search(expected, str(record.exc_info[1]))


def test_watched_numbers_are_named_after_the_input_that_is_watched(backend):
    found = two_inputs(backend, times=1, watch=Watch([Corner("top left", 2)], input="x0"))
    assert "m0_top_left_corner_mass_ratio" in found
    made = model("two_inputs", backend, "float32")
    switched = Saliency(made, ["x0", "x1"], "y", outputs=["m0", "m1"], watch=Watch([Border(1)], input="x1"))
    assert "m1_border_warns" in switched.outputs and "m0_border_warns" not in switched.outputs


@pytest.mark.parametrize("watch", [Border(1), Watch([Border(1)], input="x2")])
def test_of_several_inputs_the_watched_one_must_be_named(watch):
    with pytest.raises(ValueError, match=r"`watch` \(of `input` .*\) must say in which .*: Watch\(regions, input='x0'"):
        Saliency(model("two_inputs", "torch", "float32"), ["x0", "x1"], "y", outputs=["m0", "m1"], watch=watch)


class Stray(Region):
    """A region of one's own that is wrong."""

    def masks(self, batch, shape):
        return np.ones(shape)

    def _description(self):
        return "stray"


@pytest.mark.parametrize(
    "wrong, message",
    [
        (Border(9), "'border'.* must be a part of the image, but of 8 x 8 pixels it takes all"),
        (RegionKey("mask"), r"`mask` \(of shape \(4, 6, 6\)\) must hold masks of the picture's size"),
        (Stray(), r"`masks` of the region 'stray' gave float64 .* must give bool"),
    ],
)
def test_a_region_that_does_not_fit_is_left_out_once_and_the_others_are_watched(wrong, message, caplog):
    trained, logs = classifier("torch"), Logs()
    data = dataset("torch", 4, mask=np.zeros((4, 6, 6)))
    trace = saliency(trained, watch=[wrong, Corner("top left", 2)])
    with caplog.at_level(logging.ERROR):
        estimator("torch", trained, [trace, logs], evaluation=data, epochs=3).fit()
    (record,) = errors(caplog)
    assert f"does not watch the region '{wrong.name}' of the eval data; the training goes on" in record.getMessage()
    with pytest.raises((ValueError, TypeError), match=message):
        raise record.exc_info[1]
    told = logs.found[3][0]
    assert "saliency_top_left_corner_score_drop" in told and f"saliency_{wrong.name}_score_drop" not in told


def test_a_wrong_region_is_told_of_as_soon_as_there_are_rows(caplog):
    trained = classifier("torch")
    trace = saliency(trained, watch=Border(9), every=3)
    with caplog.at_level(logging.ERROR):
        estimator("torch", trained, [trace], evaluation=dataset("torch"), epochs=1).fit()
    assert "does not watch the region 'border' of the eval data" in caplog.text


def test_a_region_may_fit_one_dataset_only(caplog):
    trained, logs = classifier("torch"), Logs()
    masks = {"a": np.zeros((4, 6, 6)), "b": np.tile(np.eye(8), (4, 1, 1))}
    both = {name: dataset("torch", 4, mask=mask) for name, mask in masks.items()}
    with caplog.at_level(logging.ERROR):
        trace = saliency(trained, watch=RegionKey("mask"))
        estimator("torch", trained, [trace, logs], evaluation=both, epochs=2).fit()
    assert ["of the eval a data" in record.getMessage() for record in errors(caplog)] == [True]
    assert all(told[0].keys() == {f"saliency_mask_{name}|b" for name in NUMBERS} for told in logs.found.values())


def test_a_wrong_region_is_an_error_if_strict_and_beforehand_if_the_rows_are_given(backend):
    trained = classifier(backend)
    with pytest.raises(ValueError, match="must be a part of the image"):
        estimator(
            backend, trained, [saliency(trained, watch=Border(9), strict=True)], evaluation=dataset(backend)
        ).fit()
    with pytest.raises(ValueError, match="must be a part of the image"):
        saliency(trained, watch=Box(8, 8, 1, 1), samples={"x": images(backend, 2), "y": [0, 1]})


class Ragged(torch.utils.data.Dataset):
    """Rows whose `key` has another shape from row to row."""

    def __init__(self, backend, key, values):
        self.data, self.key, self.values = dataset(backend, len(values)), key, values

    def __len__(self):
        return len(self.values)

    def __getitem__(self, index):
        return {**self.data[index], self.key: self.values[index]}


def test_images_of_several_batches_may_have_another_number_of_boxes_each(backend, caplog):
    boxes = [np.array([[1, 1, 4, 4]]), np.array([[0, 0, 2, 2], [6, 6, 2, 2]]), np.zeros((0, 4), int)]
    trained, logs = classifier(backend), Logs()
    watch = Watch([RegionKey("box")], mass_ratio=1e-6, score_drop=1e-9)
    trace = saliency(trained, samples=3, mode="eval", region_key="box", watch=watch)
    with caplog.at_level(logging.ERROR):
        data = Ragged(backend, "box", boxes)
        estimator(backend, trained, [trace, logs], evaluation=data, epochs=1, batch_size=1).fit()
    assert not errors(caplog)
    assert logs.found[1][0]["saliency_area_share"] == pytest.approx((16 / 64 + 8 / 64) / 2)
    assert "saliency_box_mass_ratio" in logs.found[1][0]


def of_any_size():
    nn = torch.nn
    return nn.Sequential(nn.Conv2d(1, 3, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Softmax(dim=1))


@pytest.mark.parametrize("strict", [False, True])
def test_images_of_several_sizes_are_refused_and_it_is_said_what_to_do(strict, caplog):
    trained, figures = fe.build(of_any_size, "sgd"), Figures()
    sizes = [np.ones((1, size, 8), "float32") * size / 10 for size in (8, 8, 9)]
    data = Ragged("torch", "x", sizes)
    trace = saliency(trained, samples=3, strict=strict, measures="concentration")
    run = estimator("torch", trained, [trace, figures], evaluation=data, epochs=1, batch_size=1)
    expected = r"Rows of `x` have the shapes \[\(1, 8, 8\), \(1, 9, 8\)\] in different batches.*Resize.*`samples={...}`"
    if strict:
        with pytest.raises(ValueError, match=expected):
            run.fit()
        return
    with caplog.at_level(logging.ERROR):
        run.fit()
    (record,) = errors(caplog)
    with pytest.raises(ValueError, match=expected):
        raise record.exc_info[1]


def test_rows_that_cannot_be_kept_stop_nothing_and_are_told_of_once_an_epoch(caplog):
    """The key of the class holds one number for a whole batch."""
    trained, figures = classifier("torch"), Figures()
    trace = saliency(trained, class_key="ce", mode="eval")
    run = estimator(
        "torch", trained, [trace, figures], evaluation=dataset("torch"), batch_size=2, loss_modes=("train", "eval")
    )
    with caplog.at_level(logging.ERROR):
        run.fit()
    assert ["could not keep rows of eval data" in record.getMessage() for record in errors(caplog)] == [True, True]
    assert not figures.places
