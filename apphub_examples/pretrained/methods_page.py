"""A page of saliency maps: a row for each picture, a column for each method, a band for methods of one kind."""

from time import perf_counter

from fe_saliency import noisy_weights, smooth
from fe_saliency.backend import to_numpy
from fe_saliency.display import (
    ImageColumn,
    MaskColumn,
    Section,
    SignedColumn,
    blend,
    blend_signed,
    channels_last,
    compose,
    to_mask,
    to_signed,
)
from fe_saliency.method import FromData, find

#: The key of the batch that holds the rows which expected gradients compare with.
REFERENCES = "references"

_NOISY, _GIVEN = {"nsamples": 100}, {"nsamples": 100, "baseline": "zero"}
_SMOOTHED = {"nsamples": (16, 16), "baseline": "zero"}
#: {band: {method: what `SaliencyNet.attribute` is told beside it}}: all registered methods, and three composed ones.
BANDS = {
    "At the picture itself; then coarser maps: of the last layer, and of regions": {
        "gradient": {},
        "absolute_gradient": {},
        "squared_gradient": {},
        "gradient_x_input": {},
        "gradcam": {},
        "gradcam_plus_plus": {},
        "layercam": {},
        "xrai": {"nsamples": 50},
    },
    "Over noisy copies of the picture, of the network, or of both": {
        "smoothgrad": _NOISY,
        "smoothgrad_squared": _NOISY,
        "vargrad": _NOISY,
        "smooth(gradient_x_input)": _NOISY,
        "smooth(gradcam)": {"nsamples": 25},
        "noisegrad": {"nsamples": 25},
        "noisy_weights(gradient, 0.05)": {"nsamples": 25},
        "fusiongrad": {"nsamples": (10, 10)},
    },
    "Along a path from a baseline to the picture, or to noisy copies of it": {
        "integrated_gradients": _GIVEN,
        "smoothed_integrated_gradients": _SMOOTHED,
        "smoothed_integrated_gradients_squared": _SMOOTHED,
        "integrated_gradients_variance": _SMOOTHED,
        "expected_gradients": {"nsamples": 200, "baseline": FromData(REFERENCES)},
        "blur_integrated_gradients": {"nsamples": 100},
        "idgi": _GIVEN,
        "guided_integrated_gradients": _GIVEN,
    },
}
COMPOSED = {
    "smooth(gradient_x_input)": smooth("gradient_x_input"),
    "smooth(gradcam)": smooth("gradcam"),
    "noisy_weights(gradient, 0.05)": noisy_weights("gradient", stdev=0.05),
}
NAMES = [name for band in BANDS.values() for name in band]
_CELL = 120  # The side of a picture on the page, in pixels
_LINE = "{:38} {:>9} {:>8}  {}"


def page(net, batch, pictures, beside=(), names=NAMES, nsamples=None, overlay=False, scale=1):
    """Explain every picture by every method, and print what each cost.

    Args:
        net: A `SaliencyNet` of one input, an image.
        batch: What the network takes, B rows; for "expected_gradients" also other rows, under `REFERENCES`.
        pictures: The same for the eye, channels last, in [0, 1]: (B, H, W, C).
        beside: Columns that begin each band, such as the names of the classes.
        names: Which methods of `NAMES`.
        nsamples: About how many gradients each method takes for a picture; None for the numbers of `BANDS`.
        overlay: Whether each map lies over its picture.
        scale: Pixels of the page for one.

    Returns:
        (H, W, 3) uint8.
    """
    print(_LINE.format("method", "gradients", "seconds", "relative error"))
    factor = max(1, round(max(pictures.shape[1:3]) / (_CELL * scale)))
    pictures, sections = _pooled(pictures, factor), []
    for label, band in BANDS.items():
        columns = [_column(net, batch, name, how, nsamples, factor) for name, how in band.items() if name in names]
        if overlay:
            columns = [_over(pictures, column) for column in columns]
        if columns:
            label = label if sections else f"{label} (the numbers: gradients for each picture)"
            sections.append(Section([*beside, ImageColumn("picture", pictures), *columns], label))
    return compose(sections, scale=scale)


def _column(net, batch, name, how, nsamples, factor):
    begun = perf_counter()
    if nsamples is not None:
        how = {**how, "nsamples": _shared(name, nsamples)}
    method = find(COMPOSED.get(name, name))
    found = net.attribute(batch, method, **how)
    count, errors = found.gradient_evaluations.max(), found.relative_error
    told = "" if errors is None else f"{errors.min():.2f} to {errors.max():.2f}"
    print(_LINE.format(name, count, f"{perf_counter() - begun:.1f}", told).rstrip(), flush=True)
    (raw,) = found.maps.values()
    maps = _pooled(channels_last(to_numpy(raw), net.channel_axis), factor)
    title = f"{name.replace('(', ' (')} {count}"  # a line may end at a space
    if method.signed:
        return SignedColumn(title, to_signed(maps))
    return MaskColumn(title, to_mask(maps))


def _pooled(images, factor):
    """The means of squares of `factor` x `factor` pixels: what is averaged after it was scaled comes out faint."""
    rows, height, width, channels = images.shape
    height, width = height // factor, width // factor
    squares = images[:, : height * factor, : width * factor].reshape(rows, height, factor, width, factor, channels)
    return squares.mean(axis=(2, 4))


def _over(pictures, column):
    if isinstance(column, SignedColumn):
        return ImageColumn(column.title, blend_signed(pictures, column.maps))
    return ImageColumn(column.title, blend(pictures, column.masks))


def _shared(name, nsamples):
    """`nsamples` gradients, shared among the brackets of a method: of two, each has the root of it."""
    brackets = len(find(COMPOSED.get(name, name)).brackets)
    return (max(2, round(nsamples ** (1 / max(1, brackets)))),) * brackets
