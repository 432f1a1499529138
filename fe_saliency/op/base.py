"""What the package's ops share: they learn their backend when FE builds them, and always see lists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from fastestimator.op.tensorop.tensorop import TensorOp
from fastestimator.util.base_util import to_list
from fastestimator.util.traceability_util import traceable

from fe_saliency import backend
from fe_saliency.backend import Backend

Keys = str | Iterable[str] | None


@traceable()
class SaliencyOp(TensorOp):
    """A TensorOp over lists of tensors whose backend is known when it runs."""

    def __init__(self, inputs: Keys, outputs: Keys, mode: Keys = None, ds_id: Keys = None) -> None:
        super().__init__(inputs=list(to_list(inputs)), outputs=list(to_list(outputs)), mode=mode, ds_id=ds_id)
        self.in_list, self.out_list = True, True
        self.framework = ""

    def build(self, framework: str, device: Any = None) -> None:
        self.framework = framework

    @property
    def backend(self) -> Backend:
        return backend.by_name(self.framework)


def groups(data: Sequence[Any], count: int) -> list[list[Any]]:
    """`data` cut into `count` lists of equal length; the last are shorter if it does not divide, for `same_number`."""
    size = -(-len(data) // count)
    return [list(data[size * slot : size * (slot + 1)]) for slot in range(count)]


def same_number(**keys: Sequence[str]) -> int:
    """How many keys each argument names, which must be the same number, at least 1.

    Raises:
        ValueError: It is not.
    """
    counts = {name: len(value) for name, value in keys.items()}
    if len(set(counts.values())) != 1 or 0 in counts.values():
        said = ", ".join(f"`{name}` (={list(value)!r})" for name, value in keys.items())
        raise ValueError(
            f"{said} must name the same number of keys, at least one each; they name "
            f"{', '.join(map(str, counts.values()))}."
        )
    return next(iter(counts.values()))
