"""What the Trace may spend in an epoch, and the recipe that it can afford for that."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from time import perf_counter
from typing import Any

from fe_saliency import checks
from fe_saliency.trace.fitting import changes, fitted, least, told
from fe_saliency.trace.recipe import Recipe
from fe_saliency.trace.samples import Samples


class TrainingTime:
    """Takes the time of the first whole training epoch, from its beginning to the end of its last batch.

    What comes after the last batch is not training: it may be another Trace that draws.
    """

    def __init__(self) -> None:
        self.seconds: float | None = None
        self._begun: float | None = None
        self._last = 0.0

    def on_epoch_begin(self, mode: str) -> None:
        if mode == "train" and self.seconds is None:
            self._begun = perf_counter()

    def on_batch_end(self) -> None:
        if self.seconds is None:
            self._last = perf_counter()

    def on_epoch_end(self, mode: str) -> None:
        if mode == "train" and self.seconds is None and self._begun is not None:
            self.seconds = self._last - self._begun


class Budget:
    """Gradient evaluations per epoch: given, or fixed once by the time of the first training epoch.

    A run is "fit" or "test". Once settled, the recipe of a run stays as it is, so that maps can be compared, unless
    another run of the kind has more rows to draw.

    Args:
        value: None for no limit, a number of gradient evaluations (a whole number, at least 1), or a share of the
            epoch's training time (a float between 0 and 1).
        full: The recipe if there were no limit.
        rows: How many rows an epoch draws at the least.

    Raises:
        ValueError: `value` is out of its range, or too little for even the least useful maps.
        TypeError: `value` is of the wrong kind.
    """

    def __init__(self, value: None | int | float, full: Recipe, rows: int) -> None:
        self.full = full
        self.limit, self.share = _checked(value)
        self.time = TrainingTime()
        self.beside = 0.0
        self.rows: dict[str, int] = {}
        self._fitted: dict[int, Recipe] = {}  # by what may be spent on a row
        self._check(rows)

    @property
    def due(self) -> bool:
        """Whether a share can be fixed now: the training time is known."""
        return self.share is not None and self.limit is None and self.time.seconds is not None

    @property
    def allowed(self) -> float:
        """The seconds that a share allows, once the training time is known; 0 before, and without a share."""
        return (self.share or 0.0) * (self.time.seconds or 0.0)

    def fix(self, seconds_per_gradient: float, beside: float) -> None:
        """Turn the share into a number of gradient evaluations, for good, if it is due.

        Args:
            seconds_per_gradient: What each of them takes.
            beside: The seconds that the maps of an epoch take beside gradients.
        """
        if self.due:
            self.beside = beside
            self.limit = int(max(0.0, self.allowed - beside) / seconds_per_gradient)

    def open(self, run: str) -> bool:
        """Whether there is a limit, and `run` has yet to be settled."""
        return self.limit is not None and run not in self.rows

    def settle(self, run: str, rows: int) -> None:
        """Take note of how many rows an epoch of `run` draws, which decides its recipe; nothing without a limit.

        Raises:
            ValueError: The budget was given as a number, and is too little for even the least useful maps.
        """
        if self.limit is not None:
            self._check(rows)
            self.rows[run] = max(rows, self.rows.get(run, 0))

    def recipe(self, run: str) -> Recipe:
        """What is computed in `run`."""
        if self.limit is None or self.open(run):
            return self.full
        room = self.limit // self.rows[run]
        if room not in self._fitted:
            self._fitted[room] = fitted(self.full, room)
        return self._fitted[room]

    def overspent(self, run: str) -> bool:
        """Whether even the least useful maps take more than the limit, as only a share may allow."""
        return self.limit is not None and self.recipe(run).cost * self.rows.get(run, 0) > self.limit

    def line(self, run: str, samples: Samples, every: int) -> str:
        """What a person should know of the cost of `run`."""
        recipe = self.recipe(run)
        rows, unit = (self.rows[run], "epoch") if run in self.rows else (samples.count, "epoch and dataset")
        most = "up to " if samples.one_batch else ""
        return (
            f"FastEstimator-Saliency: {most}{rows * recipe.cost:,} gradient evaluations per {unit} "
            f"({most}{rows} samples x {recipe.cost}), {'every epoch' if every == 1 else f'every {every} epochs'}"
            f"{self._note(run, recipe)}."
        )

    def state(self) -> dict[str, Any]:
        """What must be restored for an interrupted training to go on with the same recipe."""
        return {
            "share": self.share,
            "limit": self.limit,
            "seconds": self.time.seconds,
            "beside": self.beside,
            "rows": dict(self.rows),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over what `state` returned; of a budget that was another, only the training time."""
        self.time.seconds = state["seconds"]
        if self.share is not None and state["share"] == self.share:
            self.limit, self.rows = state["limit"], dict(state["rows"])
            self.beside = state.get("beside", 0.0)  # It was not known once.

    def _note(self, run: str, recipe: Recipe) -> str:
        if self.limit is None:
            if self.share is None:
                return ""
            return f" (budget {self.share:g} of the first training epoch's time: all as asked for until that is known)"
        said = f"budget {self.limit:,}"
        if self.share is not None:
            said += f" = {self.share:g} of the first training epoch's {self.time.seconds:.3g} s"
            if self.beside >= 0.005:
                said += f", less {self.beside:.2f} s for what is no gradient"
        if self.overspent(run):
            said += ", too little even for the least useful maps"
        return f" ({said}: {changes(self.full, recipe)})"

    def _check(self, rows: int) -> None:
        cheapest = least(self.full)
        off = "name fewer `methods`" if cheapest.methods else "switch a map off (`smoothing=0`, `integrating=0`)"
        if self.share is None and self.limit is not None and self.limit < rows * cheapest.cost:
            raise ValueError(
                f"`budget` (={self.limit}) must be at least {rows * cheapest.cost}: {rows} rows x {cheapest.cost} "
                f"gradient evaluations for the least useful maps ({told(cheapest)}). Raise it, draw fewer `samples`, "
                f"or {off}; `every` does not help: the budget is that of an epoch that is drawn."
            )


def _checked(value: Any) -> tuple[int | None, float | None]:
    """(limit, share) of a budget."""
    if value is None:
        return None, None
    kinds = "a whole number (an int) of gradient evaluations per epoch, or a share of the epoch's training time"
    number = checks.index(value)
    if number is None and (isinstance(value, bool) or not isinstance(value, Real)):
        raise TypeError(f"`budget` (={value!r}) must be None, {kinds} (0 < budget < 1), not {type(value).__name__}.")
    if number is not None:
        if number < 1:
            raise ValueError(f"`budget` (={value}) must be at least 1: it is {kinds}. Give None for no limit.")
        return number, None
    if not 0 < value < 1:
        hint = f" Use an int: `budget={int(value)}`." if 2 <= value < float("inf") else ""
        raise ValueError(f"`budget` (={value}) must be {kinds} above 0 and below 1.{hint}")
    return None, float(value)
