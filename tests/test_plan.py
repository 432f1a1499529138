"""Plans: never above the limit, everything covered once, as few and as equal chunks as can be."""

from math import ceil, prod

import numpy as np
import pytest

from fe_saliency.plan import Plan, limit, make, pieces, spent


def calls(plan, batch, counts):
    """The number of model inputs of every chunk of a walk."""

    def sizes(depth):
        if depth == len(counts):
            return [1]
        return [len(part) * inner for part in pieces(counts[depth], plan.samples[depth]) for inner in sizes(depth + 1)]

    return [len(rows) * size for rows in pieces(batch, plan.rows) for size in sizes(0)]


def problem(plan, batch, counts, max_rows):
    """What is wrong with a plan, or None."""
    walked = calls(plan, batch, counts)
    if max(walked) > max_rows:
        return "a chunk is above the limit"
    if sum(walked) != batch * prod(counts):
        return "not every sample of every row is computed once"
    cut = False
    for size, count in zip(reversed(plan.samples), reversed(counts), strict=True):
        if cut and size > 1:
            return "an inner bracket is cut although the chunk holds several samples of the outer one"
        cut = cut or size < count
    return None


def cases():
    rng = np.random.default_rng(0)
    for _ in range(300):
        depth = rng.integers(0, 4)
        yield int(rng.integers(1, 40)), tuple(rng.integers(1, 30, size=depth).tolist()), int(rng.integers(1, 200))


def test_plans_keep_the_rules():
    for batch, counts, max_rows in cases():
        plan = make(batch, counts, max_rows)
        assert problem(plan, batch, counts, max_rows) is None, (batch, counts, max_rows, plan)


def test_the_checker_can_fail():
    assert problem(Plan(4, (5,)), 4, (5,), 19) == "a chunk is above the limit"
    assert problem(Plan(1, (2, 2)), 1, (4, 4), 100).startswith("an inner bracket")


def test_as_few_chunks_as_can_be_and_nearly_equal():
    for batch, _, max_rows in cases():
        plan = make(batch, (), max_rows)
        sizes = [len(rows) for rows in pieces(batch, plan.rows)]
        assert len(sizes) == ceil(batch / max_rows)
        assert len(set(sizes)) <= 2, "a new shape is a new graph in TensorFlow"


@pytest.mark.parametrize(
    "batch, counts, max_rows, plan",
    [
        (4, (), 64, Plan(4, ())),
        (4, (25,), 64, Plan(4, (13,))),
        (4, (3, 5), 60, Plan(4, (3, 5))),
        (4, (3, 5), 45, Plan(4, (2, 5))),
        (100, (25,), 50, Plan(50, (1,))),
        (7, (3, 5), 1, Plan(1, (1, 1))),
    ],
)
def test_known_plans(batch, counts, max_rows, plan):
    assert make(batch, counts, max_rows) == plan


def test_pieces_cover_once():
    assert pieces(7, 3) == [range(0, 3), range(3, 6), range(6, 7)]
    assert pieces(2, 5) == [range(0, 2)]


def test_spent():
    assert (spent(()), spent((25,)), spent((6, 100))) == (1, 25, 600)


def test_auto_takes_fewer_of_larger_rows():
    sizes = [limit("auto", elements, 64) for elements in (1, 28 * 28, 224 * 224 * 3, 10**9)]
    assert sizes == sorted(sizes, reverse=True) and sizes[-1] == 1 and sizes[0] > sizes[2] > 1


@pytest.mark.parametrize("value", [0, -1, 1.5, "many", True, None])
def test_wrong_limits(value):
    with pytest.raises(ValueError, match=r"`max_rows` \(=.*\) must be 'auto' or a whole number of at least 1"):
        limit(value, 1, 64)


def test_limit_takes_any_whole_number():
    assert limit(np.int64(3), 10**9, 64) == 3
