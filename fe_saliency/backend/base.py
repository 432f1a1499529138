"""What a backend must offer. Shapes: B rows (batch), K points folded in front of them, N classes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

Tensor = Any  # tf.Tensor or torch.Tensor; arithmetic, comparison and slicing are the same on both


@dataclass(frozen=True)
class Way:
    """How a model is run; whatever is chosen it computes the same, but for rounding.

    Args:
        channels_last: With images (B, C, H, W) as (B, H, W, C) in memory.
        folded: With batch norms folded into the convolutions before them.
    """

    channels_last: bool = False
    folded: bool = False


class Backend(Protocol):
    """One framework behind one interface; instances hold no state."""

    name: str
    channel_axis: int
    #: So many times the smallest chunk are as a rule near the best for convolutional networks; a power of two.
    usual_growth: int

    def owns(self, model: Any) -> bool:
        """Whether `model` is a model of this framework."""

    def is_tensor(self, value: Any) -> bool:
        """Whether `value` is a tensor of this framework."""

    def model_dtype(self, model: Any) -> str:
        """The floating dtype of the model's variables, e.g. "float32"."""

    def tensor(self, array: np.ndarray, dtype: str | None = None, channels_last: bool = False) -> Tensor:
        """`array` as a tensor on the host, cast to `dtype` if one is named.

        With `channels_last` images (B, C, H, W) lie in memory as (B, H, W, C), if that is a way of the backend.
        """

    def numpy(self, tensor: Tensor) -> np.ndarray:
        """`tensor` as an array on the host."""

    def cast_like(self, tensor: Tensor, like: Tensor) -> Tensor:
        """`tensor` in the dtype of `like`."""

    def cast(self, tensor: Tensor, dtype: str) -> Tensor:
        """`tensor` in a dtype, e.g. "float32"."""

    def at_least_single(self, tensor: Tensor) -> Tensor:
        """`tensor` in float32 if it is of lower precision, as it is otherwise."""

    def int64(self, tensor: Tensor) -> Tensor:
        """`tensor` as int64."""

    def rows(self, tensor: Tensor) -> Any:
        """The length of the first axis, also where a static graph does not know it."""

    def shape(self, tensor: Tensor) -> Sequence[int | None]:
        """The shape, with None where a static graph does not know it."""

    def fold(self, tensor: Tensor) -> Tensor:
        """(K, B, ...) -> (K*B, ...): the points of one sample stand together."""

    def reshape(self, tensor: Tensor, sizes: Sequence[int]) -> Tensor:
        """All elements as (..., *sizes), the first axis being as long as it must."""

    def unfold(self, tensor: Tensor, samples: Any) -> Tensor:
        """(K*B, ...) -> (K, B, ...), `samples` = K."""

    def unfold_like(self, tensor: Tensor, like: Tensor) -> Tensor:
        """(K*B, ...) -> (K, B, ...), B = the rows of `like`; K may be 0."""

    def count(self, tensor: Tensor) -> Tensor:
        """The length of the first axis as a tensor (1,) of the dtype of `tensor`."""

    def take(self, tensor: Tensor, rows: Tensor) -> Tensor:
        """Some rows, by their numbers, int64 (R,)."""

    def flat(self, tensor: Tensor) -> Tensor:
        """All elements in a row."""

    def stretch(self, tensor: Tensor, like: Tensor) -> Tensor:
        """(K,) -> (K, 1, 1, ...), as many axes as `like`."""

    def row_min(self, tensor: Tensor) -> Tensor:
        """(B, ...) -> (B, 1, ...): the minimum of each row."""

    def row_max(self, tensor: Tensor) -> Tensor:
        """(B, ...) -> (B, 1, ...): the maximum of each row."""

    def row_sum(self, tensor: Tensor, lead: int = 1) -> Tensor:
        """The sum over all but the first `lead` axes."""

    def einsum(self, equation: str, *tensors: Tensor) -> Tensor:
        """Einstein's summation, in the words of `np.einsum`."""

    def constant_like(self, array: np.ndarray, like: Tensor) -> Tensor:
        """`array` as a tensor of the dtype and on the device of `like`."""

    def sum(self, tensor: Tensor, axis: int, keepdims: bool = False) -> Tensor:
        """The sum over one axis."""

    def mean(self, tensor: Tensor) -> Tensor:
        """The mean over the first axis."""

    def all(self, tensor: Tensor, axis: int, keepdims: bool = False) -> Tensor:
        """Whether all are true along one axis."""

    def where(self, condition: Tensor, yes: Tensor, no: Tensor) -> Tensor:
        """`yes` where `condition`, else `no`; all broadcast."""

    def log(self, tensor: Tensor) -> Tensor:
        """The natural logarithm; below the smallest normal number it is flat, never -inf."""

    def exp(self, tensor: Tensor) -> Tensor:
        """The exponential."""

    def abs(self, tensor: Tensor) -> Tensor:
        """The absolute value."""

    def log_softmax(self, tensor: Tensor) -> Tensor:
        """(B, N) logits -> (B, N) log-probabilities."""

    def argmax(self, tensor: Tensor) -> Tensor:
        """(B, N) -> (B,) int64: the first of the largest."""

    def order(self, tensor: Tensor) -> Tensor:
        """(B, N) -> (B, N) int64: the numbers of the units, the largest first, and of equal ones the first first."""

    def columns(self, tensor: Tensor) -> Tensor:
        """(B, N) -> int64 (N,): 0, 1, ... N - 1."""

    def pixels(self, tensor: Tensor) -> Tensor:
        """Images in the backend's layout, (B, H, W, C) or (B, C, H, W), -> (B*H*W, C)."""

    def pick(self, tensor: Tensor, index: Tensor) -> Tensor:
        """(K*B, N) and int (B,) -> (K*B,): row b of every sample gives its unit `index[b]`."""

    def repeat(self, tensor: Tensor, like: Tensor) -> Tensor:
        """(B, ...) -> (K*B, ...), K times in a row, so that it has as many rows as `like`."""

    def compiled(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """`function` of tensors, whose ranks never change, as fast as the framework can run it."""

    def program(self, network: Any) -> Callable[[Mapping[str, Tensor]], Mapping[str, Tensor]]:
        """What runs one batch through `network` as it is configured now: {key: tensor} to the keys it was asked for.

        The sizes of first axes may differ from batch to batch; no other may.
        """

    def out_of_memory(self, error: BaseException) -> bool:
        """Whether `error` says that a tensor found no room, on a host or a device."""

    def on_host(self, device: Any) -> bool:
        """Whether a Network on `device` computes on the CPU."""

    def zeros_like(self, tensor: Tensor) -> Tensor:
        """Zeros of the same shape and dtype."""

    def concat(self, tensors: Sequence[Tensor]) -> Tensor:
        """Joined along the first axis."""

    def gradient(
        self, scores: Sequence[Tensor], inputs: Sequence[Tensor], tape: Any, retain_graph: bool
    ) -> list[Tensor | None]:
        """The gradient of the sum of all `scores` for each of `inputs`; None where there is no path."""

    def preserved(self, models: Sequence[Any], device: Any) -> AbstractContextManager[None]:
        """Models on `device` and ready to be differentiated for their inputs inside; untouched after, whatever
        happened: training mode of every submodule, requires_grad, device, optimizer, FE's record of the input."""

    def ways(self, model: Any, images: bool) -> Sequence[str]:
        """The fields of `Way` that may pay off for this model, given `images` (of several channels) or other rows."""

    def run_as(self, model: Any, way: Way, first: Callable[[], object]) -> AbstractContextManager[None]:
        """Run the model in this way while the block runs; it is as it was after, to the last bit. `first` runs it on
        few rows, which shows what can be folded."""
