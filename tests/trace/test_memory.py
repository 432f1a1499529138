"""A long training with every instrument takes no more memory at its end than after its first epochs."""

import os
from pathlib import Path
from statistics import median

import pytest
from fastestimator.trace.io import TensorBoard
from fastestimator.trace.trace import Trace
from training import classifier, dataset, estimator, saliency

from fe_saliency.watch import Border, Corner

STATM = Path("/proc/self/statm")
#: Megabytes. Figures that are kept, or a graph that is built anew, in each epoch are far above.
LIMIT = 12


class Memory(Trace):
    """The resident megabytes at the end of each epoch, after all other traces."""

    def __init__(self):
        super().__init__(inputs="*", mode="eval")
        self.found = []

    def on_epoch_end(self, data):
        self.found.append(int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_memory_does_not_grow_over_fifty_epochs(backend, tmp_path):
    trained, memory = classifier(backend, optimizer="adam"), Memory()
    trace = saliency(
        trained, mode="eval", smoothing=2, integrating=(2, 2), samples=2, measures=True, per_class=True, scale=1,
        watch=[Corner("top left", 2), Border(1)], controls=("untrained", "randomised"), save_dir=tmp_path / "maps",
    )  # fmt: skip
    board = TensorBoard(str(tmp_path / "board"), write_images="saliency", write_graph=False)
    traces = [trace, board, memory]
    estimator(backend, trained, traces, evaluation=dataset(backend, seed=1), epochs=50).fit(warmup=False)
    assert len(memory.found) == 50
    # Medians, for the allocator gives back and takes again.
    assert median(memory.found[45:]) - median(memory.found[10:15]) < LIMIT, memory.found
