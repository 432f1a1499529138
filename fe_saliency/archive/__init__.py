"""The raw maps of a training on disk: `save` one epoch, `load` the run.

The Saliency Trace keeps each training in a folder of its own in its `save_dir`, called by `new_run`; `load` takes the
newest of them.

>>> import numpy as np
>>> from fe_saliency.archive import load, save
>>> from fe_saliency.record import Record
>>> rng, y = np.random.default_rng(0), {"y_pred": np.array([2, 7])}
>>> for epoch in (1, 2):
...     x = rng.random((2, 28, 28, 1))
...     record = Record(epoch=epoch, mode="eval", ds_id="", channel_axis=-1, inputs={"x": x},
...                     maps={"vanilla": {"x": x - 0.5}}, targets=y, predictions=y, scores=y, margins={},
...                     relative_error={}, completeness_gap={}, labels=None, settings={"seed": 0})
...     path = save(record, "maps")
>>> path.name
'eval_0002.npz'
>>> run = load("maps")
>>> run.places, run.epochs()
([('eval', '')], [1, 2])
>>> [record.maps["vanilla"]["x"].shape for record in run]
[(2, 28, 28, 1), (2, 28, 28, 1)]
"""

from fe_saliency.archive.naming import new_run
from fe_saliency.archive.run import Run, load
from fe_saliency.archive.saving import save

__all__ = ["Run", "load", "new_run", "save"]
