"""Sampling around the input: x + sigma * eps (SmoothGrad: Smilkov et al. 2017, 1706.03825)."""

from __future__ import annotations

from typing import Any

from fastestimator.util.base_util import to_list
from fastestimator.util.traceability_util import traceable

from fe_saliency import checks, patterns
from fe_saliency.backend import Tensor
from fe_saliency.op.base import Keys, SaliencyOp, groups, row_shape, same_number


@traceable()
class NormalPattern(SaliencyOp):
    """Draw noise patterns for `AddNoise`: the same at every step, on every backend and device.

    Args:
        inputs: Key(s) of the tensors that will be disturbed, (B, ...): only their shapes are read.
        outputs: Key(s) for the patterns, (K, ...), one per input, in units of a row's range.
        nsamples: K, at least 1.
        stdev_spread: Standard deviation as a share of each row's range (max - min), at least 0.
        antithetic: Whether sample 2j + 1 is the mirror image of sample 2j, and an odd one left over is the clean input.
            It lowers the variance of means; a variance needs independent samples.
        seed: Which patterns, 0 to 2 ** 64 - 1.
        mode: In which mode(s) the op runs, as in every FE op.
        ds_id: For which dataset id(s) the op runs, as in every FE op.

    Raises:
        ValueError: `nsamples` < 1, `stdev_spread` < 0, or not one output per input.
    """

    def __init__(
        self,
        inputs: Keys,
        outputs: Keys,
        nsamples: int = 25,
        stdev_spread: float = 0.15,
        antithetic: bool = True,
        seed: int = 0,
        mode: Keys = None,
        ds_id: Keys = None,
    ) -> None:
        super().__init__(inputs=inputs, outputs=outputs, mode=mode, ds_id=ds_id)
        same_number(inputs=self.inputs, outputs=self.outputs)
        self.nsamples = checks.whole("nsamples", nsamples)
        self.stdev_spread = checks.spread("stdev_spread", stdev_spread)
        self.antithetic = antithetic
        self.seed = checks.seed("seed", seed)

    def forward(self, data: list[Tensor], state: dict[str, Any]) -> list[Tensor]:
        return [
            self.backend.cast_like(
                self.backend.tensor(
                    noise(
                        self.seed,
                        index,
                        0,
                        self.nsamples,
                        self.nsamples,
                        row_shape(self.backend, tensor),
                        self.backend.channel_axis,
                        self.stdev_spread,
                        self.antithetic,
                    )
                ),
                tensor,
            )
            for index, tensor in enumerate(data)
        ]


@traceable()
class AddNoise(SaliencyOp):
    """Fold K disturbed copies into the batch: x + (max - min) * pattern, the range being that row's own.

    Args:
        inputs: Key(s) of the tensors (B, ...), then as many keys of patterns (K, ...) in units of a row's range.
        outputs: Key(s) for the disturbed tensors, (K*B, ...): row b of sample k stands at k * B + b.
        mode: In which mode(s) the op runs, as in every FE op.
        ds_id: For which dataset id(s) the op runs, as in every FE op.

    Raises:
        ValueError: Not one pattern and one output per tensor.
    """

    def __init__(self, inputs: Keys, outputs: Keys, mode: Keys = None, ds_id: Keys = None) -> None:
        super().__init__(inputs=inputs, outputs=outputs, mode=mode, ds_id=ds_id)
        tensors, drawn = groups(self.inputs, 2)
        same_number(tensors=tensors, patterns=drawn, outputs=to_list(self.outputs))

    def forward(self, data: list[Tensor], state: dict[str, Any]) -> list[Tensor]:
        tensors, drawn = groups(data, 2)
        backend = self.backend
        return [
            backend.fold(x[None] + (backend.row_max(x) - backend.row_min(x))[None] * pattern[:, None])
            for x, pattern in zip(tensors, drawn, strict=True)
        ]


def noise(
    seed: int,
    index: int,
    start: int,
    stop: int,
    nsamples: int,
    row: Any,
    channel_axis: int,
    stdev_spread: float,
    antithetic: bool,
) -> Any:
    """Samples `start` to `stop` of `nsamples` noise patterns: float32 (stop - start, *row), in units of a row's range.

    Antithetic samples 2j and 2j + 1 are pattern j and its mirror image, and an odd last one is zero: the clean input.
    """
    if not antithetic:
        # One sample alone cannot vary about anything: it is the clean input, as it is for antithetic samples.
        drawn = patterns.normal(seed, index, range(start, stop), row, channel_axis)
        return drawn * (0 if nsamples == 1 else stdev_spread)
    pairs = range(start // 2, (stop + 1) // 2)
    drawn = patterns.normal(seed, index, pairs, row, channel_axis) * stdev_spread
    samples = drawn.repeat(2, axis=0)
    samples[1::2] *= -1
    samples = samples[start - 2 * pairs.start :][: stop - start]
    if nsamples % 2 and stop == nsamples:
        samples[-1] = 0
    return samples
