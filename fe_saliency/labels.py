"""Class numbers, and features, as people read them."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

_LOG = logging.getLogger("fe_saliency")


def one_per_row(classes: np.ndarray) -> np.ndarray:
    """The class of each row, (B,).

    Args:
        classes: (B,) or (B, 1) class numbers or names, or (B, N) one-hot.

    Raises:
        ValueError: An array of another shape.
    """
    if classes.ndim == 2 and classes.shape[1] > 1:
        classes = classes.argmax(axis=1)
    if classes.ndim > 2 or classes.size != len(classes):
        raise ValueError(f"Classes have shape {classes.shape}, but must be (B,), (B, 1) or one-hot (B, N).")
    return classes.reshape(-1)


def key_part(name: str) -> str:
    """A name as a part of a key: what FastEstimator's keys do not hold, and white space, becomes "_"."""
    return re.sub(r"[\s:;|]", "_", name)


def file_part(name: str) -> str:
    """A name as a part of a file's name that needs no quotes in a shell.

    What is no letter, digit, "." or "-" becomes "_", one for several, and none at the ends.
    """
    return re.sub(r"(?:[^\w.-]|_)+", "_", name).strip("_")


def class_numbers(key: str, classes: np.ndarray) -> np.ndarray:
    """The class number of each row, int64 (B,).

    Args:
        key: Where `classes` come from.
        classes: (B,) or (B, 1) class numbers, or (B, N) one-hot.

    Raises:
        ValueError: An array of another shape.
        TypeError: Names, or numbers that are not whole.
    """
    single = one_per_row(classes)
    if single.dtype.kind not in "biuf" or not (single == np.floor(single)).all():
        raise TypeError(f"`{key}` (of dtype {classes.dtype}) must hold class numbers, as the model counts its classes.")
    return single.astype(np.int64)


def feature_names_of(
    given: None | Sequence[str] | Mapping[str, Sequence[str]], inputs: Sequence[str]
) -> dict[str, list[str]]:
    """The names of features that a user's argument stands for: {input key: names}.

    Raises:
        ValueError: A list although there are several inputs, or names of what is no input.
        TypeError: None of these.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        if len(inputs) > 1:
            raise ValueError(f"`feature_names` must say of which input they are, {list(inputs)}: {{input key: names}}.")
        given = {inputs[0]: given}
    wrong = [key for key in given if key not in inputs]
    if wrong:
        raise ValueError(f"`feature_names` (of {wrong}) must be of model inputs, which are {list(inputs)}.")
    for key, names in given.items():
        if isinstance(names, (str, bytes)) or not isinstance(names, Sequence):
            raise TypeError(f"`feature_names` (={names!r} of '{key}') must be a list with one name for each feature.")
    return {key: [str(name) for name in names] for key, names in given.items()}


def check_feature_names(names: Sequence[str], key: str, shape: Sequence[int]) -> None:
    """Refuse names that are not one for each feature of an input.

    Args:
        names: Its features' names.
        key: Which input.
        shape: Of its rows, (B, F); those of an input that is no table are not used, and may be anything.

    Raises:
        ValueError: There is not one name for each of the F features.
    """
    if len(shape) == 2 and len(names) != shape[1]:
        raise ValueError(
            f"`feature_names` ({len(names)} of '{key}') must be one for each of its {shape[1]} features, in their "
            "order."
        )


class Labels:
    """Names of classes.

    Args:
        mapping: {name: class number, as the model gives it}, or None or empty: classes are shown as they are. A class
            that it lacks is shown by its number, as "#7".

    Two names of one class are warned of, and the last one is shown.

    Raises:
        TypeError: No mapping, or a class that is not a whole number.
    """

    def __init__(self, mapping: Mapping[str, Any] | None) -> None:
        self._names: dict[int, str] | None = None
        self._told: set[str] = set()
        if mapping is not None and not isinstance(mapping, Mapping):
            raise TypeError(f"`label_mapping` (a {type(mapping).__name__}) must be a dict {{name: class number}}.")
        if mapping:
            self._names = {}
            for name, value in mapping.items():
                if not hasattr(value, "__index__") and not (hasattr(value, "__float__") and float(value).is_integer()):
                    raise TypeError(
                        f"`label_mapping` maps {name!r} to {value!r}, but must map each name to a class number."
                    )
                if int(value) in self._names:
                    warnings.warn(
                        f"`label_mapping` names class {int(value)} twice, {self._names[int(value)]!r} and {name!r}: "
                        "the last name is shown. Give each class one.",
                        stacklevel=2,
                    )
                self._names[int(value)] = str(name)

    @property
    def mapping(self) -> dict[str, int] | None:
        """What it was made of, as JSON can hold it."""
        return None if self._names is None else {name: number for number, name in self._names.items()}

    def common_to(self, classes: np.ndarray) -> bool:
        """Whether `classes` from the data are told in the same terms as the model's class numbers."""
        return self._names is not None or classes.dtype.kind in "biuf"

    def of(self, classes: np.ndarray) -> list[str]:
        """The name of each class.

        Args:
            classes: (B,) or (B, 1) class numbers or names, or (B, N) one-hot.

        Raises:
            ValueError: An array of another shape.
        """
        return [self._name(value) for value in one_per_row(classes).tolist()]

    def tell(self, classes: np.ndarray) -> None:
        """Log a warning for each class number that the mapping lacks, once; numbers below 0 are no classes.

        Args:
            classes: As of `of`.

        Raises:
            ValueError: As `of`.
        """
        if self._names is None or classes.dtype.kind not in "biuf":
            return
        single = one_per_row(classes)
        for name in sorted({*self.of(single[single >= 0])} - {*self._names.values()} - self._told):
            self._told.add(name)
            _LOG.warning(
                "`label_mapping` has no name for class %s, which the data or the model gave; it names %s. The class is "
                "shown as '%s'; add it to the mapping.", name[1:], sorted(self._names), name,
            )  # fmt: skip

    def _name(self, value: Any) -> str:
        if isinstance(value, bytes):
            value = value.decode()
        if isinstance(value, str):
            return value
        number = int(value) if float(value).is_integer() else value
        return str(number) if self._names is None else self._names.get(number, f"#{number}")
