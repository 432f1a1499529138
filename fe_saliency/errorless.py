"""The same statistics without their errors, which take several passes over the samples more than the result does."""

from __future__ import annotations

from fe_saliency.backend import Tensor
from fe_saliency.statistic import Mean, MeanOfSquares, State, Statistic, StratifiedMean, Variance


def without_error(statistic: Statistic) -> Statistic:
    """A statistic of the same result without an error, or `statistic` itself where none is known."""
    found = _ERRORLESS.get(type(statistic))
    return statistic if found is None else found(statistic.backend)


class ErrorlessMean(Mean):
    """The mean of samples, paired or not."""

    parts = ("count", "total")
    results = ("map",)

    def begin(self, like: Tensor) -> State:
        return self._none_yet(like)[0], self._zeros(like)

    def absorb(self, state: State, values: Tensor, weights: Tensor | None = None) -> State:
        count, total = state
        values = self.transformed(self.backend.at_least_single(values))
        stacked = self.backend.unfold_like(values, total)
        return count + self.backend.count(stacked), total + self.backend.sum(stacked, axis=0)

    def result(self, state: State) -> Tensor:
        return state[1] / state[0]

    def squared_error(self, state: State) -> Tensor | None:
        return None


class ErrorlessMeanOfSquares(ErrorlessMean, MeanOfSquares):
    """The mean of the squared samples."""


class ErrorlessVariance(Variance):
    """The unbiased variance of independent samples."""

    parts = ("count", "mean", "second", "origin")
    results = ("map",)

    def begin(self, like: Tensor) -> State:
        count, none = self._none_yet(like)
        return (count, *(self._zeros(like),) * 2, none)

    def absorb(self, state: State, values: Tensor, weights: Tensor | None = None) -> State:
        count, mean, second, origin = state
        origin, away, n, q, d = self._moved(count, mean, origin, values)
        return n, mean + d * q, second + self.backend.sum(away**2, axis=0) + d**2 * (count * q), origin

    def squared_error(self, state: State) -> Tensor | None:
        return None


#: By the class itself: what a subclass computes is its own.
_ERRORLESS: dict[type[Statistic], type[Statistic]] = {
    Mean: ErrorlessMean,
    MeanOfSquares: ErrorlessMeanOfSquares,
    StratifiedMean: ErrorlessMean,
    Variance: ErrorlessVariance,
}
