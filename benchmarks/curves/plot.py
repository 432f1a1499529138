"""The plots: one panel per model and score, error over gradients, both logarithmic."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter  # noqa: E402

from benchmarks.curves.table import curve, schemes  # noqa: E402
from benchmarks.curves.words import FASTESTIMATOR, INTEGRATED, MODELS, SCORES, STEPS, TITLES  # noqa: E402

PLOTS = {
    "error_smoothgrad.png": ("smoothgrad", "smoothgrad_squared"),
    "error_integrated.png": ("given", "random"),
}
#: What the package does, by the name of the scheme.
_OURS = {
    "antithetic pairs": "ours",
    "midpoint": "ours",
    "trapezoid, halved": "ours for a tolerance",
    INTEGRATED: "ours",
    "mirrored draws, open-ended": "ours for a tolerance",
}
_COLOURS = ("#999999", "#0072b2", "#d55e00", "#009e73", "#cc79a7")
_MARKERS = ("o", "s", "^", "D", "v")
_STYLE = {
    "font.size": 9.5,
    "axes.edgecolor": "#999999",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": "#e4e4e4",
}


def draw(errors, folder):
    """The files of the plots for which there are results."""
    with plt.rc_context(_STYLE):
        return [_figure(errors, families, folder / name) for name, families in PLOTS.items()]


def _figure(errors, families, path):
    panels = [(model, score) for model in errors for score in errors[model]]
    figure, grid = plt.subplots(
        len(families),
        len(panels),
        figsize=(2.6 + 2.8 * len(panels), 1 + 3.5 * len(families)),
        squeeze=False,
        layout="constrained",
    )
    for row, family in enumerate(families):
        for axes, (model, score) in zip(grid[row], panels, strict=True):
            _panel(axes, errors, model, score, family)
            axes.set_title(f"{MODELS[model]}\n{SCORES[score]}", fontsize=10)
        grid[row][0].set_ylabel(f"{TITLES[family]}\nrelative error of the map", fontsize=10)
        lines, names = grid[row][0].get_legend_handles_labels()
        grid[row][-1].legend(lines, names, loc="upper left", bbox_to_anchor=(1.02, 1), frameon=False)
    figure.suptitle("How far a map is from a converged one, by the gradients spent on it", fontweight="bold")
    figure.supxlabel("gradient evaluations per image", fontsize=10)
    figure.savefig(path, dpi=130, facecolor="white")
    plt.close(figure)
    return path


def _panel(axes, errors, model, score, family):
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.grid(True, which="major")
    ours = [scheme for scheme in schemes(errors, family) if scheme != FASTESTIMATOR]
    for scheme, colour, marker in zip(ours, _COLOURS, _MARKERS, strict=False):
        points = curve(errors, model, score, family, scheme)
        label, width = (f"{scheme}\n({_OURS[scheme]})", 2.2) if scheme in _OURS else (scheme, 1.2)
        axes.plot(points.keys(), points.values(), marker=marker, ms=4, lw=width, color=colour, label=label)
    theirs = curve(errors, model, score, family, FASTESTIMATOR)
    if STEPS in theirs:
        axes.plot(theirs.keys(), theirs.values(), color="black", lw=1, ls=":")
        axes.plot(STEPS, theirs[STEPS], "*", ms=13, color="black", label=f"FastEstimator, {STEPS} steps")
        axes.axhline(theirs[STEPS], color="black", lw=0.6, alpha=0.5)
        axes.axvline(STEPS / 10, color="black", lw=0.6, alpha=0.5)
        axes.set_xlim(left=min(axes.get_xlim()[0], 8))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_formatter(NullFormatter())
    low, high = axes.get_ylim()
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high / low < 100 else (1,)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
