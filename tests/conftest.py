"""What every test shares: a quiet TensorFlow, few threads, and the two backends."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import pytest  # noqa: E402


@pytest.fixture(params=["tf", "torch"])
def backend(request):
    """The name of a backend, as FastEstimator writes it; a test that asks for it runs on both."""
    return request.param
