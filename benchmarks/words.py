"""Names and numbers as the report and the plots show them."""

MODELS = {
    "lenet": "LeNet",
    "resnet9": "ResNet9",
    "efficientnet": "EfficientNet-Lite0",
    "squeezenet": "SqueezeNet 1.1",
}
BACKENDS = {"torch": "PyTorch", "tf": "TensorFlow"}
METHODS = {
    "smoothgrad": "SmoothGrad",
    "integrated_gradients": "IG from zero",
    "integrated_gradients_uniform": "IG from random",
}
PEERS = {
    "torch": ("bare loop", "FastEstimator", "captum", "PAIR saliency"),
    "tf": ("bare loop", "FastEstimator", "xplique", "tf-explain"),
}


def number(value):
    """Three digits, without an exponent."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def time(seconds):
    """Seconds or milliseconds."""
    return f"{number(seconds)} s" if seconds >= 1 else f"{number(1e3 * seconds)} ms"


def precise(value):
    """As `number` with a digit more, by which what just falls short differs from what does not."""
    return f"{value:.3f}" if value < 10 else number(value)


def spread(found, show=number, middle=None):
    """The median, by `middle` if that is given, and the least and the greatest if there are several."""
    text = (middle or show)(found["median"])
    return f"{text} (once)" if found["n"] == 1 else f"{text} ({number_range(found, show)})"


def number_range(found, show=number):
    """The least and the greatest."""
    return f"{show(found['min'])} to {show(found['max'])}"


def judged(found, reached):
    """As `spread`, in bold and with a cross where the goal is missed."""
    return spread(found) if reached else f"**{spread(found, middle=precise)}** ✗"


def table(header, rows):
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def shape(row):
    """(28, 28, 1) as 28x28x1."""
    return "x".join(str(length) for length in row)


def cases(rows, backend):
    """(model, images, method, result of the row, result of the method) of all maps, by model and number of images."""
    for model, images, result in _results(rows, "maps", backend):
        for method, found in result["methods"].items():
            yield model, images, method, result, found


def method_cases(rows, backend):
    """(model, images, method, its result) of all methods of the rows that have every method, in the same order."""
    for model, images, result in _results(rows, "methods", backend):
        for method, found in result["methods"].items():
            yield model, images, method, found


def _results(rows, kind, backend):
    """(model, images, result) of the rows of one kind that were measured, whenever that was."""
    found = []
    for name, row in rows.items():
        what, *rest = name.split()
        if what == kind and rest[0] == backend and "result" in row:
            found.append((list(MODELS).index(rest[1]), int(rest[2]), rest[1], row["result"]))
    for _, images, model, result in sorted(found, key=lambda each: each[:2]):
        yield model, images, result


def over_ours(rows, backend, peer):
    """(ratio, where) of all cases that a peer was measured in: its time over ours; for the bare loop ours over its."""
    found = []
    for model, images, method, _, result in cases(rows, backend):
        ratio = result["ours_over_bare"] if peer == "bare loop" else result["over_ours"].get(peer)
        if ratio is not None:
            found.append((ratio, f"{MODELS[model]}, {images} image{'s' * (images > 1)}, {METHODS[method]}"))
    return found
