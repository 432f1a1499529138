"""The rows of the benchmark: what is measured in one process."""

from functools import partial

#: (model, images) of the rows that have every method.
EVERY = (("lenet", 32), ("squeezenet", 1))
#: model -> (backends, numbers of images)
CASES = {
    "lenet": (("torch", "tf"), (4, 32)),
    "resnet9": (("torch", "tf"), (4, 32)),
    "efficientnet": (("torch",), (1, 4)),
    "squeezenet": (("torch", "tf"), (1, 4)),
}


def jobs(quick=False):
    """{name: a function of `Options`}, in the order in which they are run; quick: the smallest of each kind."""
    found = {"imports": _imports}
    for backend in ("torch", "tf"):
        found[f"memory {backend} lenet 32"] = partial(_memory, backend)
        found[f"trace {backend} lenet 5"] = partial(_trace, backend)
        for model, (backends, sizes) in CASES.items():
            if backend in backends:
                for rows in sizes[:1] if quick else sizes:
                    found[f"maps {backend} {model} {rows}"] = partial(_maps, backend, model, rows)
        found[f"growth {backend} lenet"] = partial(_growth, backend)
        for model, rows in EVERY[:1] if quick else EVERY:
            found[f"methods {backend} {model} {rows}"] = partial(_methods, backend, model, rows)
        for model, (backends, sizes) in CASES.items():
            if backend in backends:
                found[f"tried {backend} {model} {sizes[0]}"] = partial(_tried, backend, model, sizes[0])
    return found


# Each loads what it needs only when it runs, so that a process holds one framework's work.


def _imports(options):
    from benchmarks import imports

    return imports.run(options)


def _memory(backend, options):
    from benchmarks import memory

    return memory.run(options, backend, "lenet", 32)


def _trace(backend, options):
    from benchmarks import epochs

    return epochs.run(options, backend)


def _maps(backend, model, rows, options):
    from benchmarks import maps

    return maps.run(options, backend, model, rows)


def _methods(backend, model, rows, options):
    from benchmarks import methods

    return methods.run(options, backend, model, rows)


def _growth(backend, options):
    from benchmarks import growth

    return growth.run(options, backend, "lenet")


def _tried(backend, model, rows, options):
    from benchmarks import tried

    return tried.run(options, backend, model, rows)
