"""Variance of Gradients: laws and closed forms, a slow reference over stored gradients, memory, and resuming."""

import pickle
import tracemalloc

import numpy as np
import pytest

from fe_saliency.spool import Spool, with_room
from fe_saliency.vog import VoG, pixel_gradients

CHECKPOINTS, EXAMPLES = 5, 23


@pytest.fixture
def gradients():
    """(K, N, H, W), of examples of very different sizes."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(CHECKPOINTS, EXAMPLES, 4, 3)) * 10.0 ** rng.uniform(-3, 3, (EXAMPLES, 1, 1))


def slow_vog(gradients):
    """The definition, example by example and pixel by pixel."""
    found = []
    for example in range(gradients.shape[1]):
        roots = []
        for series in gradients[:, example].reshape(len(gradients), -1).T:
            mean = sum(series) / len(series)
            roots.append((sum((each - mean) ** 2 for each in series) / len(series)) ** 0.5)
        found.append(sum(roots) / len(roots))
    return np.array(found)


def wrong_vogs(gradients):
    """Mistakes that the comparison with the reference must notice."""
    yield "the sample variance", gradients.std(axis=0, ddof=1).mean(axis=(1, 2))
    yield "the variance, as the formula in the paper has it", gradients.var(axis=0).mean(axis=(1, 2))
    yield "the root of the mean", np.sqrt(gradients.var(axis=0).mean(axis=(1, 2)))
    yield "absolute gradients", np.abs(gradients).std(axis=0).mean(axis=(1, 2))


def run(gradients, batch=None, **options):
    """The statistic after all checkpoints, taken in batches."""
    vog, batch = VoG(**options), batch or gradients.shape[1]
    for checkpoint in gradients:
        for start in range(0, len(checkpoint), batch):
            vog.update(start, checkpoint[start : start + batch])
    return vog


@pytest.mark.parametrize("batch", [None, 1, 7])
def test_it_equals_the_slow_reference(gradients, batch):
    np.testing.assert_allclose(run(gradients, batch).scores(), slow_vog(gradients), rtol=1e-5)


def test_the_reference_can_tell_a_wrong_statistic(gradients):
    for name, wrong in wrong_vogs(gradients):
        assert np.abs(wrong / run(gradients).scores() - 1).max() > 0.05, name


def test_two_checkpoints_give_half_their_difference(gradients):
    expected = np.abs(gradients[0] - gradients[1]).mean(axis=(1, 2)) / 2
    np.testing.assert_allclose(run(gradients[:2]).scores(), expected, rtol=1e-5)


def test_gradients_that_stay_have_none(gradients):
    assert (run(np.repeat(gradients[:1], 4, axis=0)).scores() == 0).all()


def test_the_scale_passes_through_and_a_constant_map_changes_nothing(gradients):
    scores = run(gradients).scores()
    np.testing.assert_allclose(run(-3 * gradients).scores(), 3 * scores, rtol=1e-5)
    np.testing.assert_allclose(run(gradients + gradients[:1]).scores(), scores, rtol=1e-4)


def test_the_order_of_the_checkpoints_does_not_matter(gradients):
    np.testing.assert_allclose(run(gradients[::-1]).scores(), run(gradients).scores(), rtol=1e-5)


def test_it_stays_right_over_many_checkpoints_far_from_zero():
    gradients = 100 + np.random.default_rng(1).normal(size=(300, 3, 5))
    np.testing.assert_allclose(run(gradients).scores(), gradients.std(axis=0).mean(axis=1), rtol=1e-3)


def test_examples_may_come_late_and_lack_checkpoints(gradients):
    vog = run(gradients[:2, :20])
    vog.update(15, gradients[2, 15:])
    assert len(vog) == EXAMPLES
    assert vog.counts.tolist() == [2] * 15 + [3] * 5 + [1] * 3
    scores = vog.scores()
    np.testing.assert_allclose(scores[:15], slow_vog(gradients[:2, :15]), rtol=1e-5)
    np.testing.assert_allclose(scores[15:20], slow_vog(gradients[:3, 15:20]), rtol=1e-5)
    assert np.isnan(scores[20:]).all(), "one checkpoint does not vary"


def test_nothing_yet():
    vog = VoG()
    assert vog.scores().shape == vog.normalised(np.zeros(0, int)).shape == (0,)
    assert vog.ranking(np.zeros(0, int)) == {}


CLASSES = np.arange(EXAMPLES) % 3


def test_each_class_is_normalised_by_itself(gradients):
    vog = run(gradients)
    z, scores = vog.normalised(CLASSES), vog.scores()
    for each in range(3):
        mine = each == CLASSES
        assert abs(z[mine].mean()) < 1e-12
        np.testing.assert_allclose(z[mine].std(), 1)
        np.testing.assert_allclose(z[mine], (scores[mine] - np.mean(scores[mine])) / np.std(scores[mine]))


def test_a_class_that_does_not_vary_or_is_unknown():
    gradients = np.ones((2, 6, 4)) * [[[1]], [[2]]] * np.array([1, 1, 1, 2, 3, 5]).reshape(6, 1)
    vog = run(gradients)
    vog.update(6, gradients[0, :1])  # a seventh, with one checkpoint only
    z = vog.normalised(np.array([0, 0, 0, 1, 2, 2, 2]))
    assert z[:4].tolist() == [0, 0, 0, 0]
    np.testing.assert_allclose(z[4:6], [-1, 1])
    assert np.isnan(z[6])


def test_the_ranking_begins_with_the_hardest_and_ends_with_the_unknown(gradients):
    vog = run(gradients)
    vog.update(EXAMPLES, gradients[0, :1])
    classes = np.append(CLASSES, 1)
    ranking, scores = vog.ranking(classes), vog.scores()
    assert sorted(np.concatenate(list(ranking.values()))) == list(range(EXAMPLES + 1))
    for each, members in ranking.items():
        assert (classes[members] == each).all()
        known = scores[members][: len(members) - (each == 1)]
        assert (np.diff(known) <= 0).all()
    assert ranking[1][-1] == EXAMPLES


def test_a_file_holds_the_same_numbers_as_memory(gradients, tmp_path):
    kept, moved = run(gradients, 7), run(gradients, 7, memory=50, folder=str(tmp_path))
    assert np.array_equal(kept.scores(), moved.scores())
    assert not list(tmp_path.iterdir()), "the file has no name, and so vanishes by itself"


def test_memory_does_not_grow_with_examples_or_checkpoints():
    def peak(examples, checkpoints):
        batch = np.ones((50, 1000))
        tracemalloc.start()
        vog = VoG(memory=10_000)
        for _ in range(checkpoints):
            for start in range(0, examples, 50):
                vog.update(start, batch)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    few = peak(100, 1)
    assert peak(2000, 1) < few + 100_000, "16 MB of numbers"
    assert peak(100, 20) < few + 10_000


@pytest.mark.parametrize("memory", [10**6, 50])
def test_what_was_interrupted_goes_on(gradients, memory):
    first = run(gradients[:3], memory=memory)
    second = VoG(memory=memory)
    second.restore(pickle.loads(pickle.dumps(first.state())))
    first.update(0, np.ones((EXAMPLES, 4, 3)))  # what was lost
    for checkpoint in gradients[3:]:
        second.update(0, checkpoint)
    assert np.array_equal(second.scores(), run(gradients).scores())
    third = VoG()
    third.restore(VoG().state())
    assert len(third) == 0


def test_an_update_that_fails_leaves_no_trace(gradients, monkeypatch):
    vog = run(gradients[:2])
    before = vog.scores()
    with monkeypatch.context() as patch, pytest.raises(OSError, match="full"):
        patch.setattr(Spool, "write", lambda *_: (_ for _ in ()).throw(OSError("the disk is full")))
        vog.update(0, gradients[2])
    assert np.array_equal(vog.scores(), before)
    assert vog.counts.tolist() == [2] * EXAMPLES


@pytest.mark.parametrize("axis", [1, -1])
def test_channels_are_averaged_with_their_sign(axis):
    image = np.arange(12.0).reshape(1, 2, 3, 2) - 6
    image = np.moveaxis(image, -1, 1) if axis == 1 else image
    table = np.array([[1.0, -2]])
    found = pixel_gradients({"image": image, "table": table}, axis)
    assert found.tolist() == [[-5.5, -3.5, -1.5, 0.5, 2.5, 4.5, 1, -2]]


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda vog: vog.update(0, np.zeros((2, 5))), "`gradients` have 5 pixels per example, but had 12 before."),
        (
            lambda vog: vog.normalised(np.zeros(3)),
            r"`classes` has shape \(3,\), but must be \(23,\): one class per example.",
        ),
        (lambda vog: vog.ranking(np.zeros((23, 1))), r"`classes` has shape \(23, 1\)"),
    ],
)
def test_what_is_refused(gradients, call, message):
    with pytest.raises(ValueError, match=message):
        call(run(gradients))


def test_what_grows_row_by_row_is_seldom_copied():
    rows, copied = np.zeros(0, "int16"), 0
    for count in range(1, 1001):
        grown = with_room(rows, count)
        copied += len(rows) if grown is not rows else 0
        rows = grown
        rows[count - 1] = count
    assert copied < 2000 and rows[:1000].tolist() == list(range(1, 1001)) and not rows[1000:].any()
    assert len(with_room(rows, 5000)) == 5000


def test_counts_grow_that_way():
    vog, kept = VoG(), []
    for start in range(0, 1000, 2):
        vog.update(start, np.ones((2, 3)))
        kept.append(vog.counts)
        assert len(vog) == start + 2
    assert len({id(counts.base) for counts in kept}) < 12
    assert vog.counts.tolist() == [1] * 1000
    vog.update(0, np.ones((2, 3)))
    assert vog.counts.tolist() == [2] * 2 + [1] * 998


def test_a_spool_reads_what_was_written_and_zeros_elsewhere():
    for memory in (10**6, 10):
        spool = Spool((2,), "int16", memory)
        assert spool.read(3, 5).tolist() == [[0, 0], [0, 0]]
        spool.write(2, np.array([[1, 2], [3, 4]]))
        spool.write(3, np.array([[5, 6]]))
        assert spool.read(1, 6).tolist() == [[0, 0], [1, 2], [5, 6], [0, 0], [0, 0]]
        found = spool.read(2, 3)
        found += 1
        assert spool.read(2, 3).tolist() == [[1, 2]]
