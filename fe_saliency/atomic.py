"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A file to write to, which takes the place of `path` when the block ends.

    At any moment, also after a power cut, `path` is what it was before or the whole new file. After an error it is what
    it was before, and nothing else is left.

    Args:
        path: The file, which is replaced if it exists; its folder must exist.

    Raises:
        OSError: It could not be written.
    """
    path = Path(path)
    # In the same folder, so that it can be put in place in one step, and under a name that nobody reads.
    temporary = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        with open(temporary, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        with suppress(OSError):
            temporary.unlink()


def writable(name: str, folder: str | os.PathLike[str]) -> None:
    """Make a folder if there is none, and try to write to it: better now than after hours of training.

    Args:
        name: The argument that the folder comes from.
        folder: The folder.

    Raises:
        OSError: It cannot be made or written to.
    """
    try:
        os.makedirs(folder, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OSError(
            f"`{name}` (={os.fspath(folder)!r}) must be a folder that can be made and written to, but {error}. Give "
            "another, or None to write nothing."
        ) from error
