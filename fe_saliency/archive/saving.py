"""One epoch to disk."""

from __future__ import annotations

import os
from pathlib import Path

from fe_saliency.archive import npz
from fe_saliency.archive.contents import digest, epoch_of, samples_of
from fe_saliency.archive.naming import file_name
from fe_saliency.record import Record


def save(record: Record, folder: str | os.PathLike[str]) -> Path:
    """Keep the raw maps of an epoch, and all that belongs to them, bit for bit; `load` reads them again.

    `eval_0007.npz` holds epoch 7 of mode "eval", `eval_val_0007.npz` that of its dataset "val"; inputs and labels are
    mostly the same every epoch, and stand once in `samples_<hash of their content>.npz`. An epoch that is saved again,
    by a training that was resumed, replaces the former. Each file is written beside and then put in place, so that it
    is whole whenever the program or the machine stops. Nothing is pickled: `numpy.load` reads the files alone.

    Args:
        record: The epoch. Tuples in its settings come back as lists.
        folder: Where to; made if it does not exist.

    Returns:
        The file of the epoch.

    Raises:
        TypeError: `record` holds what can't be stored without pickle, or settings that are not JSON.
        OSError: The disk is full, or the like: the folder holds what it held before. Names the file.
    """
    folder = Path(folder)
    samples = samples_of(record)
    shared = folder / f"samples_{digest(samples)}.npz"
    epoch = epoch_of(record, shared.name)
    path = folder / file_name(record.place, record.epoch)
    folder.mkdir(parents=True, exist_ok=True)
    new = not shared.exists()
    if new:
        npz.write(shared, samples, compressed=True)
    try:
        npz.write(path, epoch, compressed=False)  # Maps have few zeros: a sixth of the space for four times the time.
    except BaseException:
        if new:
            shared.unlink(missing_ok=True)
        raise
    return path
