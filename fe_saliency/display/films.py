"""The film strip: samples down, epochs across, so that one look shows when something began."""

from collections.abc import Sequence

import numpy as np

from fe_saliency.checks import whole
from fe_saliency.display.colors import PAPER
from fe_saliency.display.columns import Column
from fe_saliency.display.figure import check_scale
from fe_saliency.display.frame import Frame, check_frames, pick
from fe_saliency.display.legend import CAPTION, SIGNED_CAPTION
from fe_saliency.display.strip import measure_strip


def film(
    frames: Sequence[Frame],
    lead: Sequence[Column] = (),
    title: str = "",
    caption: str = CAPTION,
    signed_caption: str = SIGNED_CAPTION,
    most: int = 20,
    scale: float = 1,
    total: int | None = None,
) -> np.ndarray:
    """Draw a film strip.

    Of more epochs than fit, some are picked evenly: always the first, the last, and those at which a marker begins;
    the band above says how many of them are shown.

    Args:
        frames: One per epoch, in their order, all with the same B rows.
        lead: Columns to the left of the epochs, such as the classes and the input images, of the same B rows.
        title: What is shown, such as the name of the map.
        caption: What the colours of masks mean, if there are any: see `scale_caption`.
        signed_caption: What the colours of signed maps mean, if there are any.
        most: How many epochs are shown at most, at least 2.
        scale: How many pixels to draw for one, up to 16: 2 gives a picture for print.
        total: Of how many epochs `frames` are some; None if they are all.

    Returns:
        (H, W, 3) uint8, on white.

    Raises:
        TypeError: If `frames` holds anything but frames, or a number is of the wrong kind.
        ValueError: If there is no frame, epochs do not rise, the columns differ in their number of rows, or a number
            is out of range.

    >>> from fe_saliency.display import MaskColumn
    >>> maps = np.random.default_rng(0).random((40, 3, 8, 8))
    >>> film([Frame(epoch + 1, MaskColumn("", one)) for epoch, one in enumerate(maps)], title="Vanilla").ndim
    3
    """
    frames = check_frames(frames)
    shown = [frames[number] for number in pick(frames, whole("most", most, 2))]
    strip = measure_strip(shown, lead, _heading(title, shown, total or len(frames)), check_scale(scale))
    return strip.draw(strip.above, strip.below, (caption, signed_caption))


def reel(
    frames: Sequence[Frame],
    lead: Sequence[Column] = (),
    title: str = "",
    caption: str = CAPTION,
    signed_caption: str = SIGNED_CAPTION,
    scale: float = 1,
) -> list[np.ndarray]:
    """The pictures of a film one by one, for `animate`: each an epoch beside the `lead`.

    Args:
        frames, lead, title, caption, signed_caption, scale: As of `film`.

    Returns:
        One (H, W, 3) uint8 for each frame, all of one shape.

    Raises:
        TypeError, ValueError: As `film`.
    """
    frames, scale = check_frames(frames), check_scale(scale)
    strips = [measure_strip([frame], lead, title or None, scale) for frame in frames]
    above, below = max(strip.above for strip in strips), max(strip.below for strip in strips)
    drawn = [strip.draw(above, below, (caption, signed_caption)) for strip in strips]
    height, width = (max(picture.shape[axis] for picture in drawn) for axis in (0, 1))
    room = [((0, height - one.shape[0]), (0, width - one.shape[1]), (0, 0)) for one in drawn]
    return [np.pad(one, each, constant_values=PAPER[0]) for one, each in zip(drawn, room, strict=True)]


def _heading(title: str, shown: Sequence[Frame], count: int) -> str:
    first, last = shown[0].epoch, shown[-1].epoch
    epochs = f"epoch {first}" if first == last else f"epochs {first} to {last}"
    part = f" ({len(shown)} of {count} epochs shown)" if len(shown) < count else ""
    return (f"{title}, {epochs}" if title else epochs.capitalize()) + part
