"""Plans: never above the limit, everything covered once, as few and as equal chunks as can be."""

from math import ceil, prod

import numpy as np
import pytest

from fe_saliency.plan import even, limit, pieces, share


def calls(batch, counts, room):
    """The number of model inputs of every chunk of a walk, as the driver plans them."""

    def sizes(rows, depth):
        if depth == len(counts):
            return [rows]
        found, at = [], 0
        while at < counts[depth]:
            size = share(room, rows, counts[depth + 1 :], counts[depth] - at)
            found += sizes(rows * size, depth + 1)
            at += size
        return found

    return [size for rows in pieces(batch, even(batch, room)) for size in sizes(len(rows), 0)]


def cases():
    rng = np.random.default_rng(0)
    for _ in range(300):
        depth = rng.integers(0, 4)
        yield int(rng.integers(1, 40)), tuple(rng.integers(1, 30, size=depth).tolist()), int(rng.integers(1, 200))


def test_chunks_stay_below_the_limit_and_cover_everything_once():
    for batch, counts, room in cases():
        walked = calls(batch, counts, room)
        assert max(walked) <= room, (batch, counts, room)
        assert sum(walked) == batch * prod(counts), (batch, counts, room)


def test_several_outer_samples_only_with_whole_inner_brackets():
    for batch, counts, room in cases():
        for depth in range(len(counts)):
            inner = prod(counts[depth + 1 :])
            size = share(room, min(batch, room), counts[depth + 1 :], counts[depth])
            assert size == 1 or size * inner * min(batch, room) <= room


def test_as_few_chunks_as_can_be_and_nearly_equal():
    for batch, _, room in cases():
        sizes = [len(rows) for rows in pieces(batch, even(batch, room))]
        assert len(sizes) == ceil(batch / room)
        assert len(set(sizes)) <= 2 and max(sizes) == ceil(batch / len(sizes))


@pytest.mark.parametrize(
    "room, rows, inner, left, size",
    [
        (64, 4, (), 25, 13),
        (100, 4, (), 25, 25),
        (60, 4, (5,), 3, 3),
        (45, 4, (5,), 3, 2),
        (19, 4, (5,), 3, 1),
        (50, 50, (), 25, 1),
        (1, 7, (3, 5), 4, 1),
        (64, 1, (), 1000, 63),
    ],
)
def test_known_shares(room, rows, inner, left, size):
    assert share(room, rows, inner, left) == size


def test_pieces_cover_once():
    assert pieces(7, 3) == [range(0, 3), range(3, 6), range(6, 7)]
    assert pieces(2, 5) == [range(0, 2)]


def test_auto_is_left_to_be_measured():
    assert limit("auto") is None


@pytest.mark.parametrize("value", [0, -1, 1.5, "many", True, None])
def test_wrong_limits(value):
    with pytest.raises(ValueError, match=r"`max_rows` \(=.*\) must be 'auto' or a whole number of at least 1"):
        limit(value)


def test_limit_takes_any_whole_number():
    assert limit(np.int64(3)) == 3
