"""What else was tried on the bare loop: compilers and folded layers, with what they cost before they pay off."""

from functools import partial

from benchmarks.maps import bare, load, reason
from benchmarks.timing import clock, contest, ratios, spread, sweep


def run(options, backend, model, rows):
    """{what: seconds before the first result, and the time of a call over that of the plain loop}."""
    net, x = load(backend, model, rows)
    # The plainest layout, which every model takes.
    contestant = bare(backend, "smoothgrad", net, x, options.nsamples)[0]
    (plain,) = sweep(contestant, options.nsamples, len(x), options.settings)
    size = next(each for each in contestant.settings if contestant.label(each) == plain.setting)
    found = {}
    for name, build in (_torch if backend == "torch" else _tensorflow)(net, x, options.nsamples, size).items():
        try:
            call, ready = _ready(build)
            plain_seconds, seconds = _turns(plain, call, options)
        except Exception as error:  # What cannot be tried is told, with the reason.
            found[name] = {"failed": reason(error)}
            continue
        found[name] = {
            "ready": ready,
            "seconds": spread(seconds),
            "over_plain": ratios(seconds, plain_seconds),
        }
    return {"setting": plain.setting, "shape": list(x.shape[1:]), "found": found}


def _ready(build):
    """A call, and the seconds before its first result beyond those of a later one."""
    made = []
    first = clock(lambda: made.append(build()) or made[0]())
    return made[0], first - clock(made[0])


def _turns(plain, call, options):
    entrant = type(plain)("tried", "", call, True, 0.0)
    times = contest([plain, entrant], options.seconds / 4, options.rounds)
    return times[plain.name], times["tried"]


def _torch(net, x, nsamples, size):
    import torch
    from torch.fx.experimental.optimization import fuse

    from benchmarks.bare_torch import classes, frozen, loop

    chosen = classes(net, x)

    def of(change):
        return lambda: partial(loop("smoothgrad", change(frozen(net)), x, nsamples, size), chosen)

    found = {"torch.compile": of(torch.compile)}
    if any(isinstance(layer, torch.nn.BatchNorm2d) for layer in net.modules()):
        found["batch norm folded into convolutions (torch.fx)"] = of(fuse)
    return found


def _tensorflow(net, x, nsamples, size):
    from benchmarks.bare_tf import finder, loop

    chosen = finder(net, x)()
    return {"XLA (jit_compile=True)": lambda: partial(loop("smoothgrad", net, x, nsamples, size, jit=True), chosen)}
