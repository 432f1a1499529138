"""A Trace that watches regions, epoch by epoch, and warns."""

import numpy as np
from fastestimator.trace.trace import Trace
from fastestimator.util.traceability_util import traceable

from fe_saliency import SaliencyNet
from fe_saliency.backend import to_numpy
from fe_saliency.watch import Watch


@traceable()
class Watching(Trace):
    """Examine regions after each evaluation, on the first rows that were ever seen.

    Args:
        model: A model compiled by `fe.build`.
        model_inputs: The key of its images.
        model_outputs: The key of its output.
        watch: The regions.
        samples: How many rows.
        method: Which map tells where the model looks.
    """

    def __init__(self, model, model_inputs, model_outputs, watch, samples=64, method="smoothgrad_squared"):
        super().__init__(inputs=model_inputs, mode="eval")
        self.net = SaliencyNet(model, model_inputs, model_outputs)
        self.watch = Watch(watch)
        self.samples = samples
        self.method = method
        self.rows = []
        self.findings = {}  # {epoch: one finding for each region}

    def on_batch_end(self, data):
        missing = self.samples - sum(map(len, self.rows))
        if missing > 0:
            self.rows.append(to_numpy(data[self.inputs[0]])[:missing].copy())

    def on_epoch_end(self, data):
        batch = {self.inputs[0]: np.concatenate(self.rows)}
        found = self.watch.examine(self.net, batch, self.net.attribute(batch, self.method).maps)
        self.findings[self.system.epoch_idx] = found
        for finding in found:
            for name, value in finding.numbers.items():
                data.write_with_log(f"{finding.region} {name}", value)
            if finding.warns:
                print(f"Watch, epoch {self.system.epoch_idx}: {finding}.")
