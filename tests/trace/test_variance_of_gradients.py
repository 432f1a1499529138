"""The VarianceOfGradients Trace against gradients by hand, and all that may go wrong with the data."""

import contextlib
import csv
import logging
from unittest.mock import patch

import fastestimator as fe
import numpy as np
import pytest
import torch
from fastestimator.trace.io import RestoreWizard
from fastestimator.trace.trace import Trace
from PIL import Image
from training import CLASSES, Die, Stop, classifier, dataset, estimator, images, labels, weights
from untouched import same, train

from fe_saliency.display import contact_sheet
from fe_saliency.trace import VarianceOfGradients
from fe_saliency.trace.examples import Examples
from fe_saliency.trace.extremes import ends

ROWS = 10  # with batches of 4, the last is smaller


def vog(model, **options):
    return VarianceOfGradients(model, "x", "y_pred", "y", **options)


class Recorder(Trace):
    """Keeps the model's weights after each epoch."""

    def __init__(self, model):
        super().__init__(mode="eval")
        self.model, self.kept = model, []

    def on_epoch_end(self, data):
        self.kept.append(weights(self.model))


class GoOn(Trace):
    """Lets a second `fit` go on with what the first one took, as RestoreWizard does."""

    def __init__(self, trace):
        super().__init__(mode="eval")
        self.trace, self.state = trace, None

    def on_begin(self, data):
        if self.state:
            self.trace.__setstate__(self.state)

    def on_end(self, data):
        self.state = self.trace.__getstate__()


def by_hand(backend, kept, count=ROWS, seed=1):
    """The gradients of the logit of the true class of `training.classifier`, for each kept model: (K, N, 64)."""
    x, y = images(backend, count, seed).reshape(count, -1).astype(np.float64), labels(count)
    found = []
    for first, bias, second, _ in kept:
        if backend == "torch":
            first, second = first.T, second.T
        slope = 1 - np.tanh(x @ first + bias) ** 2
        centred = second - second.mean(axis=1, keepdims=True)  # logits behind a softmax sum to zero
        found.append((slope * centred[:, y].T) @ first.T)
    return np.array(found)


def written(folder):
    """The folder of the only training that wrote there."""
    (one,) = folder.iterdir()
    return one


def scores(table):
    """VoG by the place of the example."""
    return table["vog"][np.argsort(table["index"])]


@pytest.mark.parametrize("every", [1, 2])
def test_it_equals_the_deviation_of_gradients_by_hand(backend, every):
    model = classifier(backend, "adam")
    trace, recorder = vog(model, every=every, strict=True), Recorder(model)
    estimator(backend, model, [trace, recorder], evaluation=dataset(backend, ROWS, seed=1), epochs=4).fit()
    gradients = by_hand(backend, recorder.kept[every - 1 :: every])
    table = trace.table()
    np.testing.assert_allclose(scores(table), gradients.std(axis=0).mean(axis=1), rtol=2e-3)
    assert (table["epochs"] == 4 // every).all()
    assert scores(table).min() > 1e-5


def test_the_table_is_sorted_by_class_and_difficulty(backend):
    model = classifier(backend, "adam")
    trace, recorder = vog(model), Recorder(model)
    estimator(backend, model, [trace, recorder], evaluation=dataset(backend, ROWS, seed=1), epochs=3).fit()
    table = trace.table()
    assert list(table) == ["index", "class", "vog", "z", "rank", "predicted", "score", "epochs", "differentiated"]
    assert table["class"].tolist() == [0] * 4 + [1] * 3 + [2] * 3
    assert table["rank"].tolist() == [1, 2, 3, 4, 1, 2, 3, 1, 2, 3]
    assert (labels(ROWS)[table["index"]] == table["class"]).all()
    for each in range(CLASSES):
        mine = table["class"] == each
        assert (np.diff(table["vog"][mine]) <= 0).all()
        assert abs(table["z"][mine].mean()) < 1e-9
    last = trace.net.attribute({"x": images(backend, ROWS, 1)}, target=labels(ROWS), score="logit")
    order = table["index"]
    assert (table["predicted"] == np.array(last.predictions["y_pred"])[order]).all()
    np.testing.assert_allclose(table["score"], np.array(last.scores["y_pred"])[order], atol=1e-5)


def test_the_training_ends_in_the_same_bits(backend, tmp_path):
    alone = train(backend, tmp_path)[1]
    watched = train(backend, tmp_path, lambda model: [vog(model, strict=True, save_dir=str(tmp_path))])[1]
    assert same(watched, alone)


def test_csv_and_table_say_the_same(tmp_path):
    model = classifier("torch", "adam")
    trace = vog(model, save_dir=str(tmp_path / "new" / "folder"), strict=True)
    estimator("torch", model, [trace], evaluation=dataset("torch", ROWS)).fit()
    with open(written(tmp_path / "new" / "folder") / "vog_eval.csv", newline="") as file:
        lines = list(csv.DictReader(file))
    table = trace.table()
    assert len(lines) == ROWS
    for row, line in enumerate(lines):
        assert line.pop("differentiated") == table["differentiated"][row] == "logit"
        assert {name: float(value) for name, value in line.items()} == {
            name: float(column[row]) for name, column in table.items() if name != "differentiated"
        }
    assert lines[0]["rank"] == "1", "no decimals"


def test_the_picture_shows_both_ends_of_each_class(backend, tmp_path):
    model = classifier(backend, "adam")
    trace = vog(model, save_dir=str(tmp_path), score="log_probability", strict=True)
    with patch("fe_saliency.trace.extremes.contact_sheet", wraps=contact_sheet) as drawn:
        estimator(backend, model, [trace], evaluation=dataset(backend, ROWS, seed=1)).fit()
    (groups,), table = drawn.call_args.args, trace.table()
    assert [group.pictures.title for group in groups][:2] == [
        f"Class 0, {end} by the VoG of the log-probability" for end in ("hardest", "easiest")
    ]
    pixels = np.rint(images(backend, ROWS, 1).reshape(ROWS, 8, 8, 1) * 255)
    shown = []
    for group, rows in zip(groups, ([0, 1], [3, 2], [4, 5], [6], [7, 8], [9]), strict=True):
        assert np.array_equal(group.pictures.images, pixels[table["index"][rows]])
        assert group.captions.texts == [f"{table['predicted'][row]} #{table['index'][row]}" for row in rows]
        assert group.captions.correct == [table["predicted"][row] == table["class"][row] for row in rows]
        shown += rows
    assert sorted(shown) == list(range(ROWS)), "each once"
    assert Image.open(written(tmp_path) / "vog_eval.png").size[0] > 300


def test_a_second_training_begins_anew_and_leaves_the_files_of_the_first(backend, tmp_path, capsys):
    trained = classifier(backend)
    trace, logs = vog(trained, save_dir=str(tmp_path)), []
    run = estimator(backend, trained, [trace], evaluation=dataset(backend, ROWS, seed=1), epochs=3)
    for _ in range(2):
        run.fit(warmup=False)
        logs.append(trace.table())
    assert (logs[0]["epochs"] == 3).all() and (logs[1]["epochs"] == 3).all()
    assert not np.array_equal(scores(logs[0]), scores(logs[1]))
    files = sorted(tmp_path.iterdir())
    assert len(files) == 2 and files[1].name == trace.run
    said = capsys.readouterr().out
    assert all(f"wrote the ranking of the eval data to {folder}\n" in said for folder in files)
    for folder, table in zip(files, logs, strict=True):
        with open(folder / "vog_eval.csv", newline="") as file:
            assert [float(line["vog"]) for line in csv.DictReader(file)] == table["vog"].tolist()


def test_that_nothing_was_ranked_is_said(tmp_path):
    trained = classifier("torch")
    trace = vog(trained, every=5, save_dir=str(tmp_path))
    with pytest.warns(UserWarning, match=r"no epoch .* divided by `every` \(=5\)"):
        estimator("torch", trained, [trace], evaluation=dataset("torch", ROWS, seed=1), epochs=2).fit(warmup=False)


def test_of_many_examples_the_ends_are_shown_and_of_unknown_ones_nothing():
    scores = np.concatenate([np.linspace(9, 1, 30), [2, 1, np.nan], [np.nan]])
    table = {"class": np.repeat([4, 5, 6], [30, 3, 1]), "vog": scores}
    found = {each: [rows.tolist() for rows in both] for each, both in ends(table).items()}
    assert found == {4: [[0, 1, 2, 3, 4, 5], [29, 28, 27, 26, 25, 24]], 5: [[30], [31]]}


def test_there_is_no_picture_of_tables(tmp_path):
    model = classifier("torch", shape=(64,))
    data = dataset("torch", ROWS, x=images("torch", ROWS).reshape(ROWS, 64))
    estimator("torch", model, [vog(model, save_dir=str(tmp_path), strict=True)], train=data, evaluation=data).fit()
    assert [path.name for path in written(tmp_path).iterdir()] == ["vog_eval.csv"]


def test_a_dataset_id_is_made_fit_for_a_file_name(tmp_path):
    model = classifier("torch")
    trace = vog(model, save_dir=str(tmp_path), strict=True)
    estimator("torch", model, [trace], evaluation={"a/b": dataset("torch"), "c": dataset("torch")}).fit()
    assert {path.name for path in written(tmp_path).glob("*.csv")} == {"vog_eval_a%2Fb.csv", "vog_eval_c.csv"}


def test_only_so_many_samples(backend):
    model = classifier(backend)
    trace = vog(model, samples=6, strict=True)
    estimator(backend, model, [trace], evaluation=dataset(backend, ROWS)).fit()
    assert sorted(trace.table()["index"]) == list(range(6))


def test_each_dataset_is_ranked_by_itself(backend, tmp_path):
    evaluation = {"a": dataset(backend, ROWS, seed=1), "b": dataset(backend, 3, seed=2), "c": dataset(backend)}
    model = classifier(backend, "adam")
    trace, recorder = vog(model, ds_id=["a", "b"], save_dir=str(tmp_path), strict=True), Recorder(model)
    estimator(backend, model, [trace, recorder], evaluation=evaluation, epochs=3).fit()
    assert {path.name for path in written(tmp_path).glob("*.csv")} == {"vog_eval_a.csv", "vog_eval_b.csv"}
    expected = by_hand(backend, recorder.kept).std(axis=0).mean(axis=1)
    np.testing.assert_allclose(scores(trace.table(ds_id="a")), expected, rtol=2e-3)
    assert len(trace.table("eval", "b")["index"]) == 3
    with pytest.raises(ValueError, match=r"No examples have passed in \('eval', 'c'\), only in \[\('eval', 'a'\)"):
        trace.table("eval", "c")


def test_labels_of_every_form():
    found = []
    for y in (labels(ROWS), labels(ROWS)[:, None], np.eye(CLASSES)[labels(ROWS)], labels(ROWS).astype("float32")):
        model = classifier("torch")
        trace = VarianceOfGradients(model, "x", "y_pred", "label", strict=True)
        data = dataset("torch", ROWS, label=y)
        estimator("torch", model, [trace], evaluation=data).fit()
        found.append(trace.table())
    assert all(np.array_equal(each["index"], found[0]["index"]) for each in found)


def test_an_epoch_that_is_cut_short_counts_for_the_rows_that_came():
    model = classifier("torch")
    trace = vog(model, strict=True)
    run = estimator("torch", model, [trace, GoOn(trace)], evaluation=dataset("torch", ROWS), epochs=2)
    run.fit()
    run.system.eval_steps_per_epoch = 2
    run.fit()
    table = trace.table()
    assert table["epochs"][np.argsort(table["index"])].tolist() == [4] * 8 + [2] * 2
    assert np.isfinite(table["vog"]).all()


class Shuffled(torch.utils.data.Dataset):
    """Rows in another order every time the first is asked for."""

    def __init__(self, backend):
        self.data, self.order, self.rng = dataset(backend, ROWS, seed=1), None, np.random.default_rng(0)

    def __len__(self):
        return ROWS

    def __getitem__(self, index):
        if index == 0:
            self.order = self.rng.permutation(ROWS)
        return self.data[int(self.order[index])]


def augmented(backend):
    class Noise(fe.op.numpyop.NumpyOp):
        def forward(self, data, state):
            return data + np.random.default_rng().random(data.shape, "float32")

    return [Noise("x", "x", mode="eval")]


@pytest.mark.parametrize("how", ["shuffled", "augmented", "relabelled"])
def test_data_that_change_are_noticed(how, caplog, tmp_path):
    def run(strict):
        model = classifier("torch")
        trace = vog(model, strict=strict, save_dir=str(tmp_path))
        data = Shuffled("torch") if how == "shuffled" else dataset("torch", ROWS)
        ops = augmented("torch") if how == "augmented" else ()
        made = estimator("torch", model, [trace, GoOn(trace)], evaluation=data, ops=ops, epochs=1)
        with pytest.warns(UserWarning, match="No example of the eval data passed in two epochs or more"):
            made.fit()
        if how == "relabelled":
            for row in range(ROWS):
                data.data[row]["y"] = (row + 1) % CLASSES
        return trace, made

    trace, made = run(strict=False)
    caplog.clear()
    with caplog.at_level(logging.ERROR), pytest.warns(UserWarning, match="No example"):
        made.fit()
    (record,) = caplog.records
    assert record.getMessage().startswith("The VarianceOfGradients trace could not take all of epoch 1 (eval); the tr")
    expected = (
        r"Example 0 of the eval data \(and [23] more of its batch\) is not the one that stood there.*ds_id=\"train\""
    )
    with pytest.raises(ValueError, match=expected):
        raise record.exc_info[1]
    assert (trace.table()["epochs"] == 1).all()
    assert not list(tmp_path.iterdir()), "there is nothing to rank"
    with pytest.raises(ValueError, match="is not the one that stood there"):
        run(strict=True)[1].fit()


def test_the_training_data_given_once_more(backend, tmp_path):
    model, data = classifier(backend), dataset(backend, ROWS)
    trace = vog(model, ds_id="train", save_dir=str(tmp_path), strict=True)
    estimator(backend, model, [trace], train=data, evaluation={"train": data, "other": dataset(backend)}).fit()
    assert (written(tmp_path) / "vog_eval_train.csv").is_file()


BROKEN = RuntimeError("the net is broken")


def test_an_error_is_logged_and_only_the_rest_of_that_epoch_is_lost(caplog):
    model = classifier("torch")
    trace = vog(model)
    attribute, calls = trace.net.attribute, []

    def fails_once(*args, **options):
        calls.append(args)
        if len(calls) == 5:
            raise BROKEN
        return attribute(*args, **options)

    with caplog.at_level(logging.ERROR), patch.object(trace.net, "attribute", fails_once):
        estimator("torch", model, [trace], evaluation=dataset("torch", ROWS), epochs=3).fit()
    (record,) = [record for record in caplog.records if record.name == "fe_saliency"]
    assert "epoch 2 (eval)" in record.getMessage()
    assert record.exc_info[1] is BROKEN
    table = trace.table()
    assert table["epochs"][np.argsort(table["index"])].tolist() == [3] * 4 + [2] * 6


def test_a_full_disk_leaves_the_former_ranking(tmp_path, caplog):
    model = classifier("torch")
    run = estimator("torch", model, [vog(model, save_dir=str(tmp_path))], evaluation=dataset("torch", ROWS))
    run.fit()
    before = {path: path.read_bytes() for path in tmp_path.glob("*/*")}
    with caplog.at_level(logging.ERROR), patch("os.replace", side_effect=OSError("the disk is full")):
        run.fit()
    assert "could not write the ranking of the eval data" in caplog.text
    assert {path: path.read_bytes() for path in tmp_path.glob("*/*")} == before
    assert "vog_eval.csv" in [path.name for path in before]


def test_restore_wizard_continues_the_statistic(backend, tmp_path):
    def run(die, trace_options):
        model = classifier(backend, "adam", name="restored")
        trace, recorder = vog(model, strict=True, **trace_options), Recorder(model)
        traces = [trace, recorder, Die(die), RestoreWizard(str(tmp_path / "wizard"))]
        return trace, recorder, estimator(backend, model, traces, evaluation=dataset(backend, ROWS, seed=1), epochs=4)

    options = {"save_dir": str(tmp_path / "ranking")}
    former, recorded, first = run(3, options)
    with pytest.raises(Stop):
        first.fit()
    before = list(recorded.kept)
    trace, recorded, second = run(None, options)
    second.fit()
    kept = before + recorded.kept[-2:]
    expected = by_hand(backend, kept).std(axis=0).mean(axis=1)
    np.testing.assert_allclose(scores(trace.table()), expected, rtol=2e-3)
    assert (trace.table()["epochs"] == 4).all()
    assert written(tmp_path / "ranking").name == trace.run == former.run
    assert {path.name for path in written(tmp_path / "ranking").iterdir()} >= {"vog_eval.csv"}


def test_gradients_of_another_score_are_not_mixed_in():
    model = classifier("torch")
    with pytest.raises(ValueError, match=r"`score` \(='logit'\) must be 'probability' as before"):
        vog(model, score="logit").__setstate__(vog(model, score="probability").__getstate__())


@pytest.mark.parametrize("how", ["a file", "not allowed"])
def test_a_folder_that_cannot_be_written_to_is_told_before_the_training(how, tmp_path):
    model = classifier("torch")
    before, folder = weights(model), tmp_path / "there"
    folder.touch() if how == "a file" else folder.mkdir()
    run = estimator("torch", model, [vog(model, save_dir=str(folder))], evaluation=dataset("torch"))
    denied = patch("fe_saliency.atomic.TemporaryFile", side_effect=PermissionError("Permission denied"))
    with (
        denied if how == "not allowed" else contextlib.nullcontext(),
        pytest.raises(
            OSError, match=r"`save_dir` \(='.*there'\) must be a folder that can be made and written to, but"
        ),
    ):
        run.fit()
    assert same(before, weights(model))


def test_what_is_known_of_examples_grows_without_copies_each_time():
    examples, kept = Examples(None, sketched=False, score="logit"), []
    facts = {name: np.array([1, 2]) for name in ("class", "predicted", "score")}
    for start in range(0, 1000, 2):
        examples.take(start, np.array([3, 4], "uint32"), np.ones((2, 3)), facts)
        kept.append(examples.known)
        assert len(examples) == start + 2
    assert len({id(known.base) for known in kept}) < 12
    assert examples.known["fingerprint"].tolist() == [3, 4] * 500 and examples.known["score"].tolist() == [1, 2] * 500


@pytest.mark.parametrize("options", [{"mode": "eval"}, {"mode": "eval", "ds_id": "train"}])
def test_a_pipeline_without_data_for_it_is_warned_of(options):
    model = classifier("torch")
    evaluation = {"other": dataset("torch")} if "ds_id" in options else None
    with pytest.warns(UserWarning, match="nothing will be ranked.*eval_data"):
        estimator("torch", model, [vog(model, **options)], evaluation=evaluation, epochs=1).fit()


@pytest.mark.parametrize(
    "options, error, message",
    [
        ({"model": "model"}, ValueError, "must have been compiled by FastEstimator"),
        ({"model_outputs": ["a", "b"]}, ValueError, r"`model_outputs` \(=\['a', 'b'\]\) must be one key"),
        ({"class_key": None}, TypeError, r"`class_key` \(=None\) must be the key of the true class."),
        ({"samples": 0}, ValueError, r"`samples` \(=0\) must be at least 1."),
        ({"every": 0}, ValueError, r"`every` \(=0\) must be at least 1."),
        ({"mode": "validation"}, ValueError, "`mode`"),
        ({"score": "loss"}, ValueError, "`score`"),
    ],
)
def test_bad_arguments_are_refused_at_construction(options, error, message):
    given = {"model": classifier("torch"), "model_inputs": "x", "model_outputs": "y_pred", "class_key": "y", **options}
    with pytest.raises(error, match=message):
        VarianceOfGradients(**given)


def test_names_are_no_class_numbers():
    model = classifier("torch")
    trace = VarianceOfGradients(model, "x", "y_pred", "label", strict=True)
    data = dataset("torch", label=labels() + 0.5)
    with pytest.raises(TypeError, match=r"`label` \(of dtype float64\) must hold class numbers"):
        estimator("torch", model, [trace], evaluation=data).fit()
