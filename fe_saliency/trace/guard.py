"""An error in an instrument must not end a training, unless the user wants it to."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from traceback import walk_tb

_LOG = logging.getLogger("fe_saliency")
#: What becomes of numbers that are not there: a monitor reads the last ones again, or NaN, and neither is better.
NO_BETTER = "which counts as no improvement for EarlyStopping and whatever else monitors its numbers"


class Guard:
    """Logs errors by the logger "fe_saliency" and lets the training go on: the first of a kind whole, others in a line.

    Errors are the same if they come from the same line of code with the same words.

    Args:
        strict: Whether to let errors pass instead.
    """

    def __init__(self, strict: bool = True) -> None:
        self.strict = strict
        self._told: dict[tuple[object, ...], str] = {}  # what failed first, by error

    def begin(self) -> None:
        """A new training: errors are told whole again."""
        self._told = {}

    @contextmanager
    def __call__(self, failure: str) -> Iterator[None]:
        """Log an exception inside, and go on after the block.

        Args:
            failure: What the message says of it: "The ... trace could not ...".
        """
        try:
            yield
        except Exception as error:
            if self.strict:
                raise
            *_, (frame, line) = walk_tb(error.__traceback__)
            same = (type(error), str(error), frame.f_code, line)
            if same in self._told:
                said = str(error).partition("\n")[0]
                _LOG.error(
                    "%s; it is the same error (%s: %s) as the one whose traceback stands at \"%s\".",
                    failure, type(error).__name__, said, self._told[same],
                )  # fmt: skip
            else:
                self._told[same] = failure
                _LOG.exception("%s; the training goes on. Use `strict=True` to stop at such an error.", failure)
