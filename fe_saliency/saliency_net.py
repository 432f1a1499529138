"""SaliencyNet: what a trained network looks at, row by row; the drop-in successor of `fe.xai.SaliencyNet`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fastestimator.util.base_util import to_list
from fastestimator.util.traceability_util import traceable

from fe_saliency import backend as backends
from fe_saliency import checks, finite, regional
from fe_saliency.attribution import Attribution, Decision
from fe_saliency.call import Call
from fe_saliency.display.rows import check_finite
from fe_saliency.display.scaling import to_mask
from fe_saliency.engine import Engine
from fe_saliency.method import Method, find
from fe_saliency.target import PREFIX

Keys = str | Sequence[str]


@traceable()
class SaliencyNet:
    """Saliency masks and raw attributions of a model.

    One net serves one thread at a time: FastEstimator's Network, which it runs, refuses a second one.

    Args:
        model: A model compiled by `fe.build`, of either framework.
        model_inputs: The key(s) of the model's inputs in a batch.
        model_outputs: The key(s) under which the model's outputs are known. The score that is explained is the sum of
            the chosen class's score (or another target's) over all outputs.
        outputs: The key(s) under which the getters leave masks, one per model input.
        score: What of the chosen class is explained: "output" (its unit as the model gives it), "logit",
            "log_probability" or "probability"; see `fe_saliency.op.Gather`. A confident softmax unit has next to no
            gradient; its logit has.
        seed: The seed of noise and random baselines, 0 to 2 ** 64 - 1.
        max_rows: How many inputs go through the model at once, which bounds the memory; "auto" chooses.
        channel_axis: Where the channels of the model's inputs are, of all alike: 1 for channels-first, -1 for
            channels-last; None for the framework's own layout, channels-last in TensorFlow and channels-first in
            PyTorch. Masks, maps and baselines are laid out as the inputs. Layers and dense outputs are read in the
            framework's own layout, whatever this says; embeddings, and layers of models that take nothing but indices,
            as channels-last.

    Raises:
        ValueError: `model` is not from `fe.build`, keys are missing, double or of different number, or an argument is
            out of its range.

    ```python
    net = SaliencyNet(model, model_inputs="x", model_outputs="y_pred")
    masks = net.get_smoothed_masks({"x": images})["saliency"]
    raw = net.attribute({"x": images}, method="integrated_gradients", baseline="zero", nsamples=50)
    raw.maps["x"], raw.completeness_gap
    ```
    """

    def __init__(
        self,
        model: Any,
        model_inputs: Keys,
        model_outputs: Keys,
        outputs: Keys = "saliency",
        *,
        score: str = "output",
        seed: int = 0,
        max_rows: str | int = "auto",
        channel_axis: int | None = None,
    ) -> None:
        backend = backends.of_model(model)
        self._model_inputs = _checked_keys("model_inputs", model_inputs)
        self._model_outputs = _checked_keys("model_outputs", model_outputs)
        self.outputs = _checked_keys("outputs", outputs)
        if len(self.outputs) != len(self._model_inputs):
            raise ValueError(
                f"`outputs` (={self.outputs}) must name one key per model input {self._model_inputs}: there "
                "is one map for each input."
            )
        if set(self._model_inputs) & set(self._model_outputs):
            raise ValueError(f"`model_outputs` (={self._model_outputs}) must not be keys of `model_inputs` too.")
        taken = sorted(set(self.outputs) & {*self._model_inputs, *self._model_outputs})
        if taken:
            raise ValueError(
                f"`outputs` (={self.outputs}) must not be keys of the model: {taken} would be overwritten."
            )
        self._defaults = Call(find("gradient"), score=score, seed=seed, max_rows=max_rows)
        axis = checks.channel_axis(channel_axis) or backend.channel_axis
        self._engine = Engine(model, backend, self._model_inputs, self._model_outputs, axis)

    @property
    def model(self) -> Any:
        """The model that is explained."""
        return self._engine.model

    @property
    def model_inputs(self) -> list[str]:
        """The keys of the model's inputs."""
        return list(self._model_inputs)

    @property
    def model_outputs(self) -> list[str]:
        """The keys of the model's outputs."""
        return list(self._model_outputs)

    @property
    def channel_axis(self) -> int:
        """The channel axis of inputs and masks: 1 for channels-first models, -1 for channels-last ones."""
        return self._engine.channel_axis

    @property
    def seed(self) -> int:
        """The seed of noise and random baselines."""
        return self._defaults.seed

    @seed.setter
    def seed(self, seed: int) -> None:
        self._defaults = replace(self._defaults, seed=seed)

    def on(self, copy: Any) -> SaliencyNet:
        """The same net for a copy of the model: equal keys, score, seed, pace and layout; see `fe_saliency.control`.

        Args:
            copy: A model compiled by `fe.build` that takes and gives what this net's model does, of the same framework.

        Raises:
            ValueError: `copy` is not from `fe.build`.
        """
        other = SaliencyNet(copy, self._model_inputs, self._model_outputs, self.outputs)
        other._defaults, other._engine = self._defaults, self._engine.on(copy)
        return other

    def get_masks(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Masks of the gradient (Simonyan et al. 2013, 1312.6034).

        Args:
            batch: {key: tensor or array (B, ...)}: the model inputs; optionally, under
                `SaliencyNet_Target_Index_<output key>`, the class (B,) to explain. Never modified.

        Returns:
            The batch's entries; each model output as the predicted class, int64 (B,); the explained class under
            `SaliencyNet_Target_Index_<output key>`; each of `outputs` as a mask in [0, 1] in the model's dtype:
            (B, H, W, 1), channels-first (B, 1, H, W), or (B, F) for inputs (B, F).

        Raises:
            ValueError: An input or target that is missing, of the wrong shape, empty or not finite.
            TypeError: An input or target of the wrong kind.
        """
        return self._masks(batch, "gradient")

    def get_smoothed_masks(
        self,
        batch: dict[str, Any],
        stdev_spread: float = 0.15,
        nsamples: int = 25,
        nintegration: int | None = None,
        magnitude: bool = True,
    ) -> dict[str, Any]:
        """Masks of SmoothGrad (Smilkov et al. 2017, 1706.03825), of the gradient or of Integrated Gradients.

        Args:
            batch: As in `get_masks`.
            stdev_spread: The noise's standard deviation as a share of each row's own range.
            nsamples: How many noisy copies; gradient evaluations per row, times `nintegration` if that is given.
            nintegration: None or 0 to smooth the gradient; a number to smooth Integrated Gradients of that many points.
            magnitude: True for the mean of squares (SmoothGrad-squared, Hooker et al. 2019), False for the mean.

        Returns:
            As in `get_masks`.

        Raises:
            ValueError: As in `get_masks`; too few samples or a negative spread.
            TypeError: As in `get_masks`; a sample number that is not whole.
        """
        squared = "_squared" if magnitude else ""
        if nintegration is None or checks.whole("nintegration", nintegration, 0) == 0:
            return self._masks(batch, f"smoothgrad{squared}", nsamples, stdev_spread)
        return self._masks(batch, f"smoothed_integrated_gradients{squared}", (nsamples, nintegration), stdev_spread)

    def get_integrated_masks(self, batch: dict[str, Any], nsamples: int = 25) -> dict[str, Any]:
        """Masks of Integrated Gradients (Sundararajan et al. 2017, 1703.01365) with random uniform baselines.

        Args:
            batch: As in `get_masks`.
            nsamples: How many points, each with a baseline draw of its own; gradient evaluations per row.

        Returns:
            As in `get_masks`.

        Raises:
            ValueError: As in `get_masks`; too few samples.
            TypeError: As in `get_masks`; a sample number that is not whole.
        """
        return self._masks(batch, "integrated_gradients", nsamples)

    def attribute(
        self,
        batch: dict[str, Any],
        method: str | Method = "gradient",
        *,
        nsamples: None | int | Sequence[int] = None,
        stdev_spread: float = 0.15,
        baseline: Any = None,
        target: Any = None,
        score: str | None = None,
        layer: None | str | int = None,
        seed: int | None = None,
        max_rows: None | str | int = None,
        tolerance: float | None = None,
        diagnose: bool = True,
    ) -> Attribution:
        """Raw, signed attributions and what is known of their accuracy.

        Args:
            batch: As in `get_masks`.
            method: A registered name (`fe_saliency.methods()`) or a `fe_saliency.Method`.
            nsamples: Gradient evaluations per row; for a nested method one number per bracket, the outermost first:
                (noisy copies, path points). None for 25 each, or what the method says.
            stdev_spread: The noise's standard deviation as a share of each row's own range, for methods with noise.
            baseline: Where a path begins: None or "uniform" (random in the row's own range, a draw per point), "zero",
                "blur", "gaussian", "maximum_distance", a number, an array (B, ...) or of one row, a
                `fe_saliency.method.Baseline` such as `FromData(array)`, or a dict of these by input key. With
                `Several([...])` each of them takes `nsamples`, and the maps are averaged. Where it cannot be random
                None is "zero", and for regions black and white. With `layer` all in the layer's space, and
                `fe_saliency.method.OfInputs(...)` is what the layer gives for baselines of the inputs.
            target: What to explain: a class, (B,) classes, the key of these in the batch, a `fe_saliency.target.Target`
                (a contrast, a mask, any score), or a dict of these by output key. None: what the batch says under
                `SaliencyNet_Target_Index_<output key>`, else the predicted class.
            score: As in the constructor, for this call.
            layer: The name or index of a layer, as FastEstimator's `ModelOp(intermediate_layers=...)` takes them. What
                the layer gives is explained as if it were the model's input: noise, paths and baselines are in its
                space, and the map has its shape. A class activation map ("gradcam") is that of the layer, and noise
                stays at the inputs; None is then the last layer that gives a picture of more than one pixel. Where the
                model has an embedding, integers of 32 or 64 bits are its indices, which only a layer can explain.
            seed: As in the constructor, for this call.
            max_rows: As in the constructor, for this call.
            tolerance: The relative error of a row's map at which it has enough samples, 0.1 for example; `nsamples`
                (its first number) is then the most that a row may take, 1,024 (along a path 1,025) if it is None. A
                path from a given baseline is refined to 9, 17, 33, ... 2^p + 1 points, and uses no more than the
                largest of these. Rows that are accurate enough leave the batch, so easy ones cost less;
                `gradient_evaluations` says what each cost. Of several baselines each is refined by itself: where their
                maps cancel, the error of the mean is larger, and `met_tolerance` says so.
            diagnose: Whether to measure `relative_error` and the completeness gap. They take no gradients, but the gap
                with random baselines takes a forward pass for each point. What a `tolerance` is judged by is measured
                in any case.

        Returns:
            An `Attribution`.

        Raises:
            ValueError: An argument out of its range, or a batch as in `get_masks`.
            TypeError: An argument or a part of the batch of the wrong kind.
            ImportError: The method needs a package that is not installed; it is named.
        """
        found = regional.run(
            self._engine,
            batch,
            self._call(
                method=find(method),
                nsamples=nsamples,
                stdev_spread=stdev_spread,
                baseline=baseline,
                target=target,
                score=score,
                layer=layer,
                seed=seed,
                max_rows=max_rows,
                tolerance=tolerance,
                diagnose=checks.flag("diagnose", diagnose),
            ),
        )
        finite.tell(found.maps, self._engine.backend)
        return found

    def decide(
        self,
        batch: dict[str, Any],
        *,
        target: Any = None,
        score: str | None = None,
        max_rows: None | str | int = None,
    ) -> Decision:
        """What the model decides for, and how firmly: a forward pass, no gradient.

        Args:
            batch: As in `get_masks`.
            target: As in `attribute`: what score and margin are told of.
            score: As in the constructor, for this call.
            max_rows: As in the constructor, for this call; "auto" takes a small chunk here, without measuring.

        Returns:
            A `Decision`.

        Raises:
            ValueError: An argument out of its range, or a batch as in `get_masks`.
            TypeError: An argument or a part of the batch of the wrong kind.
        """
        return self._engine.decide(batch, self._call(target=target, score=score, max_rows=max_rows))

    def seconds_per_gradient(self, batch: dict[str, Any]) -> float:
        """The time of one gradient evaluation of one row, with `max_rows` at once, measured once for each input shape.

        Args:
            batch: As in `get_masks`.

        Raises:
            ValueError: As in `get_masks`.
            TypeError: As in `get_masks`.
        """
        return self._engine.seconds_per_gradient(batch, self._defaults)

    def _call(self, **said: Any) -> Call:
        return replace(self._defaults, **{name: value for name, value in said.items() if value is not None})

    def _masks(
        self,
        batch: dict[str, Any],
        method: str,
        nsamples: None | int | Sequence[int] = None,
        stdev_spread: float = 0.15,
    ) -> dict[str, Any]:
        found = self._engine.run(batch, self._call(method=find(method), nsamples=nsamples, stdev_spread=stdev_spread))
        backend = self._engine.backend
        result = backends.to_tensors(batch, backend)
        for key in self._model_outputs:
            result[key] = found.predictions[key]
            result[PREFIX + key] = found.targets[key]
        for key, raw in zip(self.outputs, found.maps.values(), strict=True):
            values = backends.to_numpy(raw)
            check_finite(values, f"map of {key}")
            mask = backend.cast_like(backend.tensor(to_mask(values, self.channel_axis)), raw)
            result[key] = backend.cast(mask, backend.model_dtype(self._engine.model))
        return result


def _checked_keys(name: str, keys: Keys) -> list[str]:
    listed = list(to_list(keys))
    if not listed or not all(isinstance(key, str) and key for key in listed) or len(set(listed)) < len(listed):
        raise ValueError(f"`{name}` (={keys!r}) must be one key or several different ones.")
    return listed
