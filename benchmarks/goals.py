"""What was to be reached, and whether it is."""

from dataclasses import dataclass
from statistics import geometric_mean

from benchmarks.curves import words as curves
from benchmarks.curves.table import curve, equal, needed
from benchmarks.words import BACKENDS, MODELS, PEERS, method_cases, number, over_ours, spread, time

EVERY_LIMIT = 0.9
BARE_LIMIT, TF_LENET, MEMORY_LIMIT, IMPORT_LIMIT, FIGURE = 1.10, 10, 50, 0.3, 30
TRACE = {"torch": 2, "tf": 30}
#: Calls of fewer gradients are mostly overhead, which no line through them shows.
GROWTH_FROM, GROWTH_LIMIT = 1000, 1.5
#: Gradients that ours may take for the error of FastEstimator's integrated map.
TENTH = curves.STEPS // 10


@dataclass(frozen=True)
class Goal:
    """One line of the table of goals.

    Args:
        work: What is compared.
        wanted: What was to be reached.
        found: What was, in words; "not measured" if there is nothing.
        reached: Whether it was.
    """

    work: str
    wanted: str
    found: str = "not measured"
    reached: bool | None = None


def goals(rows, errors):
    """All goals, from the rows of the benchmark and the error curves."""
    found = [_bare(rows, backend) for backend in BACKENDS]
    found += [_tf_lenet(rows), *(_peer(rows, backend, "FastEstimator") for backend in BACKENDS)]
    found += [_peer(rows, backend, peer) for backend in BACKENDS for peer in PEERS[backend][2:]]
    for backend in BACKENDS:
        found += [_every(rows, backend), *_trace(rows, backend), _memory(rows, backend), _growth(rows, backend)]
    return [*found, _import(rows), *_accuracy(errors)]


def _bare(rows, backend):
    goal = Goal(f"{BACKENDS[backend]}: ours over the best bare loop", f"at most {BARE_LIMIT:.2f}")
    return _judge(goal, over_ours(rows, backend, "bare loop"), lambda ratio: ratio <= BARE_LIMIT, max)


def _peer(rows, backend, peer):
    goal = Goal(f"{BACKENDS[backend]}: {peer} over ours", "at least 1")
    return _judge(goal, over_ours(rows, backend, peer), lambda ratio: ratio >= 1, min)


def _tf_lenet(rows):
    goal = Goal("TensorFlow, LeNet: FastEstimator over ours", f"at least {TF_LENET}")
    measured = over_ours({name: row for name, row in rows.items() if " lenet " in name}, "tf", "FastEstimator")
    return _judge(goal, measured, lambda ratio: ratio >= TF_LENET, min)


def _judge(goal, measured, reached, choose):
    """The goal with what was found in `measured`, pairs of a spread and where it was."""
    if not measured:
        return goal
    good = [reached(found["median"]) for found, _ in measured]
    worst, where = choose(measured, key=lambda each: each[0]["median"])
    share = f"{sum(good)} of {len(good)} cases; " if not all(good) else ""
    mean = number(geometric_mean(found["median"] for found, _ in measured))
    return Goal(goal.work, goal.wanted, f"{share}mean {mean}, worst {spread(worst)}: {where}", all(good))


def _every(rows, backend):
    goal = Goal(f"{BACKENDS[backend]}: gradients per second, every method over a bare loop", f"at least {EVERY_LIMIT}")
    measured = [
        (found["loop_over_ours"], f"{MODELS[model]}, {images} images, `{method}`")
        for model, images, method, found in method_cases(rows, backend)
        if "failed" not in found
    ]
    return _judge(goal, measured, lambda ratio: ratio >= EVERY_LIMIT, min)


def _trace(rows, backend):
    name, limit = BACKENDS[backend], TRACE[backend]
    epoch = Goal(f"{name}: the Trace, per epoch, FastEstimator's over ours", f"at least {limit}")
    figure = Goal(f"{name}: the figure to TensorBoard, FastEstimator's over ours", f"at least {FIGURE}")
    found = rows.get(f"trace {backend} lenet 5", {}).get("result")
    if not found:
        return epoch, figure
    whole, alone = found["theirs_over_ours"], found["figure_theirs_over_ours"]
    return (
        Goal(epoch.work, epoch.wanted, spread(whole), whole["median"] >= limit),
        Goal(figure.work, figure.wanted, spread(alone), alone["median"] >= FIGURE),
    )


def _memory(rows, backend):
    goal = Goal(f"{BACKENDS[backend]}: memory of 1,000 samples above that of 25", f"at most {MEMORY_LIMIT} MB")
    found = rows.get(f"memory {backend} lenet 32", {}).get("result")
    if not found:
        return goal
    above = found["growth"]
    return Goal(goal.work, goal.wanted, f"{spread(above)} MB", above["median"] <= MEMORY_LIMIT)


def _growth(rows, backend):
    goal = Goal(
        f"{BACKENDS[backend]}: time per gradient, slowest over fastest, from {GROWTH_FROM:,} gradients up",
        f"flat: at most {GROWTH_LIMIT}",
    )
    cells = rows.get(f"growth {backend} lenet", {}).get("result", {}).get("cells", [])
    costs = [
        cell["seconds"]["median"] / (cell["points"] * cell["rows"])
        for cell in cells
        if cell["seconds"] and cell["points"] * cell["rows"] >= GROWTH_FROM
    ]
    if not costs:
        return goal
    ratio = max(costs) / min(costs)
    return Goal(goal.work, goal.wanted, number(ratio), ratio <= GROWTH_LIMIT)


def _import(rows):
    goal = Goal("`import fe_saliency` beyond `import fastestimator`", f"under {time(IMPORT_LIMIT)}")
    found = rows.get("imports", {}).get("result")
    if not found:
        return goal
    took = found["import fe_saliency"]
    return Goal(goal.work, goal.wanted, spread(took, time), took["median"] < IMPORT_LIMIT)


def _accuracy(errors):
    """How many gradients ours takes for the error of FastEstimator's integrated map; a goal for each of `errors`."""
    for model in errors:
        for score in errors[model]:
            theirs = curve(errors, model, score, "random", curves.FASTESTIMATOR)[curves.STEPS]
            ours = curve(errors, model, score, "random", curves.INTEGRATED)
            work = f"gradients for the error of FastEstimator's integrated map of {curves.STEPS}"
            yield Goal(
                f"{curves.MODELS[model]}, {curves.SCORES[score]}: {work}",
                f"at most {TENTH}",
                f"{equal(ours, theirs)}; errors {ours[TENTH]:.2g} with {TENTH}, FastEstimator's {theirs:.2g}",
                needed(ours, theirs) <= TENTH,
            )
