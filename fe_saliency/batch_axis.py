"""A single example in the place of a batch: told once the model has failed on it, and takes it as a batch of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from fastestimator.network import Network

from fe_saliency import raised
from fe_saliency.backend import Backend
from fe_saliency.session import Run, Session
from fe_saliency.site import model_op

_TRY = "try"
Rows = Mapping[str, np.ndarray]


@contextmanager
def told(model: Any, rows: Rows, outputs: Sequence[str], dtype: str, backend: Backend) -> Iterator[None]:
    """What runs the model inside may fail for want of a batch axis; it is said then. Any other error passes as it is.

    Args:
        model: A model compiled by `fe.build`.
        rows: Its inputs, (B, ...).
        outputs: The keys of its outputs.
        dtype: Its dtype.
        backend: Its framework.

    Raises:
        ValueError: The model fails on the first row, and takes all rows as one.
    """
    try:
        yield
    except Exception as error:
        if raised.by_package(error) or backend.out_of_memory(error):
            raise
        session = Session(Network(ops=[model_op(model, list(rows), outputs)]), {_TRY: outputs}, backend)
        first, one = ({key: each[part] for key, each in rows.items()} for part in (slice(1), None))
        with session.entered() as run:
            if _takes(run, first, outputs, dtype, backend) or not _takes(run, one, outputs, dtype, backend):
                raise
        shapes = ", ".join(f"`batch[{key!r}]` has shape {each.shape}" for key, each in rows.items())
        raise ValueError(
            f"{shapes}: the model fails on that, but takes it as a batch of one. Inputs must be (B, ...), rows first: "
            "add the batch axis to a single example, `x[None]`."
        ) from error


def _takes(run: Run, rows: Rows, outputs: Sequence[str], dtype: str, backend: Backend) -> bool:
    """Whether the model gives one row for one."""
    try:
        found = run(
            _TRY, {key: backend.tensor(each, dtype if each.dtype.kind == "f" else None) for key, each in rows.items()}
        )
        return all(backend.shape(found[key])[:1] == [1] for key in outputs)
    except Exception:
        return False
