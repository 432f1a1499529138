"""What every test shares: a quiet TensorFlow, few threads, and the two backends."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
# The nets are tiny: threads of two workers on two cores would mostly wait for each other.
for threads in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
    os.environ.setdefault(threads, "1")

import functools  # noqa: E402
import gc  # noqa: E402

import numpy as np  # noqa: E402
import pytest  # noqa: E402


@pytest.fixture(params=["tf", "torch"])
def backend(request):
    """The name of a backend, as FastEstimator writes it; a test that asks for it runs on both."""
    return request.param


@pytest.fixture(autouse=True, scope="session")
def segments_are_found_once():
    """Those of an image, which tests of XRAI share: they take half a second each, and are the same on both backends."""
    from fe_saliency import segments

    found = functools.lru_cache(512)(
        lambda data, dtype, shape, scales: original(np.frombuffer(data, dtype).reshape(shape), scales)
    )
    original = segments.felzenszwalb
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            segments,
            "felzenszwalb",
            lambda image, scales: found(image.tobytes(), image.dtype.str, image.shape, tuple(scales)),
        )
        yield


@pytest.fixture(autouse=True, scope="session")
def what_lasts_is_not_searched_for_garbage():
    """Keras collects garbage at every end of a Network, and would go through all that the packages hold each time."""
    import models  # noqa: F401

    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="module")
def nets_are_shared_within_a_file():
    """And no further, or their graphs would fill the memory."""
    import models

    yield
    models.shared_net.cache_clear()
