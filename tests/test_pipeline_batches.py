"""FastEstimator's pipeline under the installed torch: every row once per epoch, in batches that differ.

Newer torch (2.13, not 2.3) takes its batches by `itertools.islice`, which calls `iter` on the sampler's iterator for
each of them, and FastEstimator's sampler begins anew at every `iter`: without a mend each batch is the first one.
"""

import fastestimator as fe
import numpy as np
import pytest

import fe_saliency  # noqa: F401 (its mends)


def batches(mode, batch_size, **options):
    data = fe.dataset.NumpyDataset({"row": np.arange(7)})
    pipeline = fe.Pipeline(**{f"{mode}_data": data}, batch_size=batch_size, num_process=0)
    with pipeline(mode=mode, epoch=1, ds_id="", **options) as loader:
        return [batch["row"].tolist() for batch in loader]


@pytest.mark.parametrize("mode", ["eval", "test"])
def test_rows_come_in_their_order(mode):
    assert batches(mode, 3) == [[0, 1, 2], [3, 4, 5], [6]]


def test_shuffled_rows_come_once_each():
    found = batches("train", 3)
    assert [len(batch) for batch in found] == [3, 3, 1]
    assert sorted(sum(found, [])) == list(range(7))


def test_more_steps_than_the_data_have_go_round():
    assert batches("eval", 3, steps_per_epoch=4) == [[0, 1, 2], [3, 4, 5], [6, 0, 1], [2, 3, 4]]


def test_an_epoch_begins_at_the_beginning():
    data = fe.dataset.NumpyDataset({"row": np.arange(4)})
    pipeline = fe.Pipeline(eval_data=data, batch_size=2, num_process=0)
    for _ in range(2):
        with pipeline(mode="eval", epoch=1, ds_id="") as loader:
            assert next(iter(loader))["row"].tolist() == [0, 1]
