"""Draw every named baseline of one photo into docs/baselines.png: python docs/make_baselines.py (no model, seconds)."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
from skimage import data, transform  # noqa: E402

from fe_saliency.backend import by_name, to_numpy  # noqa: E402
from fe_saliency.method import FromData, MeanOf, black, white  # noqa: E402
from fe_saliency.method.baseline import BASELINES  # noqa: E402

SIZE = 224
MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
OTHERS = (data.astronaut, data.chelsea, data.rocket)


def main():
    rows = _normalised(data.coffee())[None]
    others = np.stack([_normalised(photo()) for photo in OTHERS])
    pictures = [
        ("the row itself", "as the network sees it", rows[0]),
        ('"zero"', "here the mean colour of ImageNet", _first(BASELINES["zero"], rows)),
        ("black(mean, std)", "0 before it was normalised", _first(black(MEAN, STD), rows)),
        ("white(mean, std)", "255 before it was normalised", _first(white(MEAN, STD), rows)),
        ('"blur"', "Blur(): sigma a tenth of the side", _first(BASELINES["blur"], rows)),
        ('"maximum_distance"', "the farther end of the range", _first(BASELINES["maximum_distance"], rows)),
        ('"uniform"', "one draw of many; the default", _first(BASELINES["uniform"], rows)),
        ('"gaussian"', "one draw of many", _first(BASELINES["gaussian"], rows)),
        ("MeanOf(data)", f"the mean of {len(others)} photos", _first(MeanOf(others), rows)),
        ("FromData(data)", "one draw of many", _first(FromData(others), rows)),
        ("FromData(data)", "the next draw", _first(FromData(others), rows, sample=1)),
        ("an array", "here another photo", others[0]),
    ]
    figure, axes = plt.subplots(2, 6, figsize=(13.2, 5.2), layout="constrained")
    for place, (name, what, picture) in zip(axes.flat, pictures, strict=True):
        place.imshow(np.clip(picture * STD + MEAN, 0, 1))
        place.set_title(name, fontsize=11, family="monospace")
        place.set_xlabel(what, fontsize=9)
        place.set_xticks([])
        place.set_yticks([])
    figure.savefig(Path(__file__).parent / "baselines.png", dpi=90, facecolor="white")


def _normalised(photo):
    """The middle of a photo, (SIZE, SIZE, 3), as networks of ImageNet get it."""
    height, width = photo.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return (transform.resize(photo[top : top + side, left : left + side], (SIZE, SIZE)) - MEAN) / STD


def _first(baseline, rows, sample=0):
    """What one point of a path of the first row begins at, channels-last."""
    here = baseline.prepared("x", rows, {"x": rows}, -1)
    fed = here.feed(rows, 0, range(sample, sample + 1), 0, -1)
    if not here.drawn:
        return fed[0]
    op, backend = here.op("x", "pattern", "baseline"), by_name("tf")
    op.build("tf")
    return to_numpy(op.forward([backend.tensor(rows), backend.tensor(fed, "float64")], {})[0])[0]


if __name__ == "__main__":
    main()
