"""What else was tried on the bare loop: compilers and folded layers, with what they cost before they pay off."""

from functools import partial

from benchmarks.maps import bare, load, reason
from benchmarks.timing import clock, contest, ratios, spread, sweep


def run(options, backend, model, rows):
    """{what: seconds before the first result, and the time of a call over that of the plain loop}."""
    net, x = load(backend, model, rows)
    loops = [each for each in bare(backend, "smoothgrad", net, x, options.nsamples) if "folded" not in each.name]
    contestant, plain = _fastest(loops, options, len(x))
    size = next(each for each in contestant.settings if contestant.label(each) == plain.setting)
    changes = (_torch if backend == "torch" else _tensorflow)(net, x, options.nsamples, size, contestant)
    found = {}
    for name, build in changes.items():
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


def _fastest(contestants, options, rows):
    """The loop, and its entrant, of the layout in which it is fastest."""
    found = []
    for contestant in contestants:
        try:
            found.append((contestant, sweep(contestant, options.nsamples, rows, options.settings)[0]))
        except RuntimeError:  # Not every model takes every layout.
            continue
    return min(found, key=lambda each: each[1].cost)


def _ready(build):
    """A call, and the seconds before its first result beyond those of a later one."""
    made = []
    first = clock(lambda: made.append(build()) or made[0]())
    return made[0], first - clock(made[0])


def _turns(plain, call, options):
    entrant = type(plain)("tried", "", call, True, 0.0)
    times = contest([plain, entrant], options.seconds / 4, options.rounds)
    return times[plain.name], times["tried"]


def _torch(net, x, nsamples, size, contestant):
    import torch

    from benchmarks.bare_torch import LAYOUTS, classes, folded, frozen, has_norms, loop

    chosen = classes(net, x)
    layout = next(each for each in LAYOUTS if contestant.name.endswith(each))

    def of(change):
        def build():
            call = loop("smoothgrad", change(frozen(net, layout)), x, nsamples, size, LAYOUTS[layout])
            return partial(call, chosen)

        return build

    found = {"torch.compile": of(torch.compile)}
    if has_norms(net):
        found["batch norm folded into convolutions"] = of(partial(folded, x=x))
    return found


def _tensorflow(net, x, nsamples, size, _):
    from benchmarks.bare_tf import finder, loop

    chosen = finder(net, x)()
    return {"XLA (jit_compile=True)": lambda: partial(loop("smoothgrad", net, x, nsamples, size, jit=True), chosen)}
