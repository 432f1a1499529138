"""Runs one chunk after the other: smaller ones if the memory does not hold them, and a progress bar if they last."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from tqdm import tqdm

from fe_saliency.backend import Backend, Tensor
from fe_saliency.plan import Smaller
from fe_saliency.say import warn
from fe_saliency.session import Run

#: Seconds after which a progress bar appears (on a terminal).
_PATIENCE = 3


def warn_of_memory(points: int, room: int) -> None:
    """Say that so many model inputs do not fit, and that `room` of them are run at once from now on."""
    warn(
        f"The memory does not hold {points} model inputs at once; going on with {room} or fewer. Give `max_rows` a "
        "number that fits, and nothing is tried in vain.",
        RuntimeWarning,
    )


class Chunks:
    """What one call runs its chunks with.

    Args:
        run: From `Session.entered`.
        room: How many model inputs a chunk may hold.
        backend: The framework.
        evaluations: How many gradients the call is expected to take, over all rows, or forward passes where it takes
            none; 0 if it only tries what works.
    """

    def __init__(self, run: Run, room: int, backend: Backend, evaluations: int) -> None:
        self.room = room
        self._run = run
        self._backend = backend
        self._evaluations = evaluations
        self._warned = evaluations == 0
        self._bar: tqdm | None = None

    def run(self, program: str, feed: Mapping[str, Tensor], points: int) -> Mapping[str, Tensor]:
        """Run a program on a chunk of so many model inputs.

        Raises:
            Smaller: The memory does not hold it; `room` is half of it now.
        """
        try:
            return self._run(program, feed)
        except Exception as error:
            if points == 1 or not self._backend.out_of_memory(error):
                raise
            self.room = min(self.room, points // 2)
        # Outside the handler, so that nothing holds on to the tensors of the chunk that failed.
        if not self._warned:
            self._warned = True
            warn_of_memory(points, self.room)
        raise Smaller

    def spent(self, evaluations: int) -> None:
        """Note that so many gradients were taken, or need not be."""
        if self._bar is None and evaluations < self._evaluations:  # A call of one chunk has nothing to show.
            self._bar = tqdm(
                total=self._evaluations,
                desc="Saliency",
                unit=" gradients",
                delay=_PATIENCE,
                leave=False,
                disable=not sys.stderr.isatty(),
            )
        if self._bar is not None:
            self._bar.update(evaluations)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
