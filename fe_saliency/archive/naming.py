"""What the folder of a training and the file of an epoch are called, and which epoch a file is of."""

from __future__ import annotations

import re
import secrets
from datetime import datetime
from string import ascii_lowercase, digits
from urllib.parse import unquote

from fe_saliency.record import MODES

Place = tuple[str, str]  # (mode, dataset id)

#: Not the capitals: on a file system that ignores case, dataset ids "a" and "A" would share their files.
_PLAIN = frozenset(ascii_lowercase + digits + "-_.")
_NAME = re.compile(rf"({'|'.join(MODES)})(?:_(.+))?_(\d{{4,}})\.npz")
_RUN = re.compile(r"\d{8}-\d{6}-\d{6}-[0-9a-f]{4}")


def new_run() -> str:
    """A name for a training that begins now, such as `20240131-235959-000000-1f2e`: later ones sort after it."""
    # The end tells apart what begins in the same microsecond, or tick of a coarse clock.
    return f"{datetime.now():%Y%m%d-%H%M%S-%f}-{secrets.token_hex(2)}"


def is_run(name: str) -> bool:
    """Whether `new_run` gives such names."""
    return _RUN.fullmatch(name) is not None


def file_name(place: Place, epoch: int) -> str:
    """`eval_0007.npz`, or `eval_val_0007.npz` if there is a dataset id.

    All but small letters, digits, "-", "_" and "." of a dataset id stands as in a URL: "Val" is "%56al".
    """
    mode, ds_id = place
    safe = "".join(sign if sign in _PLAIN else "".join(f"%{byte:02X}" for byte in sign.encode()) for sign in ds_id)
    return "_".join([mode, *([safe] if ds_id else []), f"{epoch:04d}.npz"])


def parse(name: str) -> tuple[Place, int] | None:
    """The place and epoch of a file's name; None if it is not exactly what `file_name` gives."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    place, epoch = (match[1], unquote(match[2] or "")), int(match[3])
    return (place, epoch) if file_name(place, epoch) == name else None
