"""Arrays in an .npz file, which is there whole or not at all, and holds no pickle."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np

from fe_saliency.atomic import replacing


def write(path: Path, arrays: Mapping[str, np.ndarray], compressed: bool) -> None:
    """Write a file so that at any moment `path` is what it was before or the whole new file.

    Args:
        path: The file, which is replaced if it exists.
        arrays: {name: array}, none of Python objects.
        compressed: Whether to take time for a smaller file.

    Raises:
        OSError: It could not be written, and `path` is as it was; names `path`.
    """
    try:
        with replacing(path) as file:
            (np.savez_compressed if compressed else np.savez)(file, **arrays)
    except OSError as error:
        raise OSError(error.errno, f"Could not save maps: {error.strerror or error}", str(path)) from error


def read(path: Path, names: Collection[str] | None = None) -> dict[str, np.ndarray]:
    """The arrays of a file: those of `names`, or all.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is damaged, or lacks one of `names`; names `path`.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in (file.files if names is None else names)}
    except (FileNotFoundError, PermissionError, MemoryError):
        raise
    except Exception as error:  # A torn file fails in a dozen ways: zipfile's, zlib's, struct's, NumPy's.
        raise ValueError(
            f"`{path}` is damaged or was not written by `fe_saliency.archive.save`: {error or type(error).__name__}. "
            "Restore it from a copy, or delete it: a training that saves the same again writes it anew."
        ) from error
