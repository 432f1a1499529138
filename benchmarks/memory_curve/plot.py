"""The plot: resident memory over epochs, with and without the Trace."""

from statistics import median

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

from benchmarks.words import BACKENDS  # noqa: E402

_COLOURS = {"torch": "#d55e00", "tf": "#0072b2"}
_LINES = {"with": "-", "without": (0, (4, 2))}
#: By then all graphs and buffers are made.
_SETTLED = 15


def draw(found, path):
    """Draw what was measured.

    Args:
        found: {backend: {"with" or "without": [megabytes after each epoch]}}.
        path: The PNG.
    """
    with plt.rc_context({"font.size": 10, "axes.edgecolor": "#999999"}):
        figure, axes = plt.subplots(figsize=(9.2, 4.6), layout="constrained")
        for backend, runs in found.items():
            for kind, megabytes in runs.items():
                label = f"{BACKENDS[backend]} {kind} the Trace: {_growth(megabytes)}"
                epochs = range(1, len(megabytes) + 1)
                axes.plot(epochs, megabytes, ls=_LINES[kind], color=_COLOURS[backend], lw=1.6, label=label)
        axes.set(xlabel="epoch", ylabel="resident memory in MB", xlim=(0, None), ylim=(0, None))
        axes.grid(color="#ececec", lw=0.7)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1))
        figure.suptitle("LeNet on digits: memory with every instrument of the Trace, and without it", fontweight="bold")
        figure.savefig(path, dpi=130, facecolor="white")
        plt.close(figure)


def _growth(megabytes):
    """Between medians of five epochs, for the allocator gives back and takes again."""
    if len(megabytes) <= _SETTLED:
        return f"{megabytes[-1]:.0f} MB"
    return f"{median(megabytes[-5:]) - median(megabytes[_SETTLED - 5 : _SETTLED]):+.1f} MB after epoch {_SETTLED}"
