"""The Saliency Trace: figures of saliency maps, epoch by epoch; the drop-in successor of `fe.trace.xai.Saliency`."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from fastestimator.trace.trace import Trace
from fastestimator.util.base_util import to_list
from fastestimator.util.data import Data
from fastestimator.util.traceability_util import traceable

from fe_saliency import checks
from fe_saliency.atomic import writable
from fe_saliency.display import SaliencyDisplay, Section
from fe_saliency.labels import Labels, check_feature_names, feature_names_of, one_per_row
from fe_saliency.record import Record
from fe_saliency.review import captions, sections
from fe_saliency.saliency_net import SaliencyNet
from fe_saliency.say import warn
from fe_saliency.trace.budget import Budget
from fe_saliency.trace.controls import Controls
from fe_saliency.trace.cost import cost
from fe_saliency.trace.explain import attributions, explain
from fe_saliency.trace.guard import Guard
from fe_saliency.trace.instruments import Instruments
from fe_saliency.trace.measures import Measures
from fe_saliency.trace.methods import Chosen, planned_maps
from fe_saliency.trace.recipe import Recipe, check_controls, recipe_of
from fe_saliency.trace.registration import MODES, Everywhere, Places
from fe_saliency.trace.samples import BATCH_ROWS, Rows, Samples, explainable
from fe_saliency.trace.scales import Scales
from fe_saliency.trace.tags import write_tags
from fe_saliency.trace.told import Told
from fe_saliency.trace.watching import checked_watch
from fe_saliency.watch import Region, Watch

#: The modes that belong to one run of the Estimator.
RUNS = {"fit": {"train", "eval"}, "test": {"test"}}


@traceable()
class Saliency(Trace):
    """Log a figure of saliency maps at the end of each epoch, of the same samples, noise and baselines every time.

    Columns: true class, predicted class, input, overlay (of the measured map), vanilla gradient, SmoothGrad-squared,
    Integrated Gradients, smoothed Integrated Gradients (squared); what is off, or has no key, has no column. With
    `methods` maps of one's own choice stand in the place of these four. The maps explain the class that the model
    predicts at that epoch.

    Args:
        model: A model compiled by `fe.build`.
        model_inputs: The key(s) of its inputs.
        model_outputs: The key(s) of its outputs.
        class_key: The key of the true class: numbers (B,) or (B, 1), one-hot (B, N), or names.
        label_mapping: {name: class number}. A class that it lacks is logged once, and shown by its number.
        outputs: The key(s) under which figures are left, one per model input:
            `fe.trace.io.TensorBoard(write_images=...)`, `ImageSaver` and `ImageViewer` take them. With several dataset
            ids a figure stacks them, labelled.
        samples: Which rows are drawn: None for the first batch (at most 16 rows), the number of rows to collect, or a
            dict of fixed rows by key (all `model_inputs`, and `class_key` if given). The first ones seen are copied and
            kept for the whole run, for each mode and dataset id.
        mode: In which mode(s) to compute: None, or any of "train", "eval", "test", or these with "!" for all others.
        ds_id: For which dataset id(s) to compute: None, ids, or ids with "!" for all others.
        smoothing: Noisy copies of the smoothed map; 0 for no such map.
        integrating: Path points of the integrated map, 0 for no such map; or (points, noisy copies of the combined
            map). A number alone takes `smoothing` for the second.
        every: Compute in each epoch whose number it divides; in test mode always.
        budget: The most gradient evaluations in an epoch, over all modes and dataset ids (a test run counts alone):
            None for no limit, a whole number, or a share (0 < share < 1) of the epoch's training time, which the first
            training epoch turns into a number for good, less the time that maps take beside gradients whatever the
            number of samples. Both are measured then, by computing the least useful maps and those that seem to fit,
            twice each: that epoch takes longer. Drawing, numbers, `watch` and files come on top. `smoothing` and
            `integrating`, or the samples of `methods`, are scaled down together to fit, at the least to 4 and (4, 2);
            it is printed what they become.
        seed: The seed of noise and random baselines.
        max_rows: How many inputs go through the model at once; "auto" chooses.
        strict: Whether an error while computing or drawing stops the training. If not, it is logged with its traceback
            (by the logger "fe_saliency"; the same error again in one line) and the training goes on.
        score: What of the class the maps explain, and the numbers "score" and "margin" tell: "output" (its unit as the
            model gives it), "logit", "log_probability" or "probability"; see `fe_saliency.op.Gather`. Give "logit" for
            a model that ends in a softmax: the surer it becomes, the flatter are its probabilities and their
            logarithms, so that maps of these fade on a common `scale`. Of a one-unit output "logit" says that it is a
            logit.
        scale: On which scale maps are drawn: "own" for each map's own, the number of an epoch for one scale of all
            epochs that is fixed then, or {map name: number}; see `fe_saliency.trace.scales`. Take a late epoch: on the
            scale of a model that has hardly learned all is bright later. Controls are always on their own. The colour
            bar says which.
        signed: Whether maps keep their sign, in colours whose white is zero; smoothed maps are means then. Those of
            `methods` whose maps have no sign (squares, variances, class activation maps) are drawn as ever.
        drawn: How many of the samples are drawn, from the first; None for all.
        tags: Whether each sample and map has a tag of its own in TensorBoard too, so that the step slider plays its
            history; only where `fe.trace.io.TensorBoard(write_images=...)` names the figure.
        measured: The map that numbers, overlay and controls are of: "vanilla", "smoothed", "integrated" or
            "smoothed_integrated", or with `methods` the name of one; None for the last of them that is computed.
        measures: Which numbers are told at the end of each epoch, under `<output>_<number>`: True for all, or any of
            "drift", "concentration", "trust", "decision", "region", "control"; see
            `fe_saliency.trace.numbers.GROUPS` and `fe_saliency.measure`. FE's traces may monitor them; the first drift
            is not defined, and between drawn epochs and after an error the last number stands or NaN, which for
            `EarlyStopping` is no improvement: give it a patience of more than `every`.
        reference: The epoch that drift is measured from, beside the epoch before.
        per_class: Whether numbers are told for each class too, under `<output>_<number>_class_<class>`. Of the true
            class, or without `class_key` of the explained one; under its name in `label_mapping`, with "_" for what a
            key cannot hold. Only with `label_mapping`, which tells the classes beforehand, may FE's traces monitor
            them.
        region_key: The key of the regions where the model should look: masks or boxes; see
            `fe_saliency.measure.regions`. It adds "region" to `measures`.
        watch: Regions where the model should not look (`fe_saliency.watch`), or a `Watch` with thresholds of one's
            own; it must name its `input` if the model has several, and its numbers, `<output>_<region>_<number>`, are
            under the output of that. A warning is logged when the model looks there and depends on what is there. It
            tests for what is named here, and finds no other shortcut. A region that does not fit the images is logged
            once and left out.
        controls: "untrained" and "randomised" draw the measured map of the model as it was when `fit` began (of a
            second `fit`: as the first one left it), and of its weights shuffled; both for the class that the trained
            model predicts. Each costs as much as that map. In a test run the first is known only after a `fit`. The
            second is what the number `emprt` is made of.
        save_dir: Where the raw maps of each epoch are kept (see `fe_saliency.archive`), in a folder for each training,
            and film strips are written at its end; None for nowhere.
        methods: None for the four standard maps; or the maps to compute instead, whatever `smoothing` and `integrating`
            say: a list of entries, called by their methods' names, or a dict {name of the map: entry}. An entry is a
            registered name, a `fe_saliency.Method`, or a pair of one of these and its number of samples, or a dict of
            "nsamples", "stdev_spread", "baseline" (an array: of one row) and, for class activation maps, "layer", as
            `SaliencyNet.attribute` takes them:
            `methods={"black": ("idgi", {"baseline": "zero"}), "blurred": ("idgi", {"baseline": "blur"})}`.
        feature_names: What bar charts call the features of inputs that are table rows, (B, F): F names, or with several
            inputs a dict of such lists by key. None for their indices. Another number of names is told at the first
            batch, and indices take their place.
        channel_axis: Where the channels of the model's inputs are: 1 for channels-first, -1 for channels-last; None for
            the framework's own layout. See `SaliencyNet`.

    Of table rows, (B, F), at most 8 features are drawn, the largest of the measured map; of volumes, three slices: of
    each third of the depth that with most attribution. What has more axes than a volume cannot be drawn: the figure
    says so, and the numbers are told all the same.

    Each `fit` is a training of its own: drift, scale and the "untrained" model begin anew, also if the Trace was used
    before; the samples stay. One that RestoreWizard resumes goes on with all of them. Samples that hold NaN or infinite
    numbers are told once, drawn as not finite, and left out of all numbers but `unusable`.

    Raises:
        ValueError: An argument out of its range, or of no use without another; keys that do not match; fixed samples
            that lack a key, or that a watched region or `feature_names` do not fit; maps of `methods` that the model,
            or in TensorFlow its `controls`, cannot have; too small a `budget` (also when a run begins, and its datasets
            are known).
        TypeError: An argument of the wrong kind.
    """

    def __init__(
        self,
        model: Any,
        model_inputs: str | Sequence[str],
        model_outputs: str | Sequence[str],
        class_key: str | None = None,
        label_mapping: Mapping[str, Any] | None = None,
        outputs: str | list[str] = "saliency",
        samples: None | int | Mapping[str, Any] = None,
        mode: None | str | Iterable[str] = ("eval", "test"),
        ds_id: None | str | Iterable[str] = None,
        smoothing: int = 25,
        integrating: int | tuple[int, int] = (100, 6),
        *,
        every: int = 1,
        budget: None | int | float = None,
        seed: int = 0,
        max_rows: str | int = "auto",
        strict: bool = False,
        score: str = "output",
        scale: str | int | Mapping[str, float] = "own",
        signed: bool = False,
        drawn: int | None = None,
        tags: bool = True,
        measured: str | None = None,
        measures: bool | str | Iterable[str] = False,
        reference: int = 1,
        per_class: bool = False,
        region_key: str | None = None,
        watch: None | Watch | Region | Sequence[Region] = None,
        controls: str | Iterable[str] = (),
        save_dir: None | str | PathLike = None,
        methods: Chosen = None,
        feature_names: None | Sequence[str] | Mapping[str, Sequence[str]] = None,
        channel_axis: int | None = None,
    ) -> None:
        self.net = SaliencyNet(
            model,
            model_inputs,
            model_outputs,
            outputs,
            score=score,
            seed=seed,
            max_rows=max_rows,
            channel_axis=channel_axis,
        )
        self.guard = Guard(checks.flag("strict", strict))
        self.score = score
        self.class_key = None if class_key is None else checks.key("class_key", class_key, "the true class")
        self.labels = Labels(label_mapping)
        self.feature_names = feature_names_of(feature_names, self.net.model_inputs)
        self.controls = Controls(self.net, controls)
        maps = planned_maps(methods, self.net)
        self.recipe = recipe_of(smoothing, integrating, bool(signed), measured, self.controls.names, maps)
        check_controls(self.recipe, self.net)
        self.scales = Scales(scale, [each.name for each in self.recipe.maps])
        self.instruments = Instruments(
            self.net,
            Measures(measures, region_key, reference, per_class, self.controls.names, self.labels),
            checked_watch(watch),
            None if save_dir is None else Path(save_dir),
            self.guard,
        )
        self.places = Places(mode, ds_id)
        self.every = checks.whole("every", every)
        self.drawn = None if drawn is None else checks.whole("drawn", drawn)
        self.tags = tags
        self._keys = list(dict.fromkeys(self.net.model_inputs + to_list(class_key) + self.instruments.keys))
        self.samples = Samples(self._keys, samples, padded=self.instruments.keys)
        if self.samples.fixed is not None:
            self.instruments.check(self.samples.fixed)
            for key, names in self.feature_names.items():
                check_feature_names(names, key, self.samples.fixed[key].shape)
        self._unchecked = set(self.feature_names if self.samples.fixed is None else ())  # no rows of these were seen
        self.budget = Budget(budget, self.recipe, self.samples.count)
        self._seen: list[str] = []  # the dataset ids of this epoch
        self._said: set[str] = set()
        self.told = Told(self.instruments.names)
        self._fresh = self._history()
        outputs = [*self.net.outputs, *self.instruments.names]
        super().__init__(inputs=self._keys, outputs=outputs, mode=None, ds_id=None)
        self.mode, self.ds_id = Everywhere(MODES), Everywhere(["*"])

    @property
    def inputs(self) -> list[str]:
        """The keys that FE must provide where it last asked about; see `fe_saliency.trace.registration`."""
        if self.samples.fixed is not None or not self.places.hold_any(self.mode.asked, self.ds_id.asked):
            return []
        return list(self._keys)

    @inputs.setter
    def inputs(self, keys: list[str]) -> None:
        self._keys = list(keys)

    def on_begin(self, data: Data) -> None:
        if self._run == "fit":  # In a test run the model is what it was trained to be.
            self._begin_training()
        running = RUNS[self._run]
        if not running.intersection(self.places.modes):
            return  # Meant for the other kind of run.
        rows = self._rows_per_epoch(running)
        if not rows:
            present = running & self.system.pipeline.get_modes()
            warnings.warn(
                f"The Saliency trace computes in mode(s) {self.places.modes} for dataset id(s) "
                f"{sorted(self.places.ds_ids) or 'any'}, but the pipeline has data for {sorted(present)} only: no "
                "figure will be drawn. Give `fe.Pipeline(eval_data=...)`, or another `mode`.",
                UserWarning,
                stacklevel=2,
            )
        else:
            if self.instruments.save_dir is not None:
                writable("save_dir", self.instruments.save_dir)
            self.budget.settle(self._run, rows)
            self._say_cost()

    def on_epoch_begin(self, data: Data) -> None:
        self._seen = []
        self.budget.time.on_epoch_begin(self.system.mode)

    def on_batch_end(self, data: Data) -> None:
        mode, ds_id = self.system.mode, self.system.ds_id
        self.budget.time.on_batch_end()
        for key in [key for key in self._unchecked if key in data]:
            self._check_feature_names(key, data[key].shape)
        if not self.places.hold(mode, ds_id):
            return
        if ds_id not in self._seen:
            self._seen.append(ds_id)
        if self.samples.wants((mode, ds_id)):
            with self.guard(f"The Saliency trace could not keep rows of {f'{mode} {ds_id}'.strip()} data"):
                left_out = self.samples.keep((mode, ds_id), data)
                if left_out:
                    print(
                        f"FastEstimator-Saliency: drawing the first {BATCH_ROWS} rows of the batch; "
                        f"`samples={BATCH_ROWS + left_out}` would draw all."
                    )

    def on_epoch_end(self, data: Data) -> None:
        mode = self.system.mode
        self.budget.time.on_epoch_end(mode)
        for ds_id in self._seen:
            self.samples.close((mode, ds_id))
        if not self._seen:
            return
        kept: dict[str, Rows] = {}
        for ds_id in self._seen if self.samples.fixed is None else self._seen[:1]:
            with self._guarded(mode, ds_id):
                rows = self.samples.at((mode, ds_id))
                if rows is not None:
                    self.instruments.meet((mode, ds_id), rows)
                    kept[ds_id] = rows
        with self._guarded(mode):
            self._fix_budget(mode, kept)
            if mode == "test" or self.system.epoch_idx % self.every == 0:
                self._review(mode, kept, data)
        self.told.complete(mode, data)

    def on_end(self, data: Data) -> None:
        self.instruments.end()

    def _check_feature_names(self, key: str, shape: Sequence[int]) -> None:
        """Refuse wrong names, or do without them, at the first batch of all: nothing has been computed yet."""
        self._unchecked.discard(key)
        with self.guard(f"The Saliency trace calls the features of '{key}' by their indices"):
            check_feature_names(self.feature_names[key], key, shape)
            return
        del self.feature_names[key]

    def _begin_training(self) -> None:
        if self.system.epoch_idx == 0:  # RestoreWizard, which runs later, puts back what it goes on with.
            self._go_on_from(self._fresh)
            self.instruments.begin()
            self.guard.begin()
        with self.guard("The Saliency trace could not remember the untrained model"):
            self.controls.begin()

    def _fix_budget(self, mode: str, kept: Mapping[str, Rows]) -> None:
        if self.budget.due:
            parts = [rows for rows in map(self._explained, kept.values()) if len(rows[self.net.model_inputs[0]])]
            if parts:
                self.budget.fix(*self._cost(mode, parts))
        if self.budget.open(self._run):
            self.budget.settle(self._run, self._rows_per_epoch(RUNS[self._run]))
        self._say_cost()

    def _cost(self, mode: str, parts: Sequence[Rows]) -> tuple[float, float]:
        """Seconds of a gradient evaluation, and those that maps take beside, in all modes of an epoch."""
        modes = sum(self._rows_per_epoch({each}) > 0 for each in RUNS[self._run])
        alone = self.net.seconds_per_gradient(parts[0])

        def compute(recipe: Recipe) -> None:
            for rows in parts:
                attributions(self.net, recipe, self.controls, rows, self.instruments.diagnose, self.guard)

        def renew() -> None:
            with self.system.network(mode=mode, epoch=self.system.epoch_idx, ds_id=self._seen[0]):
                pass

        with self.guard("The Saliency trace could not measure how long maps take as an epoch runs them"):
            count = sum(len(rows[self.net.model_inputs[0]]) for rows in parts)
            per_gradient, beside = cost(self.recipe, count, self.budget.allowed / modes, alone, compute, renew)
            return per_gradient, modes * beside
        return alone, 0.0

    def _review(self, mode: str, kept: Mapping[str, Rows], data: Data) -> None:
        """Compute the maps of this epoch, and leave figures and numbers."""
        records: list[Record] = []
        found: dict[str, dict[str, float]] = {}  # numbers by dataset id
        several = len(self._seen) > 1 and self.samples.fixed is None
        for ds_id, rows in kept.items():
            with self._guarded(mode, ds_id):
                records.append(self._record(rows, mode, ds_id))
                found[ds_id] = self.instruments.see(records[-1], rows)
            if ds_id not in found:
                found[ds_id] = self.instruments.failed(self._place(mode, ds_id))
        self.told.write(mode, found, several, data)  # First: what cannot be drawn has them all the same.
        stacks: list[list[Section]] = []
        for record in records:
            with self._guarded(mode, record.ds_id):
                stacks.append(sections(record, self.drawn, f"dataset {record.ds_id}" if several else None))
        if not stacks:
            return
        told = [captions(records[-1], key) for key in self.net.model_inputs]
        for key, stack, both in zip(self.net.outputs, zip(*stacks, strict=True), told, strict=True):
            display = SaliencyDisplay(list(stack), *both)
            display.prepare()  # Drawn here, where an error can be caught, and not in the trace that writes it.
            data.write_without_log(key, display)
            if self.tags:
                write_tags(self.system, key, stack)

    def _record(self, rows: Mapping[str, np.ndarray], mode: str, ds_id: str) -> Record:
        record = explain(
            self.net,
            self.budget.recipe(self._run),
            self.controls,
            self._inputs(rows),
            None if self.class_key is None else one_per_row(rows[self.class_key]),
            (self.system.epoch_idx, mode, ds_id),
            {
                "score": self.score,
                "class_key": self.class_key,
                "names": self.labels.mapping,
                "features": self.feature_names,
                "scales": None,
                "scale_origin": None,
            },
            self.instruments.diagnose,
            self.guard,
        )
        with self.guard(f"The Saliency trace could not tell the scale of epoch {self.system.epoch_idx}"):
            record.settings.update(self.scales.of(record))
        for classes in (record.labels, *record.predictions.values()):
            if classes is not None:
                self.labels.tell(classes)
        return record

    def _explained(self, rows: Rows) -> Rows:
        """The inputs of the rows that are explained."""
        inputs = self._inputs(rows)
        explained = explainable(inputs)
        return {key: array[explained] for key, array in inputs.items()}

    def _inputs(self, rows: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {key: rows[key] for key in self.net.model_inputs}

    def _place(self, mode: str, ds_id: str) -> str:
        return f"epoch {self.system.epoch_idx} ({' '.join(filter(None, (mode, ds_id)))})"

    def _guarded(self, mode: str, ds_id: str = "") -> AbstractContextManager[None]:
        return self.guard(f"The Saliency trace could not draw {self._place(mode, ds_id)}")

    @property
    def _run(self) -> str:
        return "test" if self.system.mode == "test" else "fit"

    def _rows_per_epoch(self, modes: Iterable[str]) -> int:
        """How many rows the largest epoch of this run draws in these modes, over all dataset ids."""
        epochs = range(1, max(1, self.system.total_epochs) + 1)
        return max(self.samples.of_epoch(each, self.system.pipeline, modes, self.places) for each in epochs)

    def _say_cost(self) -> None:
        line = self.budget.line(self._run, self.samples, self.every)
        if line not in self._said:
            self._said.add(line)
            print(line)
            if self.budget.overspent(self._run):
                warn(
                    f"`budget` (={self.budget.share:g}) is too little for even the least useful maps, which are drawn "
                    "all the same: raise it, or draw fewer `samples` or maps."
                )

    def __getstate__(self) -> dict[str, Any]:
        # For RestoreWizard: what a resumed training needs; the rest is built anew by the constructor.
        return {
            "samples": self.samples.state(),
            "seed": self.net.seed,
            "budget": self.budget.state(),
            "run": self.instruments.run,
            **self._history(),
        }

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self.samples.restore(state["samples"])
        self.net.seed = state["seed"]
        self.budget.restore(state["budget"])
        self.instruments.run = state.get("run", "")  # Before there were names, files stood in `save_dir` itself.
        self._go_on_from(state)

    def _history(self) -> dict[str, Any]:
        """What later epochs of a training are compared with."""
        return {
            "scales": self.scales.state(),
            "measures": self.instruments.measures.state(),
            "controls": self.controls.state(),
            "numbers": self.told.state(),
        }

    def _go_on_from(self, history: Mapping[str, Any]) -> None:
        """Take over what `_history` returned, in this version or an earlier one."""
        self.scales.restore(history["scales"])
        self.instruments.measures.restore(history["measures"])
        self.controls.restore(history["controls"])
        self.told.restore(history.get("numbers", {}))
