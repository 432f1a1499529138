"""The plots of the report."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter  # noqa: E402

from benchmarks.goals import BARE_LIMIT  # noqa: E402
from benchmarks.words import BACKENDS, METHODS, MODELS, PEERS, cases  # noqa: E402

_COLOURS = ("#6b6b6b", "#d55e00", "#0072b2", "#009e73")
_MARKERS = ("D", "o", "s", "^")
_SHIFTS = (0.21, -0.21, -0.07, 0.07)  # so that they do not hide each other
_INK = "#222222"
_STYLE = {
    "font.size": 10,
    "axes.edgecolor": "#999999",
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
}


def draw(rows, folder):
    """{name: file} of the plots for which there are results."""
    drawn = {}
    with plt.rc_context(_STYLE):
        for backend in BACKENDS:
            measured = list(cases(rows, backend))
            if measured:
                drawn[backend] = _save(_ratios(measured, backend), folder / f"benchmark_{backend}.png")
        grids = {backend: _cells(rows, backend) for backend in BACKENDS}
        if any(grids.values()):
            drawn["growth"] = _save(_growth(grids), folder / "benchmark_growth.png")
    return drawn


def _save(figure, path):
    figure.savefig(path, dpi=130, facecolor="white")
    plt.close(figure)
    return path


def _ratios(measured, backend):
    """One line per case, one dot per contestant: how many times as long as ours it takes."""
    figure, axes = plt.subplots(figsize=(9.2, 1.9 + 0.36 * len(measured)), layout="constrained")
    axes.set_xscale("log")
    labels, places, group, place = [], [], None, 0.0
    for model, images, method, _, found in measured:
        if (model, images) != group:
            place += 0.0 if group is None else 0.45
            group = (model, images)
        places.append(place)
        labels.append(f"{MODELS[model]}, {images} {'image' if images == 1 else 'images'}: {METHODS[method]}")
        for peer, colour, marker, shift in zip(PEERS[backend], _COLOURS, _MARKERS, _SHIFTS, strict=True):
            ratio = found["over_ours"].get(peer)
            if ratio:
                at = place + shift
                axes.plot([ratio["min"], ratio["max"]], [at, at], color=colour, lw=1.4, alpha=0.6, zorder=2)
                axes.plot(ratio["median"], at, marker, color=colour, ms=6, mec="white", mew=0.6, zorder=3)
        place += 1.0
    for peer, colour, marker in zip(PEERS[backend], _COLOURS, _MARKERS, strict=True):
        axes.plot([], [], marker, color=colour, ms=7, label=peer)
    axes.axvline(1, color=_INK, lw=1.4, zorder=1)
    axes.axvline(1 / BARE_LIMIT, color=_COLOURS[0], lw=1, ls=(0, (3, 3)), zorder=1)
    low, high = axes.get_xlim()
    low, high = min(low, 0.7), max(high, 2.2)
    axes.set_xlim(low, high)
    axes.axvspan(low, 1, color="#f3efe6", zorder=0)
    axes.set_yticks(places, labels)
    axes.set_ylim(places[-1] + 0.7, -0.7)
    _plain_ticks(axes.xaxis, high / low < 30)
    axes.grid(axis="x", color="#e2e2e2", lw=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    nsamples = measured[0][3]["nsamples"]
    axes.set_xlabel(
        f"time over fe_saliency's, {nsamples} gradients per image (median and range)\n"
        f"shaded: faster than fe_saliency; dashed: goal for the bare loop, 1 / {BARE_LIMIT:.2f}",
        fontsize=9.5,
    )
    figure.suptitle(f"{BACKENDS[backend]}: how much longer the others take", fontsize=13, fontweight="bold")
    axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1), ncols=4, frameon=False, handletextpad=0.1)
    return figure


def _plain_ticks(axis, narrow):
    axis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7) if narrow else (1, 3)))
    axis.set_minor_formatter(NullFormatter())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}x"))


def _cells(rows, backend):
    cells = rows.get(f"growth {backend} lenet", {}).get("result", {}).get("cells", [])
    return [cell for cell in cells if cell["seconds"]]


def _growth(grids):
    figure, panels = plt.subplots(1, len(grids), figsize=(9.2, 4.4), sharey=True, layout="constrained")
    for axes, (backend, cells) in zip(panels, grids.items(), strict=True):
        sizes = sorted({cell["rows"] for cell in cells})
        shades = plt.get_cmap("viridis")([0.85 * index / max(1, len(sizes) - 1) for index in range(len(sizes))])
        for images, shade in zip(sizes, shades, strict=True):
            line = sorted((cell["points"], cell["seconds"]["median"]) for cell in cells if cell["rows"] == images)
            axes.plot(*zip(*line, strict=True), "o-", color=shade, ms=5, lw=1.6)
            points, seconds = line[-1]
            ends = points == max(cell["points"] for cell in cells)  # else the label would lie on the lines below
            axes.annotate(
                f"{images} {'image' if images == 1 else 'images'}",
                (points, seconds),
                xytext=(7, 0) if ends else (-7, 7),
                textcoords="offset points",
                va="center",
                ha="left" if ends else "right",
                color=shade,
                fontsize=9,
            )
        if cells:
            _guides(axes, cells)
        axes.set(xscale="log", yscale="log", title=BACKENDS[backend], xlabel="samples (gradients per image)")
        axes.margins(x=0.12)
        axes.grid(color="#ececec", lw=0.7)
        axes.spines[["top", "right"]].set_visible(False)
        low, high = axes.get_xlim()
        axes.set_xlim(low, high * 2.4)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
    panels[0].set_ylabel("seconds per call")
    panels[0].yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    figure.suptitle("SmoothGrad on LeNet: time by samples and images (dotted: proportional)", fontweight="bold")
    return figure


def _guides(axes, cells):
    """Lines along which time is proportional to the number of gradients."""
    most = max(cells, key=lambda cell: cell["points"] * cell["rows"])
    points = sorted({cell["points"] for cell in cells})
    cost = most["seconds"]["median"] / (most["points"] * most["rows"])
    for images in sorted({cell["rows"] for cell in cells}):
        axes.plot(points, [cost * count * images for count in points], ":", color="#aaaaaa", lw=1, zorder=1)
