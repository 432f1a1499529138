"""A record as named arrays, and back.

Two files hold a record: what all epochs have in common, inputs and labels, is stored once under a name made from its
content; the rest is the epoch's own. Each array stands under the names that lead to it: "maps/vanilla/x" is
`record.maps["vanilla"]["x"]`. "header" is JSON and holds all that is no array.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from hashlib import blake2b
from importlib import metadata
from typing import Any
from urllib.parse import quote, unquote

import numpy as np

from fe_saliency.record import PER_ROW, Record

#: To be raised when the files change so that an older version of this package can't read them.
FORMAT = 1
_PACKAGES = ("fe_saliency", "fastestimator", "numpy", "tensorflow", "torch")

Arrays = dict[str, np.ndarray]


def samples_of(record: Record) -> Arrays:
    """Inputs and labels."""
    found = {_name("inputs", key): array for key, array in record.inputs.items()}
    if record.labels is not None:
        found["labels"] = record.labels
    return {name: _plain(name, array) for name, array in found.items()}


def digest(arrays: Arrays) -> str:
    """16 hexadecimal digits that differ where names, types, shapes or contents do."""
    state = blake2b(digest_size=8)
    for name, array in arrays.items():
        state.update(f"{name}:{array.dtype.str}:{array.shape};".encode())
        state.update(array.tobytes())
    return state.hexdigest()


def epoch_of(record: Record, samples: str) -> Arrays:
    """All but inputs and labels, which stand in the file called `samples`."""
    header = {
        "format": FORMAT,
        "epoch": int(record.epoch),
        "mode": record.mode,
        "ds_id": record.ds_id,
        "channel_axis": int(record.channel_axis),
        "samples": samples,
        "settings": record.settings,
        "versions": versions(),
    }
    try:
        found = {"header": np.array(json.dumps(header))}
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"`settings` must hold only what JSON can (numbers, texts, None, lists, dicts by text): {error}."
        ) from None
    for name, maps in record.maps.items():
        found |= {_name("maps", name, key): array for key, array in maps.items()}
    for field in PER_ROW:
        found |= {_name(field, key): array for key, array in getattr(record, field).items()}
    return {name: _plain(name, array) for name, array in found.items()}


def header_of(arrays: Arrays, path: object) -> dict[str, Any]:
    """What `epoch_of` wrote that is no array.

    Raises:
        ValueError: It is of another kind, or was written by a newer version of this package; names `path`.
    """
    try:
        header: dict[str, Any] = json.loads(str(arrays["header"]))
        newer = header["format"] > FORMAT
    except (ValueError, TypeError, KeyError):
        raise ValueError(f"`{path}` must be a file that `fe_saliency.archive.save` wrote, but is another.") from None
    if newer:
        raise ValueError(
            f"`{path}` is of format {header['format']}, written by fe_saliency "
            f"{header.get('versions', {}).get('fe_saliency', '(unknown)')}; this one reads up to format {FORMAT}. "
            "Update fe_saliency."
        )
    return header


def record_from(header: Mapping[str, Any], epoch: Arrays, samples: Arrays) -> Record:
    """The record of which `epoch_of` made `epoch`, and `samples_of` made `samples`."""
    fields: dict[str, Any] = {"inputs": {}, "maps": {}, **{field: {} for field in PER_ROW}}
    for name, array in {**samples, **epoch}.items():
        *path, last = map(unquote, name.split("/"))
        if path:
            into = fields
            for key in path:
                into = into.setdefault(key, {})
            into[last] = array
    known = {key: header[key] for key in ("epoch", "mode", "ds_id", "channel_axis", "settings")}
    return Record(labels=samples.get("labels"), **fields, **known)


@cache
def versions() -> dict[str, str]:
    """{package: version} of what is installed, and Python's own."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        with suppress(metadata.PackageNotFoundError):
            found[package] = metadata.version(package)
    return found


def _name(*path: str) -> str:
    # Dots too: NumPy takes a key that ends in ".npy" for the file of another.
    return "/".join(quote(key, safe="").replace(".", "%2E") for key in path)


def _plain(name: str, array: np.ndarray) -> np.ndarray:
    """`array`, of a type that needs no pickle: texts as TensorFlow and pandas give them become NumPy's own.

    Raises:
        TypeError: There is no such type.
    """
    if not array.dtype.hasobject and array.dtype.kind != "V":
        return array
    with suppress(ValueError):  # NumPy's, of lists within
        plain = np.array(array.tolist())
        if plain.dtype.kind not in "OV" and plain.shape == array.shape and (plain == array).all():
            return plain
    raise TypeError(
        f"`{name}` (of {array.dtype}) can't be stored without pickle: it must hold numbers, all texts or all bytes."
    )
