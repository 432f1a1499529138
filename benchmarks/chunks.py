"""How a loop written by hand cuts rows and samples into chunks."""

CHUNKS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 400, 800)


def sizes(rows, nsamples):
    """The chunk sizes worth a try, in rows that go through the model at once."""
    return [size for size in CHUNKS if size < rows * nsamples and size >= min(4, rows)] + [rows * nsamples]


def cut(rows, nsamples, size):
    """(rows, samples) of one chunk of about `size`: all rows at a time if they fit, and as many samples as fit then."""
    some = min(rows, size)
    return some, min(nsamples, max(1, size // some))


def probe(rows, nsamples):
    """For `Contestant.probe`: one whole chunk."""

    def least(size):
        some, few = cut(rows, nsamples, size)
        return few, some

    return least


def pieces(count, size):
    """`count` things, `size` at a time, as slices."""
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]
