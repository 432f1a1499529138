"""Streaming statistics over samples: fed (K, B, ...) at a time in the order of the samples, any K, same result.

A statistic knows nothing of noise or models. `result` is the statistic itself, (B, ...); `squared_error` is its squared
Monte-Carlo standard error summed over the elements of each row, (B,), or None where the statistic has no such error.
Where too few samples were seen to tell an error it is NaN.
"""

from __future__ import annotations

from fe_saliency.backend import Backend, Tensor


class Statistic:
    """A running statistic; subclasses say what is kept of each value.

    Args:
        backend: The framework of the tensors.
    """

    least_samples = 1

    def __init__(self, backend: Backend) -> None:
        self.backend = backend

    def update(self, values: Tensor, weights: Tensor | None = None) -> None:
        """Take in `values`, (K, B, ...); `weights` (K,) only where the statistic has a use for them."""
        raise NotImplementedError

    def result(self) -> Tensor:
        """The statistic of all that was taken in, (B, ...)."""
        raise NotImplementedError

    def squared_error(self) -> Tensor | None:
        """The squared standard error of `result`, summed over each row: (B,), or None."""
        return None


class WeightedSum(Statistic):
    """sum_k w_k v_k: a quadrature. It is deterministic and has no Monte-Carlo error."""

    def __init__(self, backend: Backend) -> None:
        super().__init__(backend)
        self._total: Tensor = None

    def update(self, values: Tensor, weights: Tensor | None = None) -> None:
        part = self.backend.sum(values * self.backend.stretch(weights, values), axis=0)
        self._total = part if self._total is None else self._total + part

    def result(self) -> Tensor:
        return self._total


class Mean(Statistic):
    """The mean of samples that come as antithetic pairs (2j, 2j + 1), an odd one left over counting as itself.

    The standard error is that of the pair means, which are independent although the two of a pair are not.
    """

    def __init__(self, backend: Backend) -> None:
        super().__init__(backend)
        self._count = 0
        self._total: Tensor = None
        self._waiting: Tensor | None = None  # the first of a pair whose second is still to come
        self._pairs = 0
        self._pair_mean: Tensor = None
        self._scatter: Tensor = None  # (B,): the pair means' squared distance to their mean, summed

    def update(self, values: Tensor, weights: Tensor | None = None) -> None:
        part = self.backend.sum(values, axis=0)
        self._count += values.shape[0]
        self._total = part if self._total is None else self._total + part
        if self._waiting is not None:
            values = self.backend.concat([self._waiting, values])
        paired = values.shape[0] // 2 * 2
        self._waiting = values[paired:] if values.shape[0] > paired else None
        if paired:
            self._take_pairs(values[0:paired:2], values[1:paired:2])

    def result(self) -> Tensor:
        return self._total / self._count

    def squared_error(self) -> Tensor | None:
        if self._pairs < 2:
            return self.backend.row_sum(self._total) * float("nan")
        share = 2 * self._pairs / self._count
        return self._scatter * (share**2 / (self._pairs * (self._pairs - 1)))

    def _take_pairs(self, first: Tensor, second: Tensor) -> None:
        # Chan, Golub, LeVeque 1979: joins the scatter of two groups without cancellation.
        means, count = (first + second) / 2, first.shape[0]
        mean = self.backend.sum(means, axis=0) / count
        scatter = self.backend.sum(self.backend.row_sum((means - mean) ** 2, lead=2), axis=0)
        if self._pairs == 0:
            self._pairs, self._pair_mean, self._scatter = count, mean, scatter
            return
        total, step = self._pairs + count, mean - self._pair_mean
        self._scatter = self._scatter + scatter + self.backend.row_sum(step**2) * (self._pairs * count / total)
        self._pair_mean = self._pair_mean + step * (count / total)
        self._pairs = total


class MeanOfSquares(Mean):
    """The mean of the squared samples, paired as in `Mean` (SmoothGrad-squared, Hooker et al. 2019, 1806.10758)."""

    def update(self, values: Tensor, weights: Tensor | None = None) -> None:
        super().update(values * values)


class StratifiedMean(Mean):
    """The mean of samples drawn one from each of equal strata, in the order of the strata.

    One sample a stratum tells nothing of the variance inside it, so neighbouring strata are taken together, two and two
    (collapsed strata: Cochran, Sampling Techniques, 1977, section 5A.12): the error is never understated on average.
    """

    def squared_error(self) -> Tensor | None:
        if self._pairs == 0:
            return self.backend.row_sum(self._total) * float("nan")
        return self._scatter / (2 * self._pairs * self._count)

    def _take_pairs(self, first: Tensor, second: Tensor) -> None:
        scatter = self.backend.sum(self.backend.row_sum((first - second) ** 2, lead=2), axis=0)
        self._scatter = scatter if self._pairs == 0 else self._scatter + scatter
        self._pairs += first.shape[0]


class Variance(Statistic):
    """The unbiased variance of independent samples (VarGrad: Adebayo et al. 2018, 1810.03292).

    The standard error of a variance comes from the fourth central moment; moments of two groups are joined after Pebay
    (Sandia report SAND2008-6212, 2008).
    """

    least_samples = 2

    def __init__(self, backend: Backend) -> None:
        super().__init__(backend)
        self._count = 0
        self._origin: Tensor = None  # the first sample: samples that are all equal then vary by nothing at all
        self._mean: Tensor = None
        self._moments = (0.0, 0.0, 0.0)  # sums of the 2nd, 3rd and 4th powers of the distance to the mean

    def update(self, values: Tensor, weights: Tensor | None = None) -> None:
        if self._origin is None:
            self._origin = values[0]
        values = values - self._origin
        more = values.shape[0]
        mean = self.backend.sum(values, axis=0) / more
        away = values - mean
        new = tuple(self.backend.sum(away**power, axis=0) for power in (2, 3, 4))
        if self._count == 0:
            self._count, self._mean, self._moments = more, mean, new
            return
        a, b, n = self._count, more, self._count + more
        (a2, a3, a4), (b2, b3, b4), d = self._moments, new, mean - self._mean
        self._moments = (
            a2 + b2 + d**2 * (a * b / n),
            a3 + b3 + d**3 * (a * b * (a - b) / n**2) + 3 * d * (a * b2 - b * a2) / n,
            a4
            + b4
            + d**4 * (a * b * (a * a - a * b + b * b) / n**3)
            + 6 * d**2 * (a * a * b2 + b * b * a2) / n**2
            + 4 * d * (a * b3 - b * a3) / n,
        )
        self._mean = self._mean + d * (b / n)
        self._count = n

    def result(self) -> Tensor:
        return self._moments[0] / (self._count - 1)

    def squared_error(self) -> Tensor | None:
        n, variance = self._count, self.result()
        if n < 4:
            return self.backend.row_sum(variance) * float("nan")
        # Unbiased for any distribution, by k-statistics (Fisher 1929, Proc. London Math. Soc. 30).
        second, fourth = self._moments[0] / n, self._moments[2] / n
        k4 = ((n + 1) * fourth - 3 * (n - 1) * second**2) * (n**2 / ((n - 1) * (n - 2) * (n - 3)))
        spread = (2 * n * variance**2 + (n - 1) * k4) / (n * (n + 1))
        total = self.backend.row_sum(spread)
        return (total + self.backend.abs(total)) / 2
