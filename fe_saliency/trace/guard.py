"""An error in an instrument must not end a training, unless the user wants it to."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

_LOG = logging.getLogger("fe_saliency")
#: What becomes of numbers that are not there: a monitor reads the last ones again, or NaN, and neither is better.
NO_BETTER = "which counts as no improvement for EarlyStopping and whatever else monitors its numbers"


@contextmanager
def guarded(strict: bool, failure: str) -> Iterator[None]:
    """Log an exception inside with its traceback, by the logger "fe_saliency", and go on after the block.

    Args:
        strict: Whether to let it pass instead.
        failure: What the message says of it: "The ... trace could not ...".
    """
    try:
        yield
    except Exception:
        if strict:
            raise
        _LOG.exception("%s; the training goes on. Use `strict=True` to stop at such an error.", failure)
