"""SmoothGrad and Integrated Gradients on one model and one batch: ours against everyone."""

import time
from dataclasses import replace
from itertools import chain
from statistics import median

from benchmarks import models, nets
from benchmarks.timing import NEAR, Contestant, Entrant, contest, ratios, spread, sweep

METHODS = ("smoothgrad", "integrated_gradients", "integrated_gradients_uniform")
BARE = "bare loop"
#: Seconds of a call, above which a case is measured with less beside the peers.
_LONG = 4.0
#: So many loops, that a sweep can hardly tell apart, stand in the rounds: the faster one there is the bare loop.
_LOOPS = 2
#: The share of a row's time that the rounds of each method have in any case: one in so many.
_LEAST = 10


def run(options, backend, model, rows):
    """One result for each method.

    Args:
        options: The `Options` of this run.
        backend: "torch" or "tf".
        model: A name of `models.build`.
        rows: How many images.
    """
    net, x = load(backend, model, rows)
    results, start = {}, time.perf_counter()
    for number, method in enumerate(METHODS):
        share = (options.seconds - (time.perf_counter() - start)) / (len(METHODS) - number)
        results[method] = _compare(options, method, backend, net, x, share)
    return {"shape": list(x.shape[1:]), "nsamples": options.nsamples, "methods": results}


def load(backend, model, rows):
    """A model and a batch of images as a tensor of its framework."""
    net, batch = models.build(model, backend), models.images(model, backend, rows)
    if backend == "torch":
        import torch

        return net, torch.from_numpy(batch)
    import tensorflow as tf

    return net, tf.constant(batch)


def bare(backend, method, net, x, nsamples):
    """The contestants of which the best one is the bare loop."""
    if backend == "torch":
        from benchmarks.bare_torch import contestants
    else:
        from benchmarks.bare_tf import contestants
    return contestants(method, net, x, nsamples)


def best(entrants, name, keep=1):
    """The one that was fastest in its sweep, under another name, and up to `keep` in all if others are near.

    Each knows what all sweeps found.
    """
    found = sorted(entrants, key=lambda entrant: entrant.cost)[:keep]
    names = [name, *(f"{name} {number}" for number in range(2, keep + 1))]
    swept = {label: cost for entrant in entrants for label, cost in entrant.swept.items()}
    return [
        replace(entrant, name=called, swept=swept)
        for entrant, called in zip(found, names, strict=False)
        if entrant.cost <= NEAR * found[0].cost
    ]


def reason(error):
    """An error in one line."""
    return f"{type(error).__name__}: {(str(error).strip().splitlines() or [''])[0][:160]}"


def _peers(backend, method, net, x, nsamples):
    if backend == "torch":
        from benchmarks.peers_torch import contestants
    else:
        from benchmarks.peers_tf import contestants
    return contestants(method, net, x, nsamples)


def _compare(options, method, backend, net, x, seconds):
    start = time.perf_counter()
    failed = {}

    def entered(contestant: Contestant, keep: int = 1) -> list[Entrant]:
        try:
            return sweep(contestant, options.nsamples, len(x), options.settings, keep)
        except Exception as error:  # Who cannot do a case stays in the table, with the reason.
            failed[contestant.name] = reason(error)
            return []

    tried = [entrant for each in bare(backend, method, net, x, options.nsamples) for entrant in entered(each, _LOOPS)]
    loops = best(tried, BARE, _LOOPS)
    long = loops[0].cost * options.nsamples * len(x) / 1e3 > _LONG
    ours, *more = nets.ours(method, net, x)
    (own,) = sweep(ours, options.nsamples, len(x))
    # What our own extras cost is seen on small batches.
    found = [own, *chain.from_iterable(map(entered, [] if long else more))]
    variants = {}  # of one peer, in other memory layouts; the best of them enters
    for peer in chain.from_iterable(map(entered, _peers(backend, method, net, x, options.nsamples))):
        variants.setdefault(peer.name.split(" (")[0], []).append(peer)
    found += [each for name, entrants in variants.items() for each in best(entrants, name)]
    theirs = list(chain.from_iterable(map(entered, nets.fastestimators(method, net, x))))
    # Sweeps may have taken it all; short calls need more than the least number of rounds all the same.
    left = max(seconds - (time.perf_counter() - start), options.seconds / _LEAST)
    times = contest([*loops, *found], left * (0.7 if theirs else 1), options.rounds)
    fastest = min(loops, key=lambda loop: median(filter(None, times[loop.name])))
    times = {BARE: times[fastest.name], **{each.name: times[each.name] for each in found}}
    found.insert(0, replace(fastest, name=BARE))
    over_ours = {name: ratios(taken, times[nets.OURS]) for name, taken in times.items() if name != nets.OURS}
    for entrant in theirs:
        # Apart from the others: FastEstimator's module clears the Keras session after each pass, and all that runs
        # after it must build its graphs anew. Ours does so in a call that is not clocked.
        rested = replace(own, settle=None if long else own.call)
        paired = contest([entrant, rested], left * 0.3, 2 if long else options.rounds)
        times[entrant.name] = paired[entrant.name]
        over_ours[entrant.name] = ratios(paired[entrant.name], paired[nets.OURS])
    found += theirs
    return {
        "seconds": {name: spread([took for took in taken if took is not None]) for name, taken in times.items()},
        "over_ours": over_ours,
        "ours_over_bare": ratios(times[nets.OURS], times[BARE]),
        "settings": {entrant.name: entrant.setting for entrant in found},
        "swept": {entrant.name: entrant.swept for entrant in found if len(entrant.swept) > 1},
        "first": {entrant.name: entrant.first for entrant in found},
        "failed": failed,
    }

