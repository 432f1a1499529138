"""The raw maps of a training on disk: `save` one epoch, `load` the run."""

from fe_saliency.archive.run import Run, load
from fe_saliency.archive.saving import save

__all__ = ["Run", "load", "save"]
