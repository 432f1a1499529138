"""Records made by hand, for tests that need no model."""

import numpy as np

from fe_saliency.record import Record


def record(epoch=1, rows=2, dtype="float32", **fields):
    """Noise in the place of maps of one input, (rows, 3, 4, 1); `fields` instead of what would be."""
    draw = np.random.default_rng(abs(epoch))

    def numbers(*shape):
        return draw.normal(size=shape).astype(dtype)

    classes = {"y": np.arange(rows) % 3}
    made = {
        "mode": "eval",
        "ds_id": "",
        "channel_axis": -1,
        "inputs": {"x": np.random.default_rng(0).random((rows, 3, 4, 1)).astype(dtype)},
        "maps": {name: {"x": numbers(rows, 3, 4, 1)} for name in ("vanilla", "smoothed")},
        "targets": classes,
        "predictions": classes,
        "scores": {"y": numbers(rows)},
        "margins": {"y": numbers(rows)},
        "relative_error": {"smoothed": numbers(rows)},
        "completeness_gap": {},
        "labels": np.arange(rows) % 2,
        "settings": {"seed": 0, "titles": {"vanilla": "Vanilla", "smoothed": "Smoothed²"}},
    }
    return Record(epoch, **{**made, **fields})
