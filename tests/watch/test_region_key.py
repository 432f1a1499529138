"""Regions that the batch tells: masks and boxes."""

import numpy as np
import pytest

from fe_saliency.backend import by_name
from fe_saliency.watch import RegionKey

BOXES = np.array([[0, 0, 2, 1], [1, 1, 1, 2], [0, 0, 0, 0]])
MASKS = np.zeros((3, 4, 5), bool)
MASKS[0, 0, :2] = MASKS[1, 1:3, 1] = True


@pytest.mark.parametrize("given", [MASKS, MASKS[..., None].astype("float32"), BOXES])
def test_masks_and_boxes(given, backend):
    region = RegionKey("where")
    tensor = by_name(backend).tensor(given)
    np.testing.assert_array_equal(region.masks({"where": tensor, "x": None}, (3, 4, 5)), MASKS)
    assert region.keys == ("where",) and region.name == "where"
    assert RegionKey("where", name="the tag").name == "the tag"


@pytest.mark.parametrize(
    "batch, message",
    [
        ({"x": MASKS}, "`batch` has no key 'where', which tells where the region 'tag' is"),
        ({"where": MASKS[:2]}, r"`batch\['where'\]` holds 2 regions, but there are 3 images"),
        ({"where": MASKS[..., :3]}, r"`where` \(of shape \(3, 4, 3\)\) must hold masks of the picture's size"),
    ],
)
def test_bad_batches(batch, message):
    with pytest.raises(ValueError, match=message):
        RegionKey("where", name="tag").masks(batch, (3, 4, 5))
