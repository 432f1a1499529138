"""The VarianceOfGradients Trace: which examples are hard, or mislabelled, told by how their gradients move."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import numpy as np
from fastestimator.trace.trace import Trace
from fastestimator.util.base_util import to_list
from fastestimator.util.data import Data
from fastestimator.util.traceability_util import traceable

from fe_saliency.archive import new_run
from fe_saliency.atomic import writable
from fe_saliency.backend import to_numpy
from fe_saliency.checks import key, whole
from fe_saliency.display import to_unit
from fe_saliency.labels import class_numbers
from fe_saliency.saliency_net import SaliencyNet
from fe_saliency.say import warn
from fe_saliency.trace.examples import Examples, fingerprints
from fe_saliency.trace.extremes import write
from fe_saliency.trace.guard import Guard
from fe_saliency.trace.registration import MODES, Places
from fe_saliency.trace.samples import Place
from fe_saliency.vog import pixel_gradients


@traceable()
class VarianceOfGradients(Trace):
    """Rank examples by the Variance of Gradients (`fe_saliency.vog.VoG`) of their true class over the epochs.

    One gradient per example and epoch, taken of each batch as it passes. An example is told by its place in the
    dataset, so the data must come in the same order, unchanged, every epoch, and it is checked that they do. In eval
    mode FastEstimator does not shuffle; to rank the training data, give them once more: `fe.Pipeline(train_data=data,
    eval_data={"train": data, ...})`, with ops that augment in `mode="train"` only, and `ds_id="train"` here.

    When the training ends, a folder of its own in `save_dir`, named as by `fe_saliency.archive.new_run`, receives for
    each mode and dataset id `vog_<mode>[_<ds_id>].csv`, see `table`, and for images of 1 or 3 channels
    `vog_<mode>[_<ds_id>].png`: the hardest and the easiest examples of each class, each with the predicted class and
    its place. Memory is bounded: what is large moves to temporary files in `save_dir`.

    Args:
        model: A model compiled by `fe.build`.
        model_inputs: The key(s) of its inputs.
        model_outputs: The key of its output.
        class_key: The key of the true class: numbers (B,) or (B, 1), or one-hot (B, N).
        samples: None to follow all examples, or how many, from the first.
        mode: In which mode(s): None, or any of "train", "eval", "test", or these with "!" for all others.
        ds_id: For which dataset id(s): None, ids, or ids with "!" for all others. Each is ranked by itself.
        save_dir: Where the ranking is written at the end of a run; None for nowhere.
        every: Take the gradients in each epoch whose number it divides.
        score: What of the class is differentiated; see `SaliencyNet`. The method is defined for "logit" (behind a
            softmax it is known up to a constant per row, and the logits are taken to sum to zero). For wrong labels,
            "log_probability", which the loss is made of, did far better where it was measured, in
            `apphub_examples/mislabelled`.
        max_rows: How many inputs go through the model at once; "auto" chooses.
        strict: Whether an error, data that have changed among them, stops the training. If not, it is logged with its
            traceback (by the logger "fe_saliency"), the rest of that dataset's epoch is left out, and the training goes
            on.
        channel_axis: Where the channels of the model's inputs are: 1 for channels-first, -1 for channels-last; None for
            the framework's own layout. See `SaliencyNet`.

    Raises:
        ValueError: An argument out of its range; keys that do not match; several outputs.
        TypeError: An argument of the wrong kind.
        OSError: When a run begins: `save_dir` cannot be written to.
    """

    def __init__(
        self,
        model: Any,
        model_inputs: str | Sequence[str],
        model_outputs: str | Sequence[str],
        class_key: str,
        samples: None | int = None,
        mode: None | str | Iterable[str] = "eval",
        ds_id: None | str | Iterable[str] = None,
        *,
        save_dir: None | str = None,
        every: int = 1,
        score: str = "logit",
        max_rows: str | int = "auto",
        strict: bool = False,
        channel_axis: int | None = None,
    ) -> None:
        unused = [f"vog_{key}" for key in to_list(model_inputs)]  # no masks are asked for
        self.net = SaliencyNet(
            model, model_inputs, model_outputs, unused, score=score, max_rows=max_rows, channel_axis=channel_axis
        )
        if len(self.net.model_outputs) > 1:
            raise ValueError(
                f"`model_outputs` (={self.net.model_outputs}) must be one key: `class_key` is the class of one output."
            )
        self.class_key = key("class_key", class_key, "the true class")
        self.score = score
        self.samples = None if samples is None else whole("samples", samples)
        self.places = Places(mode, ds_id)
        self.save_dir = save_dir
        self.every = whole("every", every)
        self.guard = Guard(strict)
        self.run = new_run()
        self._examples: dict[Place, Examples] = {}
        self._row: dict[Place, int] = {}  # how many rows of this epoch have passed
        self._failed: set[Place] = set()  # in this epoch
        super().__init__(inputs=[*self.net.model_inputs, class_key], mode=mode, ds_id=ds_id)

    def on_begin(self, data: Data) -> None:
        if self.system.mode != "test" and self.system.epoch_idx == 0:  # RestoreWizard comes later.
            self._examples, self.run = {}, new_run()
            self.guard.begin()
        pipeline = self.system.pipeline
        epochs = range(1, max(1, self.system.total_epochs) + 1)
        present = {(mode, ds_id) for mode in MODES for each in epochs for ds_id in pipeline.get_ds_ids(each, mode)}
        if not any(self.places.hold(*place) for place in present):
            warn(
                f"The VarianceOfGradients trace works in mode(s) {self.places.modes} for dataset id(s) "
                f"{sorted(self.places.ds_ids) or 'any'}, but the pipeline has data for {sorted(present)} only: nothing "
                'will be ranked. Give `fe.Pipeline(eval_data={"train": train_data})`, or another `mode`.'
            )
        if self.save_dir is not None:
            writable("save_dir", self.save_dir)

    def on_epoch_begin(self, data: Data) -> None:
        self._row, self._failed = {}, set()

    def on_batch_end(self, data: Data) -> None:
        place = (self.system.mode, self.system.ds_id)
        if self.system.epoch_idx % self.every or place in self._failed:
            return
        where = f"epoch {self.system.epoch_idx} ({_name(place, ' ')})"
        with self.guard(f"The VarianceOfGradients trace could not take all of {where}"):
            self._take(place, data)
            return
        self._failed.add(place)

    def on_end(self, data: Data) -> None:
        if self.save_dir is None:
            return
        if not self._examples:
            warn(
                f"The VarianceOfGradients trace took no example, for no epoch that it works in is divided by `every` "
                f"(={self.every}): nothing is ranked, and what {self.save_dir!r} holds is of an earlier training."
            )
        folder = os.path.join(self.save_dir, self.run)
        for place, examples in self._examples.items():
            name = _name(place, " ")
            with self.guard(f"The VarianceOfGradients trace could not write the ranking of the {name} data"):
                if np.isfinite(examples.vog.scores()).any():
                    os.makedirs(folder, exist_ok=True)
                    write(os.path.join(folder, "vog_" + quote(_name(place, "_"), safe="")), examples)
                    print(f"FastEstimator-Saliency: wrote the ranking of the {name} data to {folder}")
                else:
                    warn(f"No example of the {name} data passed in two epochs or more: nothing can be ranked.")

    def table(self, mode: str = "eval", ds_id: str = "") -> dict[str, np.ndarray]:
        """The ranking so far: columns (N,), sorted by class and then from the hardest example to the easiest.

        Args:
            mode: The mode in which the examples passed.
            ds_id: Their dataset id; "" for the only dataset of a mode.

        Returns:
            "index" of the example in its dataset, its "class", "vog" and "z" (VoG in standard deviations from the mean
            of the class), both NaN with fewer than two epochs, "rank" in the class (1 is the hardest), "predicted"
            class and "score" of the true class in the last epoch, the number of "epochs", and in every row what of the
            class was "differentiated": the trace's `score`.

        Raises:
            ValueError: No examples have passed there.
        """
        if (mode, ds_id) not in self._examples:
            raise ValueError(f"No examples have passed in {(mode, ds_id)}, only in {sorted(self._examples)}.")
        return self._examples[mode, ds_id].table()

    def _take(self, place: Place, data: Data) -> None:
        start = self._row.get(place, 0)
        room = None if self.samples is None else self.samples - start
        if room == 0:
            return
        rows = {key: data[key][:room] for key in self.net.model_inputs}
        classes = class_numbers(self.class_key, to_numpy(data[self.class_key])[:room])
        arrays = [to_numpy(tensor) for tensor in rows.values()]
        marks = fingerprints([*arrays, classes])
        examples = self._examples.get(place) or self._new()
        examples.recognise(start, marks, f"the {_name(place, ' ')} data")
        found = self.net.attribute(rows, target=classes, diagnose=False)
        (output,) = self.net.model_outputs
        axis = self.net.channel_axis
        gradients = pixel_gradients({key: to_numpy(each) for key, each in found.maps.items()}, axis)
        facts = {"predicted": to_numpy(found.predictions[output]), "score": to_numpy(found.scores[output])}
        examples.take(start, marks, gradients, {"class": classes, **facts})
        if arrays[0].ndim == 4 and arrays[0].shape[axis] in (1, 3):
            examples.draw(start, to_unit(arrays[0], axis))
        self._examples[place] = examples
        self._row[place] = start + len(classes)

    def _new(self) -> Examples:
        return Examples(self.save_dir, sketched=self.save_dir is not None, score=self.score)

    def __getstate__(self) -> dict[str, Any]:
        # For RestoreWizard: what a resumed training needs; the rest is built anew by the constructor.
        examples = {place: examples.state() for place, examples in self._examples.items()}
        return {"examples": examples, "run": self.run, "score": self.score}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        if state.get("score", self.score) != self.score:
            raise ValueError(
                f"`score` (={self.score!r}) must be {state['score']!r} as before: the training that goes on has kept "
                "gradients of that."
            )
        self.run = state.get("run", "")  # Before there were names, files stood in `save_dir` itself.
        self._examples = {}
        for place, kept in state["examples"].items():
            self._examples[place] = self._new()
            self._examples[place].restore(kept)


def _name(place: Place, between: str) -> str:
    return between.join(part for part in place if part)
