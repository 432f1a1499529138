"""Whose an error is: the package's own are whole sentences, for the user to read as they are."""

from __future__ import annotations

import traceback


def by_package(error: BaseException | None) -> bool:
    """Whether a line of this package raised `error`, and not one of the user's, the host's or the framework's."""
    if error is None:
        return False
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    # Code that autograph generates keeps the globals of the function that it was made from.
    return bool(frames) and str(frames[-1].f_globals.get("__name__")).startswith("fe_saliency.")
