"""Mends of FastEstimator 1.7, made in its modules as they are imported.

`import fe_saliency` must stay quick and must not load TensorFlow, torch or FastEstimator. So
`install` puts a finder on `sys.meta_path` that runs each mend right after its module was executed,
or at once if the module is already loaded. A mend first looks whether it is needed, and changes
nothing if it is not.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

Mend = Callable[[ModuleType], None]


def accept_data_source(dataloader: ModuleType) -> None:
    """Let FastEstimator's sampler call `super().__init__(data_source=None)`, whatever the torch.

    torch 2.10 removed that argument from `torch.utils.data.Sampler`, so every `fe.Pipeline` over a
    dataset would die with a TypeError. A base class that takes the argument is put between the two,
    and torch's own class is left as it is.
    """
    try:
        dataloader.InfiniteSampler(data_source=(0,))
    except TypeError:

        class Sampler(dataloader.Sampler):  # type: ignore[name-defined]
            def __init__(self, data_source: object = None) -> None:
                super().__init__()

        dataloader.InfiniteSampler.__bases__ = (Sampler,)


def begin_an_epoch_once(dataloader: ModuleType) -> None:
    """Let FastEstimator's sampler go on where it is when torch calls `iter` on its iterator.

    The sampler is its own iterator and begins anew at every `iter`. Newer torch (2.13, not 2.3) takes a batch by
    `itertools.islice`, which calls `iter` for each: every batch of an epoch would be the first one, and nobody would
    see it. An iterator of its own, which is what it should have returned, begins but once.
    """
    sampler: Any = dataloader.InfiniteSampler
    from torch.utils.data import BatchSampler

    two_batches = iter(BatchSampler(sampler((0, 1), shuffle=False), batch_size=1, drop_last=False))
    if next(two_batches) != next(two_batches):
        return
    begin, draw = sampler.__iter__, sampler.__next__

    def draws(self: Any) -> Iterator[Any]:
        while True:
            yield draw(self)

    def __iter__(self: Any) -> Iterator[Any]:
        begin(self)
        return draws(self)

    sampler.__iter__ = __iter__


def mend_dataloader(dataloader: ModuleType) -> None:
    """Both mends of FastEstimator's sampler, the second of which needs the first."""
    accept_data_source(dataloader)
    begin_an_epoch_once(dataloader)


def hide_default_getstate(module: ModuleType) -> None:
    """Make `module` see `__getstate__` as on Python 3.10: only where a class really defines one.

    FastEstimator asks whether an object has a `__getstate__` to learn what it may pickle. Since
    Python 3.11 every object has one, and RestoreWizard pickles all that an object holds: it dies on
    the first lambda, and copies the user's data. The two builtins that the module asks with are
    shadowed in its own namespace, which also reaches those who imported its functions before.
    """
    if not hasattr(object, "__getstate__"):
        return

    def module_getattr(obj: Any, name: str, *default: Any) -> Any:
        if default and _is_default_getstate(obj, name):
            return default[0]
        return getattr(obj, name, *default)

    def module_hasattr(obj: Any, name: str) -> bool:
        return hasattr(obj, name) and not _is_default_getstate(obj, name)

    vars(module).update(getattr=module_getattr, hasattr=module_hasattr)


def restore_getstate(traceability_util: ModuleType) -> None:
    """Let `@traceable` give a class FastEstimator's `__getstate__`, as it does on Python 3.10.

    Classes that were decorated before the mend are given it here.
    """
    hide_default_getstate(traceability_util)
    marks = {name: vars(traceability_util)[name] for name in ("fe_summary", "__setstate__")}
    for cls in _loaded_classes():
        decorated = any(vars(cls).get(name) is function for name, function in marks.items())
        if decorated and _is_default_getstate(cls, "__getstate__"):
            cls.__getstate__ = traceability_util.__getstate__  # type: ignore[attr-defined]


MENDS: dict[str, Mend] = {
    "fastestimator.dataset.dataloader": mend_dataloader,
    "fastestimator.util.traceability_util": restore_getstate,
    "fastestimator.summary.system": hide_default_getstate,
    "fastestimator.schedule.schedule": hide_default_getstate,
}


def install() -> None:
    """Apply each of `MENDS`: now if its module is loaded, and whenever it is imported later."""
    if not any(isinstance(finder, _MendingFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _MendingFinder())
    for name, mend in MENDS.items():
        if name in sys.modules:
            mend(sys.modules[name])


class _MendingFinder:
    """Leaves finding and loading to the other finders, and mends a module once it is executed."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name not in MENDS:
            return None
        others = (finder for finder in sys.meta_path if finder is not self)
        specs = (finder.find_spec(name, path, target) for finder in others)
        spec = next((spec for spec in specs if spec is not None), None)
        if spec is not None and spec.loader is not None:
            _mend_after(spec.loader, MENDS[name])
        return spec


def _mend_after(loader: Any, mend: Mend) -> None:
    """Make `loader` mend the module it has executed: the one of the spec that it was made for."""
    execute = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        execute(module)
        mend(module)

    loader.exec_module = exec_module


def _is_default_getstate(obj: Any, name: str) -> bool:
    """Whether `name` is `__getstate__` and `obj` has none but the one of `object`."""
    if name != "__getstate__" or not hasattr(object, name):
        return False
    cls = obj if isinstance(obj, type) else type(obj)
    return getattr(cls, name) is getattr(object, name)


def _loaded_classes() -> Iterator[type]:
    """Every class that derives from `object`, once, each after one of its bases."""
    seen: set[type] = {object}
    todo = [object]
    while todo:
        for cls in type.__subclasses__(todo.pop()):
            if cls not in seen:
                seen.add(cls)
                todo.append(cls)
                yield cls
