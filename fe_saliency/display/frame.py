"""The frames of a film, and which of many are shown."""

from collections.abc import Sequence
from dataclasses import dataclass

from fe_saliency.checks import whole
from fe_saliency.display.columns import PictureColumn, TextColumn
from fe_saliency.display.section import Section


@dataclass(frozen=True, eq=False)
class Frame:
    """One epoch of a film.

    Args:
        epoch: Its number.
        pictures: The pictures of its B rows; the column's title is not shown.
        notes: B short texts to stand under them, such as the predicted classes; its title is not shown.
        marker: A word for the red band above the epoch ("warning"), or None for no band.

    Raises:
        ValueError: If there is no picture, or not one note for each.
    """

    epoch: int
    pictures: PictureColumn
    notes: TextColumn | None = None
    marker: str | None = None

    def __post_init__(self) -> None:
        whole("epoch", self.epoch, 0)
        Section([self.pictures] if self.notes is None else [self.pictures, self.notes])


def pick(frames: Sequence[Frame], most: int) -> list[int]:
    """Which frames are shown: evenly spread, the first, the last and the beginnings of markers among them."""
    if len(frames) <= most:
        return list(range(len(frames)))
    last = len(frames) - 1
    starts = [n for n in range(1, last) if frames[n].marker and frames[n].marker != frames[n - 1].marker]
    fixed = {0, last, *starts[: most - 2]}
    chosen = {round(n * last / (most - 1)) for n in range(most)}
    for start in sorted(fixed - chosen):
        nearest = min(chosen - fixed, key=lambda n: (abs(n - start), n))
        chosen = chosen - {nearest} | {start}
    return sorted(chosen)


def check_frames(frames: Sequence[Frame]) -> list[Frame]:
    """`frames` as a list, if a film can be drawn of them."""
    listed = isinstance(frames, (list, tuple))
    if not listed or not all(isinstance(one, Frame) for one in frames):
        kinds = [type(one).__name__ for one in frames] if listed else type(frames).__name__
        raise TypeError(f"`frames` (of {kinds}) must be a list of `Frame` objects, one per epoch.")
    epochs = [frame.epoch for frame in frames]
    if not epochs or sorted(set(epochs)) != epochs:
        raise ValueError(f"`frames` (of epochs {epochs}) must be at least one, of rising epochs: sort them.")
    return list(frames)
