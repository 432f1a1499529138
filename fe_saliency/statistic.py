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
        if self._total is None:
            self._total = self.backend.zeros_like(values[0])
        self._total = self.backend.compiled(_add_weighted)(values, weights, self._total)

    def result(self) -> Tensor:
        return self._total


class Mean(Statistic):
    """The mean of samples that come as antithetic pairs (2j, 2j + 1), an odd one left over counting as itself.

    The standard error is that of the pair means, which are independent although the two of a pair are not.
    """

    def __init__(self, backend: Backend) -> None:
        super().__init__(backend)
        self._waiting: Tensor | None = None  # (1, B, ...): the first of a pair whose second is still to come
        self._pairs = 0
        self._mean: Tensor = None  # of the pairs
        self._scatter: Tensor = None  # (B,): how far the pairs lie apart

    def update(self, values: Tensor, weights: Tensor | None = None) -> None:
        if self._mean is None:
            self._mean = self.backend.zeros_like(values[0])
            self._scatter = self.backend.row_sum(self._mean)
        if self._waiting is not None:
            values = self.backend.concat([self._waiting, values])
        more = values.shape[0] // 2
        self._waiting = values[2 * more :] if values.shape[0] > 2 * more else None
        if more:
            total = self._pairs + more
            self._mean, self._scatter = self.backend.compiled(self._absorb)(
                values[: 2 * more], self._mean, self._scatter, more / total, self._pairs * more / total
            )
            self._pairs = total

    def result(self) -> Tensor:
        if self._waiting is None:
            return self._mean
        return (self._mean * (2 * self._pairs) + self._waiting[0]) / self._count

    def squared_error(self) -> Tensor | None:
        if self._pairs < 2:
            return self._scatter * float("nan")
        share = 2 * self._pairs / self._count
        return self._scatter * (share**2 / (self._pairs * (self._pairs - 1)))

    @property
    def _count(self) -> int:
        return 2 * self._pairs + (self._waiting is not None)

    @staticmethod
    def _absorb(
        backend: Backend, values: Tensor, mean: Tensor, scatter: Tensor, share: Tensor, mass: Tensor
    ) -> tuple[Tensor, Tensor]:
        # Chan, Golub, LeVeque 1979: joins the scatter of two groups without cancellation.
        pairs = (values[0::2] + values[1::2]) / 2
        step = backend.mean(pairs) - mean
        apart = backend.sum(backend.row_sum((pairs - (mean + step)) ** 2, lead=2), axis=0)
        return mean + step * share, scatter + apart + backend.row_sum(step**2) * mass


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
            return self._scatter * float("nan")
        return self._scatter / (2 * self._pairs * self._count)

    @staticmethod
    def _absorb(
        backend: Backend, values: Tensor, mean: Tensor, scatter: Tensor, share: Tensor, mass: Tensor
    ) -> tuple[Tensor, Tensor]:
        first, second = values[0::2], values[1::2]
        apart = backend.sum(backend.row_sum((first - second) ** 2, lead=2), axis=0)
        return mean + (backend.mean((first + second) / 2) - mean) * share, scatter + apart


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
        self._moments: tuple[Tensor, ...] = ()  # mean; sums of the 2nd, 3rd and 4th powers of the distance to it

    def update(self, values: Tensor, weights: Tensor | None = None) -> None:
        if self._count == 0:
            self._origin = values[0]
            self._moments = (self.backend.zeros_like(self._origin),) * 4
        before, more = self._count, values.shape[0]
        self._count = before + more
        self._moments = self.backend.compiled(_join_moments)(
            values, self._origin, *self._moments, before / self._count, more / self._count, self._count
        )

    def result(self) -> Tensor:
        return self._moments[1] / (self._count - 1)

    def squared_error(self) -> Tensor | None:
        n, variance = self._count, self.result()
        if n < 4:
            return self.backend.row_sum(variance) * float("nan")
        # Unbiased for any distribution, by k-statistics (Fisher 1929, Proc. London Math. Soc. 30).
        second, fourth = self._moments[1] / n, self._moments[3] / n
        k4 = ((n + 1) * fourth - 3 * (n - 1) * second**2) * (n**2 / ((n - 1) * (n - 2) * (n - 3)))
        total = self.backend.row_sum((2 * n * variance**2 + (n - 1) * k4) / (n * (n + 1)))
        return (total + self.backend.abs(total)) / 2


def _add_weighted(backend: Backend, values: Tensor, weights: Tensor, total: Tensor) -> Tensor:
    return total + backend.sum(values * backend.stretch(weights, values), axis=0)


def _join_moments(
    backend: Backend,
    values: Tensor,
    origin: Tensor,
    mean: Tensor,
    a2: Tensor,
    a3: Tensor,
    a4: Tensor,
    p: Tensor,
    q: Tensor,
    n: Tensor,
) -> tuple[Tensor, ...]:
    """The moments of n values, a share `p` of which is in `mean` and the sums `a*` and a share `q` in `values`."""
    values = values - origin
    centre = backend.mean(values)
    away = values - centre
    b2, b3, b4 = (backend.sum(away**power, axis=0) for power in (2, 3, 4))
    d = centre - mean
    return (
        mean + d * q,
        a2 + b2 + d**2 * (n * p * q),
        a3 + b3 + d**3 * (n * p * q * (p - q)) + 3 * d * (p * b2 - q * a2),
        a4
        + b4
        + d**4 * (n * p * q * (p * p - p * q + q * q))
        + 6 * d**2 * (p * p * b2 + q * q * a2)
        + 4 * d * (p * b3 - q * a3),
    )
