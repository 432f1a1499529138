"""One TensorBoard tag per sample and map, so that the step slider plays the history of one sample."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastestimator.trace.io.tensorboard import TensorBoard

from fe_saliency.display import ImageColumn, MaskColumn, Section, SignalColumn, SignedColumn, tile
from fe_saliency.review.pictures import OVERLAY


def write_tags(system: Any, key: str, sections: Iterable[Section]) -> None:
    """Write the pictures of a figure one by one beside it, wherever FastEstimator's TensorBoard trace writes that.

    Tags are `<key>/<dataset, if there are several>/sample <row>/<title>`, with "_" for a "/" in a title; the inputs,
    which never change, have none.

    Args:
        system: The trace's system.
        key: The key of the figure.
        sections: What the figure shows.
    """
    boards = [
        each for each in system.traces if isinstance(each, TensorBoard) and key in each.write_images and _due(each)
    ]
    images = [image for section in sections for image in _images(key, section)] if boards else []
    for board in boards:
        board.writer.write_images(mode=system.mode, images=images, step=system.global_step)


def _due(board: TensorBoard) -> bool:
    """Whether the trace writes at the end of this epoch, by its own rule."""
    freq = board.update_freq
    return bool(freq.freq and (freq.is_step or board.system.epoch_idx % freq.freq == 0))


def _images(key: str, section: Section) -> Iterable[tuple[str, Any]]:
    base = key if section.label is None else f"{key}/{section.label}"
    for column in section.columns:
        if isinstance(column, (MaskColumn, SignedColumn)) or (
            isinstance(column, (ImageColumn, SignalColumn)) and column.title == OVERLAY
        ):
            title = column.title.replace("/", "_")
            for row in range(len(section)):
                yield f"{base}/sample {row}/{title}", tile(column, row)[None]
