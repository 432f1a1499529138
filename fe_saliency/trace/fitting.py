"""Recipes made smaller, so that they fit what may be spent."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from fe_saliency.trace.recipe import Planned, Recipe

COUNTS = ("smoothing", "steps", "rounds")
#: Of fewer samples a map is mostly noise.
LEAST = Recipe(smoothing=4, steps=4, rounds=2)


def scaled(full: Recipe, factor: Fraction) -> Recipe:
    """`full` with every count times `factor`, rounded down, but none below the least useful one (or its own, if less).

    Args:
        full: What is wanted; what is off in it stays off.
        factor: From 0 to 1.
    """
    counts = {
        name: max(min(getattr(full, name), getattr(LEAST, name)), int(getattr(full, name) * factor)) for name in COUNTS
    }
    return replace(full, **counts, methods=tuple(_scaled(each, factor) for each in full.methods))


def least(full: Recipe) -> Recipe:
    """The smallest recipe whose maps still show something."""
    return scaled(full, Fraction(0))


def fitted(full: Recipe, room: int) -> Recipe:
    """The largest of the recipes `scaled` from `full` that costs at most `room` per row; the least if none does."""
    if full.cost <= room:
        return full
    # A count changes only at these factors, so there are no other scaled recipes.
    counts = [getattr(full, name) for name in COUNTS] + [count for each in full.methods for count in _counts(each)]
    recipes = (scaled(full, Fraction(part, count)) for count in counts for part in range(count))
    return max((each for each in recipes if each.cost <= room), key=lambda each: each.cost, default=least(full))


def changes(full: Recipe, recipe: Recipe) -> str:
    """What is smaller in `recipe`, in the words of the Trace's arguments."""
    found = [
        f"{was.name} {_told(was)} -> {_told(now)}"
        for was, now in zip(full.methods, recipe.methods, strict=True)
        if was.nsamples != now.nsamples
    ]
    if recipe.smoothing != full.smoothing:
        found.append(f"smoothing {full.smoothing} -> {recipe.smoothing}")
    if (recipe.steps, recipe.rounds) != (full.steps, full.rounds):
        found.append(f"integrating {(full.steps, full.rounds)} -> {(recipe.steps, recipe.rounds)}")
    return ", ".join(found) or "all as asked for"


def told(recipe: Recipe) -> str:
    """`recipe` in the words of the Trace's arguments."""
    if recipe.methods:
        return f"methods={[(each.name, _told(each)) for each in recipe.methods]}"
    return f"smoothing={recipe.smoothing}, integrating={(recipe.steps, recipe.rounds)}"


def _scaled(planned: Planned, factor: Fraction) -> Planned:
    """The innermost of nested numbers is like that of path points, those around it like rounds."""
    counts = _counts(planned)
    least = [LEAST.rounds] * (len(counts) - 1) + [LEAST.steps]
    fewer = tuple(max(min(count, few), int(count * factor)) for count, few in zip(counts, least, strict=False))
    return replace(planned, nsamples=fewer)


def _counts(planned: Planned) -> tuple[int, ...]:
    return planned.nsamples if isinstance(planned.nsamples, tuple) else ()


def _told(planned: Planned) -> int | tuple[int, ...]:
    counts = _counts(planned)
    return counts[0] if len(counts) == 1 else counts
