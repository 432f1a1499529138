"""What all rows of one run share."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Options:
    """
    Args:
        seconds: The time for one row; the least number of rounds may take longer.
        nsamples: Gradients per image.
        rounds: At least so many.
        settings: How many settings of a contestant are tried; None for all.
        quick: Whether only to see that everything works.
    """

    seconds: float = 60
    nsamples: int = 25
    rounds: int = 3
    settings: int | None = None
    quick: bool = False

    def state(self):
        """As a dict for JSON."""
        return asdict(self)


def quick(seconds=None):
    """The smallest run."""
    return Options(seconds=seconds or 3, nsamples=4, rounds=2, settings=2, quick=True)
