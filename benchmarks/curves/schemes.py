"""What is compared: four families of maps, and in each the ways to spend gradients on them."""

from dataclasses import dataclass, field

from benchmarks.curves import samplings
from benchmarks.curves.samplings import Along, Independent, LatinHypercube, MirroredDraws, OneDraw, OwnDraws
from benchmarks.curves.two_phase import TwoPhase
from benchmarks.curves.words import FASTESTIMATOR, INTEGRATED, STEPS
from fe_saliency import Method, quadrature
from fe_saliency.method import Given, Noise
from fe_saliency.statistic import Mean, MeanOfSquares

BLACK = "black"


@dataclass(frozen=True)
class Scheme:
    """One way to spend gradients on a map.

    Args:
        bracket: The method's one bracket.
        baseline: `BLACK`, a Baseline, or None for methods without a path.
        counts: The numbers of gradients at which it is judged.
        base: If not 0, maps of so many gradients are measured and those of more are means of them, for blocks of `base`
            gradients are independent of each other.
    """

    bracket: object
    baseline: object = None
    counts: tuple[int, ...] = ()
    base: int = 0

    def map(self, subject, count, seed, score):
        """The raw maps (B, ...) of a `Subject`, of `count` gradients for each row."""
        baseline = Given(subject.black) if self.baseline == BLACK else self.baseline
        method = Method("compared", "Compared", "", (self.bracket,))
        options = {"score": score, "seed": seed, "baseline": baseline, "diagnose": False}
        found = subject.net.attribute({"x": subject.x}, method, nsamples=count, **options)
        return found.maps["x"].numpy()


@dataclass(frozen=True)
class Family:
    """Maps with the same limit.

    Args:
        reference: What comes nearest to the limit.
        schemes: {name: Scheme}.
    """

    reference: Scheme
    schemes: dict[str, Scheme] = field(default_factory=dict)


def _smooth(statistic):
    counts = (4, 8, 16, 32, 64, 128, 256)
    return Family(
        Scheme(Noise(statistic)),
        {
            "independent": Scheme(Independent(statistic), None, counts, 4),
            "antithetic pairs": Scheme(Noise(statistic), None, counts, 4),
            "Latin hypercube, blocks of 16": Scheme(LatinHypercube(statistic), None, counts[2:], samplings.BLOCK),
        },
    )


def _rule(rule):
    return lambda count, seed: quadrature.RULES[rule](count)


def _along(points, baseline, counts):
    return Scheme(Along(points=points), baseline, counts)


_SOME, _HALVED = (3, 5, 10, 20, 50, 100), (3, 5, 9, 17, 33, 65)
_DRAWS = (10, 20, 50, 100)
FAMILIES = {
    "smoothgrad": _smooth(Mean),
    "smoothgrad_squared": _smooth(MeanOfSquares),
    "given": Family(
        _along(_rule("midpoint"), BLACK, ()),
        {
            "Gauss-Legendre": _along(_rule("gauss_legendre"), BLACK, _SOME),
            "midpoint": _along(_rule("midpoint"), BLACK, _SOME),
            "trapezoid, halved": _along(_rule("trapezoid"), BLACK, _HALVED),
            "Romberg": _along(samplings.romberg, BLACK, _HALVED),
            FASTESTIMATOR: _along(samplings.ends_included, BLACK, _SOME),
        },
    ),
    "random": Family(
        _along(samplings.in_pairs, MirroredDraws(), ()),
        {
            "own draws, random positions": _along(samplings.anywhere, OwnDraws(), _DRAWS),
            "own draws, even positions": _along(_rule("midpoint"), OwnDraws(), _DRAWS),
            INTEGRATED: _along(samplings.in_pairs, MirroredDraws(), _DRAWS),
            "mirrored draws, open-ended": _along(samplings.open_ended, MirroredDraws(), _DRAWS),
            "the same, closer where it matters": TwoPhase((32, 50, 100)),
            FASTESTIMATOR: _along(samplings.ends_included, OneDraw(), (STEPS,)),
        },
    ),
}
