"""Recipes made smaller, so that they fit what may be spent."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import cache

from fe_saliency.trace.recipe import Recipe

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
    return replace(full, **counts)


def least(full: Recipe) -> Recipe:
    """The smallest recipe whose maps still show something."""
    return scaled(full, Fraction(0))


@cache
def fitted(full: Recipe, room: int) -> Recipe:
    """The largest of the recipes `scaled` from `full` that costs at most `room` per row; the least if none does."""
    if full.cost <= room:
        return full
    # A count changes only at these factors, so there are no other scaled recipes.
    counts = [getattr(full, name) for name in COUNTS]
    recipes = (scaled(full, Fraction(part, count)) for count in counts for part in range(count))
    return max((each for each in recipes if each.cost <= room), key=lambda each: each.cost, default=least(full))


def changes(full: Recipe, recipe: Recipe) -> str:
    """What is smaller in `recipe`, in the words of the Trace's arguments."""
    found = []
    if recipe.smoothing != full.smoothing:
        found.append(f"smoothing {full.smoothing} -> {recipe.smoothing}")
    if (recipe.steps, recipe.rounds) != (full.steps, full.rounds):
        found.append(f"integrating {(full.steps, full.rounds)} -> {(recipe.steps, recipe.rounds)}")
    return ", ".join(found) or "all as asked for"
