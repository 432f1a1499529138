"""Checks of single arguments, shared by all layers: the value comes back, or an error says what is wrong with it."""

from __future__ import annotations

import operator

import numpy as np


def index(value: object) -> int | None:
    """`value` as an int; None if it is no whole number, as a bool or an array of several."""
    try:
        return None if isinstance(value, bool) else operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        return None


def whole(name: str, value: int, least: int = 1) -> int:
    """`value`, which must be a whole number of at least `least`.

    Raises:
        TypeError: It is not a whole number.
        ValueError: It is too small.
    """
    number = index(value)
    if number is None:
        raise TypeError(f"`{name}` (={value!r}) must be a whole number, not {type(value).__name__}.")
    if number < least:
        raise ValueError(f"`{name}` (={value}) must be at least {least}.")
    return number


def flag(name: str, value: bool) -> bool:
    """`value`, which must be True or False.

    Raises:
        TypeError: It is neither.
    """
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"`{name}` (={value!r}) must be True or False, not {type(value).__name__}.")
    return bool(value)


def spread(
    name: str, value: float, meaning: str = "the noise's standard deviation as a share of the row's range (max - min)"
) -> float:
    """`value`, which must be a finite number of at least 0; `meaning` says what it is.

    Raises:
        ValueError: It is not.
    """
    rule = f"must be a finite number of at least 0: it is {meaning}"
    number = _number(name, value, rule)
    if not 0 <= number < float("inf"):
        raise ValueError(f"`{name}` (={value}) {rule}.")
    return number


def tolerance(name: str, value: float) -> float:
    """`value`, which must be a finite number above 0.

    Raises:
        TypeError: It is no number.
        ValueError: It is not.
    """
    return positive(name, value, "the error of a map relative to its norm; 0.1 is a good map")


def positive(name: str, value: float, meaning: str) -> float:
    """`value`, which must be a finite number above 0; `meaning` says what it is.

    Raises:
        TypeError: It is no number.
        ValueError: It is not.
    """
    rule = f"must be a finite number above 0: {meaning}"
    number = _number(name, value, rule)
    if not 0 < number < float("inf"):
        raise ValueError(f"`{name}` (={value}) {rule}.")
    return number


def key(name: str, value: str, of: str) -> str:
    """`value`, which must be the key of something in the batch; `of` says of what.

    Raises:
        TypeError: It is no text, or an empty one.
    """
    if not isinstance(value, str) or not value:
        raise TypeError(f"`{name}` (={value!r}) must be the key of {of} in the batch: a text such as 'y'.")
    return value


def channel_axis(value: int | None) -> int | None:
    """`value`, which must be None, 1 or -1.

    Raises:
        ValueError: It is not.
    """
    if value is not None and (type(value) is not int or value not in (1, -1)):
        raise ValueError(
            f"`channel_axis` (={value!r}) must be None for the framework's own layout, 1 for channels-first or -1 for "
            "channels-last."
        )
    return value


def seed(name: str, value: int) -> int:
    """`value`, which must be a whole number of 64 bits.

    Raises:
        ValueError: It is not.
    """
    number = index(value)
    if number is None or not 0 <= number < 2**64:
        raise ValueError(f"`{name}` (={value!r}) must be a whole number from 0 to 2 ** 64 - 1.")
    return number


def _number(name: str, value: float, rule: str) -> float:
    try:
        if not isinstance(value, (bool, str)) and np.ndim(value) == 0:
            return float(value)
    except (TypeError, ValueError):
        pass
    raise TypeError(f"`{name}` (={value!r}) {rule}; not {type(value).__name__}.")
