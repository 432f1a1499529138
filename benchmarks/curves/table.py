"""The table: errors at a few numbers of gradients, median over rows."""

import numpy as np

from benchmarks.curves.words import FASTESTIMATOR, MODELS, SCORES, STEPS, TITLES


def curve(errors, model, score, family, scheme):
    """{number of gradients: median error over rows}, where it could be told for half of the rows; may be empty."""
    points = errors.get(model, {}).get(score, {}).get(family, {}).get(scheme, {})
    known = {int(count): [error for error in rows if error is not None] for count, rows in points.items()}
    return {
        count: float(np.median(rows))
        for count, rows in sorted(known.items())
        if len(rows) * 2 > len(points[str(count)])
    }


def needed(points, error):
    """How many gradients a curve takes to come down to `error`, between its points by a straight line in log-log.

    Returns:
        A float; NaN if it does not come down so far.
    """
    if points and error >= next(iter(points.values())):
        return float(min(points))
    counts, errors = (np.log(list(numbers)) for numbers in (points.keys(), points.values()))
    for left in range(len(counts) - 1):
        if errors[left] >= np.log(error) >= errors[left + 1]:
            share = (errors[left] - np.log(error)) / (errors[left] - errors[left + 1])
            return float(np.exp(counts[left] + share * (counts[left + 1] - counts[left])))
    return float("nan")


def schemes(errors, family):
    """The names of the schemes of a family, of all that were measured."""
    found = [scores[score].get(family, {}) for scores in errors.values() for score in scores]
    return [scheme for scheme in dict.fromkeys(name for names in found for name in names) if scheme]


def written(errors):
    """A Markdown table per family."""
    return "\n\n".join(_family(errors, family) for family in TITLES)


def _family(errors, family):
    panels = [(model, score) for model in errors for score in errors[model] if family in errors[model][score]]
    curves = {
        scheme: [curve(errors, model, score, family, scheme) for model, score in panels]
        for scheme in schemes(errors, family)
    }
    lines = [
        f"### {TITLES[family]}\n",
        "| | " + " | ".join(f"{MODELS[model]}, {SCORES[score]}" for model, score in panels) + " |",
        "|---" * (len(panels) + 1) + "|",
    ]
    for scheme, found in curves.items():
        lines.append(f"| {scheme} | " + " | ".join(_cell(points) for points in found) + " |")
    theirs = curves.get(FASTESTIMATOR)
    for scheme, found in curves.items():
        if theirs and scheme != FASTESTIMATOR:
            cells = [equal(points, fe.get(STEPS)) for points, fe in zip(found, theirs, strict=True)]
            name = f"gradients for the error of FastEstimator's {STEPS}: {scheme}"
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
    own = [curve(errors, model, score, family, "").get(0) for model, score in panels]
    if any(own):
        lines.append("| *the reference itself* | " + " | ".join(_number(error) for error in own) + " |")
    return "\n".join(lines)


def _cell(points):
    shown = [count for count in points if count in (10, 100)] or [count for count in points if count in (16, 64)]
    shown = shown or list(points)[-1:]
    return ", ".join(f"{count}: {_number(points[count])}" for count in shown) or "-"


def equal(points, error):
    """In words, how many gradients a curve takes to come down to `error`."""
    count = needed(points, error) if points and error else float("nan")
    if count != count:
        return "more than " + str(max(points)) if points and error else "-"
    return f"{count:.0f}" if count > min(points) else f"{min(points)} or fewer"


def _number(error):
    return "-" if error is None else f"{error:.3g}"
