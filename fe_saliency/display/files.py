"""Pictures and animations in files that are either whole or not there."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

from fe_saliency.atomic import replacing
from fe_saliency.display.colors import INKS

_FASTEST = 50  # Pictures per second: browsers slow down what is faster
_COLORS = 256  # Of a GIF
_SAMPLED = 4_000_000  # Pixels from which its colours are chosen


def write_png(path: str | os.PathLike[str], picture: np.ndarray) -> Path:
    """Write a picture as PNG.

    The file appears under its name when it is complete, in place of an earlier one; if anything fails, the earlier
    one stays as it was, and nothing else is left.

    Args:
        path: Ends in .png; the folder is made.
        picture: (H, W, 3) uint8.

    Returns:
        The path.

    Raises:
        TypeError: If `picture` is not uint8.
        ValueError: If the shape or the suffix is another one.
        OSError: If the file cannot be written.
    """
    target = _check_path(path, {".png"})
    image = _images("picture", [picture])[0]
    return _write(target, lambda file: image.save(file, format="PNG"))


def animate(path: str | os.PathLike[str], pictures: Sequence[np.ndarray], fps: float = 2.0, hold: float = 2.0) -> Path:
    """Write pictures as an animation that repeats without end.

    A WebP holds every colour as it is. A GIF has 256, the same ones for all pictures, so that equal colours stay
    equal from picture to picture. The file appears when it is complete, as with `write_png`.

    Args:
        path: Ends in .gif or .webp; the folder is made.
        pictures: At least one, all (H, W, 3) uint8 of one shape, such as those of `reel`.
        fps: Pictures per second.
        hold: How many seconds the last picture is shown longer than the others.

    Returns:
        The path.

    Raises:
        TypeError: If a picture is not uint8, or `fps` or `hold` is not a number.
        ValueError: If there is no picture, shapes differ, or the suffix, `fps` or `hold` is out of range.
        OSError: If the file cannot be written.
    """
    target = _check_path(path, {".gif", ".webp"})
    images = _images("pictures", pictures)
    each = round(1000 / _check_number("fps", fps, 0.05, _FASTEST))
    durations = [each] * (len(images) - 1) + [each + round(1000 * _check_number("hold", hold, 0, 60))]
    options: dict[str, Any] = {"save_all": True, "loop": 0, "duration": durations}
    if target.suffix.lower() == ".gif":
        palette = _palette(images)
        images = [image.quantize(palette=palette, dither=Image.Dither.NONE) for image in images]
        options |= {"format": "GIF", "optimize": False}
    else:
        options |= {"format": "WEBP", "lossless": True}
    return _write(target, lambda file: images[0].save(file, append_images=images[1:], **options))


def _palette(images: Sequence[Image.Image]) -> Image.Image:
    """The colours that serve all images best, and the inks of the figure, so few of whose pixels would go unheard."""
    every = -(-sum(image.width * image.height for image in images) // _SAMPLED)
    colors = np.concatenate([np.asarray(image).reshape(-1, 3)[::every] for image in images])
    chosen = Image.fromarray(colors[None]).quantize(_COLORS - len(INKS), method=Image.Quantize.MEDIANCUT)
    chosen.putpalette(
        [*(chosen.getpalette() or [])[: 3 * (_COLORS - len(INKS))], *(one for ink in INKS for one in ink)]
    )
    return chosen


def _write(path: Path, save: Callable[[BinaryIO], None]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        save(file)
    return path


def _check_path(path: str | os.PathLike[str], suffixes: set[str]) -> Path:
    target = Path(path)
    if target.suffix.lower() not in suffixes:
        raise ValueError(f"`path` (={str(path)!r}) must end in {' or '.join(sorted(suffixes))}: change its suffix.")
    return target


def _images(name: str, pictures: Sequence[np.ndarray]) -> list[Image.Image]:
    if not len(pictures):
        raise ValueError(f"`{name}` (=[]) must hold at least one picture.")
    wrong = [getattr(one, "dtype", type(one).__name__) for one in pictures if getattr(one, "dtype", None) != np.uint8]
    if wrong:
        raise TypeError(f"`{name}` (of {wrong[0]}) must be uint8, from 0 to 255, as `compose` and `film` return them.")
    shapes = {one.shape for one in pictures}
    height, width, *colors = next(iter(shapes)) if len(shapes) == 1 else (0, 0)
    if colors != [3] or 0 in (height, width):
        raise ValueError(f"`{name}` (of shape {sorted(shapes)}) must be (H, W, 3), all of one shape, not empty.")
    return [Image.fromarray(one) for one in pictures]


def _check_number(name: str, value: float, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"`{name}` (={value!r}) must be a number, not {type(value).__name__}.")
    if not least <= value <= most:
        raise ValueError(f"`{name}` (={value}) must be from {least} to {most}.")
    return float(value)
