"""The figure as the Display that FastEstimator's traces know how to log, save and show."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from fastestimator.util.base_util import in_notebook
from fastestimator.util.img_data import Display
from PIL import Image, ImageShow

from fe_saliency.display.figure import check_scale, check_sections, compose
from fe_saliency.display.legend import CAPTION, SIGNED_CAPTION
from fe_saliency.display.section import Section


class SaliencyDisplay(Display):
    """A figure of saliency maps.

    It is drawn when it is first needed, and then kept. `fe.trace.io.TensorBoard`, `ImageSaver` and
    `ImageViewer` take it as they take FastEstimator's own displays; it can be copied and pickled.

    Args:
        sections: One or several, from top to bottom. Their arrays are not copied: leave them as
            they are.
        caption: What stands beside the colour bar of the masks.
        signed_caption: What stands beside that of the signed maps.

    Raises:
        TypeError: If `sections` holds anything but sections.
        ValueError: If there is no section.
    """

    def __init__(
        self, sections: Section | Sequence[Section], caption: str = CAPTION, signed_caption: str = SIGNED_CAPTION
    ) -> None:
        self.sections = check_sections(sections)
        self.caption, self.signed_caption = caption, signed_caption
        self._image: np.ndarray | None = None

    @property
    def image(self) -> np.ndarray:
        """The figure, (H, W, 3) uint8, read-only; drawn, or failing to be, when first asked for."""
        if self._image is None:
            self._image = self._compose(1)
            self._image.flags.writeable = False
        return self._image

    def prepare(self, **kwargs: Any) -> np.ndarray:
        """The figure as TensorBoard's writer takes it, without a plotting library in between.

        Args:
            **kwargs: Ignored; FastEstimator's own displays have some.

        Returns:
            (1, H, W, 3) uint8, read-only.
        """
        return self.image[None]

    def show(
        self,
        save_path: str | os.PathLike[str] | None = None,
        verbose: bool = True,
        scale: float = 1,
        interactive: bool = False,
    ) -> None:
        """Save the figure, or show it: in the notebook, or else in the system's image viewer.

        Args:
            save_path: Where to write it; the folder is made. Without a suffix it becomes a PNG.
                None: show it.
            verbose: Whether to print where it was saved.
            scale: How many pixels to draw for one: 2 gives twice the resolution.
            interactive: Ignored: the figure is a picture.

        Raises:
            TypeError: If `scale` is not a number.
            ValueError: If `scale` is out of range, or Pillow can't write the suffix of `save_path`.
        """
        same = check_scale(scale) == 1
        picture = Image.fromarray(self.image if same else self._compose(scale))
        if save_path is not None:
            path = _prepare_path(save_path)
            picture.save(path)
            if verbose:
                print(f"Saved to {path}")
        elif in_notebook():
            from IPython.display import display  # type: ignore[import-not-found,unused-ignore]

            display(picture)
        elif not ImageShow.show(picture):
            print("No image viewer was found: give a `save_path` to write the figure to a file.")

    def _compose(self, scale: float) -> np.ndarray:
        return compose(self.sections, self.caption, scale, self.signed_caption)


def _prepare_path(save_path: str | os.PathLike[str]) -> str:
    """The file to write, in a folder that exists."""
    path = os.path.normpath(save_path)
    if not os.path.basename(path).strip("."):
        raise ValueError(f"`save_path` (={save_path!r}) must name a file: add one to the folder.")
    suffix = os.path.splitext(path)[1]
    if not suffix:
        path += ".png"
    elif Image.registered_extensions().get(suffix.lower()) not in Image.SAVE:
        raise ValueError(
            f"`save_path` (={save_path!r}) must end in .png, in another suffix that Pillow writes, "
            f"or in none: replace {suffix!r}."
        )
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    return path
