"""Every registered method on one model and one batch, against a bare loop of as many gradients."""

import time
from dataclasses import replace

import fe_saliency
from benchmarks import models
from benchmarks.maps import BARE, bare, best, load, reason
from benchmarks.timing import Entrant, clock, contest, ratios, spread, sweep
from fe_saliency.method import FromData, find

OURS = "fe_saliency"
#: Samples by the number of a method's brackets, about as many gradients for each.
_SAMPLES = (None, 25, (5, 5))


def run(options, backend, model, rows):
    """{method: its gradients for a row, seconds of a call, and the loop's time over ours}, or why it failed.

    Args:
        options: The `Options` of this run.
        backend: "torch" or "tf".
        model: A name of `models.build`.
        rows: How many images.
    """
    built, x = load(backend, model, rows)
    net, data = fe_saliency.SaliencyNet(built, "x", "y"), models.images(model, backend, 4)
    names, found, loops, start = fe_saliency.methods(), {}, {}, time.perf_counter()
    for number, name in enumerate(names):
        share = (options.seconds - (time.perf_counter() - start)) / (len(names) - number)
        try:
            found[name] = _compare(options, backend, built, x, _Ours(net, name, x, data), loops, share)
        except Exception as error:  # What fails stays in the table, with the reason.
            found[name] = {"failed": reason(error)}
    return {"shape": list(x.shape[1:]), "methods": found}


class _Ours:
    """A call of a method, the gradients it takes for a row, and how many rows of it can go through a model at once."""

    def __init__(self, net, name, x, data):
        method = find(name)
        samples = _SAMPLES[len(method.brackets)]
        baseline = FromData(data) if name == "expected_gradients" else None
        self.call = lambda: net.attribute({"x": x}, name, nsamples=samples, baseline=baseline, diagnose=False)
        made = []
        self.first = clock(lambda: made.append(self.call()))
        self.gradients = int(made[0].gradient_evaluations.max())
        # A path that looks for its way has one point at a time, noisy weights have the inner samples.
        inner = 5 if len(method.brackets) > 1 else 1
        self.together = len(x) * inner if method.adaptive or _of_weights(method) else None


def _of_weights(method):
    return any(bracket.of_weights for bracket in method.brackets)


def _compare(options, backend, model, x, ours, loops, seconds):
    wanted = ours.gradients, ours.together
    if wanted not in loops:
        loops[wanted] = _loop(options, backend, model, x, *wanted)
    own = Entrant(OURS, "", ours.call, True, ours.first)
    times = contest([loops[wanted], own], seconds, options.rounds)
    return {
        "gradients": ours.gradients,
        "together": ours.together,
        "seconds": spread(times[OURS]),
        "loop_over_ours": ratios(times[BARE], times[OURS]),
    }


def _loop(options, backend, model, x, gradients, together):
    """The fastest loop of so many gradients, for what allows no more rows at once than `together`."""
    tried = bare(backend, "smoothgrad", model, x, gradients)
    if together is not None:
        tried = [replace(each, settings=[size for size in each.settings if size <= together]) for each in tried]
    found = []
    for each in tried:
        try:
            found += sweep(each, gradients, len(x), options.settings)
        except Exception:  # A memory layout that the model does not take; the maps' table says so.
            continue
    (loop,) = best(found, BARE)
    return loop
