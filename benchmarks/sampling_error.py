"""How much antithetic pairs save: the error of SmoothGrad maps against a converged one, pairs over independent samples.

Run `python benchmarks/sampling_error.py` from the repository; it trains LeNet on digits first (torch, about a minute).
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "apphub_examples" / "digits"))

import digits_torch  # noqa: E402

from fe_saliency import Method, SaliencyNet  # noqa: E402
from fe_saliency.method import Noise  # noqa: E402
from fe_saliency.statistic import Mean, MeanOfSquares  # noqa: E402

ROWS, SAMPLES, SEEDS, CONVERGED = 8, 24, 30, 2000


@dataclass(frozen=True)
class Independent(Noise):
    """Noise without pairs, for comparison."""

    @property
    def antithetic(self):
        return False


def main():
    estimator = digits_torch.get_estimator(epochs=4)
    estimator.system.traces[:] = []
    estimator.fit()
    batch = {"x": estimator.pipeline.get_results(mode="test", shuffle=False)["x"][:ROWS]}
    net = SaliencyNet(estimator.network.models[0], "x", "y_pred")

    def maps(bracket, **options):
        method = Method("compared", "Compared", "", (bracket,))
        return net.attribute(batch, method, **options).maps["x"].numpy().reshape(ROWS, -1)

    print(f"\nRelative error with {SAMPLES} samples, median of {ROWS} digits over {SEEDS} seeds:")
    for score in ("output", "logit"):
        for statistic in (Mean, MeanOfSquares):
            kinds = {"independent": Independent(statistic), "antithetic": Noise(statistic)}
            truth = np.mean([maps(kind, nsamples=CONVERGED, seed=999, score=score) for kind in kinds.values()], axis=0)
            errors = {}
            for name, kind in kinds.items():
                away = [maps(kind, nsamples=SAMPLES, seed=seed, score=score) - truth for seed in range(SEEDS)]
                errors[name] = np.sqrt(np.mean(np.square(away).sum(axis=2), axis=0)) / np.linalg.norm(truth, axis=1)
            ratio = errors["antithetic"] / errors["independent"]
            print(
                f"{score:>7} {statistic.__name__:<14}"
                + "".join(f" {name} {np.median(error):.3f}" for name, error in errors.items())
                + f"  ratio {np.median(ratio):.2f} ({ratio.min():.2f} to {ratio.max():.2f})"
            )


if __name__ == "__main__":
    main()
