"""Streaming statistics over samples: fed some at a time in the order of the samples, in any parts, same result.

A statistic knows nothing of noise or models. It is a set of pure functions of a state, which is a tuple of tensors, so
that it runs inside a Network as well as beside it: `begin` makes the state of B rows, `absorb` takes in K samples of
each, `result` is the statistic itself, (B, ...), and `squared_error` its squared Monte-Carlo standard error summed over
the elements of each row, (B,), or None where the statistic has no such error. Where too few samples were seen to tell
an error it is NaN. All is computed in single precision at least.

The first part of a state counts what was seen, (1,), the second has the shape of the result, (B, ...); all others have
B rows too, or none yet.
"""

from __future__ import annotations

from fe_saliency.backend import Backend, Tensor

State = tuple[Tensor, ...]


class Statistic:
    """Subclasses say what is kept of the samples.

    Args:
        backend: The framework of the tensors.
    """

    least_samples = 1
    #: The names of the parts of a state.
    parts: tuple[str, ...] = ("count", "total")
    #: The names of what `finish` gives; "norm" and "error" too where there is an error.
    results: tuple[str, ...] = ("map",)
    #: Whether samples have weights.
    weighted = False
    #: Whether the result may be negative where samples are.
    signed = True

    def __init__(self, backend: Backend) -> None:
        self.backend = backend

    def begin(self, like: Tensor) -> State:
        """The state before any sample, for rows of the shape of `like`, (B, ...)."""
        raise NotImplementedError

    def absorb(self, state: State, values: Tensor, weights: Tensor | None = None) -> State:
        """The state after K more samples of each row.

        Args:
            state: The state before; it is not changed.
            values: (K*B, ...), the rows of one sample standing together.
            weights: (K,) if the statistic is weighted.
        """
        raise NotImplementedError

    def result(self, state: State) -> Tensor:
        """The statistic of all that was absorbed, (B, ...)."""
        raise NotImplementedError

    def squared_error(self, state: State) -> Tensor | None:
        """The squared standard error of `result`, summed over each row: (B,), or None."""
        return None

    def finish(self, state: State) -> tuple[Tensor, ...]:
        """The result and, if there is an error, its squared norm (B,) and its squared error (B,)."""
        found, error = self.result(state), self.squared_error(state)
        return (found,) if error is None else (found, self.backend.row_sum(found * found), error)

    def mark(self, state: State) -> State:
        """The state to go on with where the error was judged and found too large."""
        return state

    def select(self, state: State, rows: Tensor) -> State:
        """The state of some of the rows, whose numbers are int64 (R,)."""
        count, *parts = state
        return (count, *(part if part.shape[0] == 0 else self.backend.take(part, rows) for part in parts))

    def join(self, first: State, second: State) -> State:
        """The state of the rows of both, which have seen the same samples."""
        return (first[0], *(self.backend.concat(list(pair)) for pair in zip(first[1:], second[1:], strict=True)))

    def _zeros(self, like: Tensor) -> Tensor:
        return self.backend.zeros_like(self.backend.at_least_single(like))

    def _none_yet(self, like: Tensor) -> tuple[Tensor, Tensor]:
        """The count of nothing, (1,), and no rows at all, (0, ...)."""
        zeros = self._zeros(like)
        return self.backend.flat(zeros)[:1], zeros[:0]


class WeightedSum(Statistic):
    """sum_k w_k v_k: a quadrature. It is deterministic and has no Monte-Carlo error."""

    weighted = True

    def begin(self, like: Tensor) -> State:
        return self._none_yet(like)[0], self._zeros(like)

    def absorb(self, state: State, values: Tensor, weights: Tensor | None = None) -> State:
        count, total, *rest = state
        stacked = self.backend.unfold_like(self.backend.at_least_single(values), total)
        share = self.backend.stretch(self.backend.cast_like(weights, total), stacked)
        return (count + self.backend.count(stacked), total + self.backend.sum(stacked * share, axis=0), *rest)

    def result(self, state: State) -> Tensor:
        return state[1]


class Trapezoid(WeightedSum):
    """The trapezoid rule whose points are doubled until it is good enough: 2, 3, 5, 9, ... of them, none in vain.

    The ends have weight 1/2 and come first, all points between them have weight 1. The error is how far the result lies
    from the one before the last doubling, which is more than it is off by now.
    """

    #: What there was when `mark` was called last.
    parts = ("count", "total", "coarse")
    results = ("map", "norm", "error")

    def begin(self, like: Tensor) -> State:
        return (*super().begin(like), self._zeros(like) + float("nan"))  # A graph of TensorFlow folds 0 * NaN to 0.

    def mark(self, state: State) -> State:
        return (state[0], state[1], self.result(state))

    def result(self, state: State) -> Tensor:
        return state[1] / (state[0] - 1)

    def squared_error(self, state: State) -> Tensor | None:
        return self.backend.row_sum((self.result(state) - state[2]) ** 2)


class Mean(Statistic):
    """The mean of samples that come as antithetic pairs (2j, 2j + 1), an odd one left over counting as itself.

    The standard error is that of the pair means, which are independent although the two of a pair are not.
    """

    #: The number of pairs, their mean, how far they lie apart (B,), and the first of a pair whose second is to come.
    parts: tuple[str, ...] = ("pairs", "mean", "scatter", "waiting")
    results: tuple[str, ...] = ("map", "norm", "error")

    def begin(self, like: Tensor) -> State:
        count, none = self._none_yet(like)
        zeros = self._zeros(like)
        return count, zeros, self.backend.row_sum(zeros), none

    def absorb(self, state: State, values: Tensor, weights: Tensor | None = None) -> State:
        count, mean, scatter, waiting = state
        backend = self.backend
        pairs, waiting = self._pairs(mean, waiting, values)
        more = backend.count(pairs)
        total = count + more
        # Chan, Golub, LeVeque 1979: joins the scatter of two groups without cancellation.
        step = backend.sum(pairs - mean, axis=0) / self._or_one(more)
        apart = backend.sum(backend.row_sum((pairs - (mean + step)) ** 2, lead=2), axis=0)
        between = backend.row_sum(step**2) * (count * more / self._or_one(total))
        return total, mean + step * (more / self._or_one(total)), scatter + apart + between, waiting

    def result(self, state: State) -> Tensor:
        count, mean, waiting = state[0], state[1], state[3]
        left = self.backend.unfold_like(waiting, mean)
        return (mean * (2 * count) + self.backend.sum(left, axis=0)) / (2 * count + self.backend.count(left))

    def squared_error(self, state: State) -> Tensor | None:
        count, mean, scatter, waiting = state[:4]
        share = 2 * count / (2 * count + self.backend.count(self.backend.unfold_like(waiting, mean)))
        apart = self._or_one(count - 1)
        return self.backend.where(count > 1.5, scatter * share**2 / (count * apart), scatter * float("nan"))

    def transformed(self, values: Tensor) -> Tensor:
        """What is averaged of each sample."""
        return values

    def _pairs(self, mean: Tensor, waiting: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """The pair means that are complete, (P, B, ...), and what waits for its second, (B, ...) or none."""
        values = self.backend.concat([waiting, self.transformed(self.backend.at_least_single(values))])
        rows = self.backend.rows(mean)
        complete = self.backend.rows(values) // (2 * rows) * (2 * rows)
        stacked = self.backend.unfold_like(values[:complete], mean)
        return (stacked[0::2] + stacked[1::2]) / 2, values[complete:]

    def _or_one(self, number: Tensor) -> Tensor:
        """`number`, or 1 where it is 0 and divides nothing but zeros."""
        return self.backend.where(number > 0, number, number * 0 + 1)


class MeanOfSquares(Mean):
    """The mean of the squared samples, paired as in `Mean` (SmoothGrad-squared, Hooker et al. 2019, 1806.10758)."""

    signed = False

    def transformed(self, values: Tensor) -> Tensor:
        return values * values


class StratifiedMean(Mean):
    """The mean of antithetic pairs of which each is drawn in a stratum of its own, in the order of the strata.

    One pair a stratum tells nothing of the variance inside it, so the error comes from the differences of successive
    pairs (Wolter, Introduction to Variance Estimation, 2nd ed. 2007, section 8.2): it is not understated on average.
    """

    parts = (*Mean.parts, "last")

    def begin(self, like: Tensor) -> State:
        return (*super().begin(like), self._none_yet(like)[1])

    def absorb(self, state: State, values: Tensor, weights: Tensor | None = None) -> State:
        count, mean, scatter, waiting, last = state
        backend = self.backend
        pairs, waiting = self._pairs(mean, waiting, values)
        total = count + backend.count(pairs)
        mean = mean + backend.sum(pairs - mean, axis=0) / self._or_one(total)
        chain = backend.concat([last, backend.fold(pairs)])
        later = chain[backend.rows(mean) :]
        steps = later - chain[: backend.rows(later)]
        apart = backend.sum(backend.row_sum(backend.unfold_like(steps, mean) ** 2, lead=2), axis=0)
        return total, mean, scatter + apart / 2, waiting, chain[backend.rows(later) :]

    def squared_error(self, state: State) -> Tensor | None:
        # A sample left over has no mirror image: what it adds is told by how far it lies from the pair before it.
        count, mean, _, waiting, last = state
        backend = self.backend
        left, before = backend.unfold_like(waiting, mean), backend.unfold_like(last, mean)
        alone = backend.sum(backend.row_sum((left - before) ** 2, lead=2), axis=0)
        return super().squared_error(state) + alone / (2 * count + backend.count(left)) ** 2


class Variance(Statistic):
    """The unbiased variance of independent samples (VarGrad: Adebayo et al. 2018, 1810.03292).

    The standard error of a variance comes from the fourth central moment; moments of two groups are joined after Pebay
    (Sandia report SAND2008-6212, 2008).
    """

    least_samples = 2
    signed = False
    #: Distances are taken from the first sample: samples that are all equal then vary by nothing at all. `second` to
    #: `fourth` are the sums of these powers of the distance to the mean.
    parts: tuple[str, ...] = ("count", "mean", "second", "third", "fourth", "origin")
    results: tuple[str, ...] = ("map", "norm", "error")

    def begin(self, like: Tensor) -> State:
        count, none = self._none_yet(like)
        return (count, *(self._zeros(like),) * 4, none)

    def absorb(self, state: State, values: Tensor, weights: Tensor | None = None) -> State:
        count, mean, a2, a3, a4, origin = state
        origin, away, n, q, d = self._moved(count, mean, origin, values)
        p = count / n
        b2, b3, b4 = (self.backend.sum(away**power, axis=0) for power in (2, 3, 4))
        return (
            n,
            mean + d * q,
            a2 + b2 + d**2 * (n * p * q),
            a3 + b3 + d**3 * (n * p * q * (p - q)) + 3 * d * (p * b2 - q * a2),
            a4
            + b4
            + d**4 * (n * p * q * (p * p - p * q + q * q))
            + 6 * d**2 * (p * p * b2 + q * q * a2)
            + 4 * d * (p * b3 - q * a3),
            origin,
        )

    def result(self, state: State) -> Tensor:
        return state[2] / (state[0] - 1)

    def squared_error(self, state: State) -> Tensor | None:
        n, variance = state[0], self.result(state)
        # Unbiased for any distribution, by k-statistics (Fisher 1929, Proc. London Math. Soc. 30).
        second, fourth = state[2] / n, state[4] / n
        k4 = ((n + 1) * fourth - 3 * (n - 1) * second**2) * (n**2 / ((n - 1) * (n - 2) * (n - 3)))
        total = self.backend.row_sum((2 * n * variance**2 + (n - 1) * k4) / (n * (n + 1)))
        total = (total + self.backend.abs(total)) / 2
        return self.backend.where(n > 3.5, total, total + float("nan"))

    def _moved(
        self, count: Tensor, mean: Tensor, origin: Tensor, values: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """What more samples change: the origin, their distances (K, B, ...) to their own mean, how many samples there
        are now, their share in these, and how far their mean is from that of all before.
        """
        backend = self.backend
        values = backend.at_least_single(values)
        origin = backend.concat([origin, values])[: backend.rows(mean)]
        stacked = backend.unfold_like(values, mean) - origin
        n = count + backend.count(stacked)
        centre = backend.mean(stacked)
        return origin, stacked - centre, n, 1 - count / n, centre - mean
