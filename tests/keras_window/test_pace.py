"""Tests that the window evaluates the test set as often as time allows, and changes no result."""

import functools
import json
import time

import numpy as np
import pytest
from helpers import ROOT, result_of
from small_trainings import Act, six_panes, small_model, train

from keras_window import Accuracy, LivePlot, Loss, TestImages, live_plot, measuring, pace
from keras_window.measuring import Measurer
from keras_window.pace import Pace

import keras


class WorkedSeconds:
    """A clock of the seconds that this process computes, not those that it waits for other tests."""

    def __init__(self):
        self._slept = 0.0

    def perf_counter(self):
        return time.process_time() + self._slept

    def sleep(self, seconds):
        self._slept += seconds


ON_AN_IDLE_MACHINE = """
import argparse, runpy, time
from keras_window import display, live_plot, measuring, pace
for module in (display, live_plot, measuring, pace):
    module.time = argparse.Namespace(perf_counter=time.process_time)
sys.argv = {words}
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.fixture
def clock(monkeypatch):
    """The window's clock, as on an idle machine."""
    clock = WorkedSeconds()
    for module in (live_plot, measuring, pace):
        monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.mark.parametrize("validated", [True, False])
def test_a_network_that_predicts_slowly_still_has_a_dense_test_curve(
    validated, clock, digits, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Pace, "QUICK", 0)  # as if every evaluation took very long
    plot = LivePlot(six_panes(), digits, plot="file", out=".")
    model = train(digits, plot, validated=validated)
    steps, whole = (plot.records.curves[name].steps for name in ("val_accuracy", "val_accuracy (all)"))
    assert len([step for step in steps if 0 < step < 60]) >= 5
    assert len([step for step in steps if 60 < step < 120]) >= 3
    assert {60, 120} <= set(whole) <= {0, 15, 60, 120}  # 15: if all of it takes little of the training
    assert steps[-1] == plot.records.test.predicted_at == 120
    accuracy = model.evaluate(*digits[1], batch_size=1000, verbose=0, return_dict=True)["accuracy"]
    assert 1 - plot.records.test.misclassified().mean() == pytest.approx(accuracy, abs=1e-6)
    assert plot.records.curves["val_accuracy"].values[-1] == pytest.approx(accuracy, abs=1e-6)


@pytest.mark.parametrize("seconds, evaluated", [(40, []), (4000, [25])])
def test_a_test_set_that_takes_ten_seconds_is_evaluated_early_only_in_a_long_training(
    seconds, evaluated, clock
):
    paced, due = Pace(1000), []
    paced.expect(10.0)
    for step in range(1, 101):  # the first of four epochs
        clock.sleep(seconds / 400)
        early = paced.whole_due(step, 100, step / 400)
        if early or paced.sample_due(step, 100, step / 400):
            with paced.evaluating(step, True, early, True):
                clock.sleep(10.0)
            due.append(step)
    assert due[:1] == evaluated
    assert 10 * len(due[1:]) <= 1 + 0.02 * (seconds / 4 + 10 * len(due))


def test_the_window_shows_what_the_validation_predicted(digits, tmp_path, monkeypatch):
    """One evaluation of the test set serves both, and Keras' numbers stay the same to the last digit."""
    monkeypatch.chdir(tmp_path)
    x_test = digits[1][0]
    monkeypatch.setattr(Measurer, "evaluate_test_set", lambda *args, **settings: None)
    predicted, histories = [], []
    for shown in ("none", "file"):
        plot = LivePlot(six_panes(), digits, plot=shown, out=".")
        note = functools.partial(lambda test: predicted.append(test.predicted_at), plot.records.test)
        act = Act(note, after=61)  # after the first epoch
        model = train(digits, plot, act, epochs=3)
        histories.append(model.history.history)
    assert histories[0] == histories[1]
    assert predicted == [0, 60] and plot.records.test.predicted_at == 180
    assert plot.records.test.outputs == pytest.approx(
        model.predict(x_test, batch_size=1000, verbose=0), abs=1e-5
    )


def test_other_examples_than_the_window_shows_are_not_mistaken_for_them(digits, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (x, y), (x_test, y_test) = digits
    plot = LivePlot([Accuracy(), TestImages()], digits, plot="file", out=".")
    model = small_model()
    other = x_test[::-1], y_test[::-1]
    model.fit(
        x[:500], y[:500], verbose=0, callbacks=[plot], validation_data=other, validation_batch_size=1000
    )
    assert plot.records.test.outputs == pytest.approx(
        model.predict(x_test, batch_size=1000, verbose=0), abs=1e-5
    )


def test_the_last_picture_is_of_the_network_that_is_kept(digits, tmp_path, monkeypatch):
    """A callback may change the weights when the last validation is over."""
    monkeypatch.chdir(tmp_path)
    (x, y), test = digits
    plot = LivePlot([Accuracy(), TestImages()], digits, plot="file", out=".")
    model = small_model()
    earlier = [np.zeros((784, 10)), np.eye(10)[3]]  # predicts a 3 for all of them
    change = keras.callbacks.LambdaCallback(on_train_end=lambda logs: model.set_weights(earlier))
    model.fit(x[:500], y[:500], verbose=0, callbacks=[change, plot], validation_data=test)
    assert set(plot.records.test.predictions()) == {3}


def test_a_sample_of_the_test_set_has_all_its_classes(clock, digits, tmp_path, monkeypatch):
    """Also where the classes take turns."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Pace, "QUICK", 0)
    (x, y), (x_test, y_test) = digits
    turns = np.argsort(np.argsort(y_test, kind="stable") % 1000, kind="stable")
    plot = LivePlot(six_panes(), [(x, y), (x_test[turns], y_test[turns])], plot="file", out=".")
    seen = []
    metrics = Measurer._metrics
    monkeypatch.setattr(
        Measurer, "_metrics", lambda self, sample: seen.append(sample.y) or metrics(self, sample)
    )
    train(digits, plot, epochs=1)
    samples = [labels for labels in seen if len(labels) == 1000]
    assert samples and all(np.bincount(labels, minlength=10).min() > 60 for labels in samples)
    assert all(np.array_equal(labels, samples[0]) for labels in samples)  # always the same


def test_a_network_that_predicts_slowly_still_moves(tk, clock, digits, tmp_path, monkeypatch):
    """The first evaluation of the test set takes long, and no picture has to wait for it to be paid back."""
    monkeypatch.chdir(tmp_path)
    predict = Measurer._predict

    def predict_slowly(self, images):
        clock.sleep(len(images) / 4000)
        return predict(self, images)

    monkeypatch.setattr(Measurer, "_predict", predict_slowly)
    plot = LivePlot(six_panes(), digits, out=".")
    seen = []
    slow = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: clock.sleep(0.1))
    train(digits, plot, Act(lambda: seen.append(len(plot.display.times)), after=5),
          Act(lambda: seen.append(len(plot.display.times)), after=55), slow, epochs=1)  # fmt: skip
    assert seen[1] - seen[0] >= 10  # in 5 seconds


@pytest.mark.parametrize(
    "lesson, flags, toolkits",
    [
        ("mnist_1_softmax", ("--epochs", 3), ("TkAgg", "QtAgg")),
        ("mnist_4_batchnorm", ("--epochs", 1, "--train-size", 1500), ("TkAgg",)),
    ],
)
def test_the_window_changes_no_number_and_moves(
    lesson, flags, toolkits, screen, run, run_code, tmp_path, weights
):
    assert run(*flags, "--plot", "none", "--out", "none", lesson=lesson).returncode == 0
    assert not (tmp_path / "none" / "window.json").exists()
    plain = result_of(tmp_path / "none")
    for toolkit in toolkits:
        words = [str(ROOT / f"{lesson}.py"), *map(str, flags), "--plot=window", "--close", "--out", toolkit]
        done = run_code(ON_AN_IDLE_MACHINE.format(words=words), DISPLAY=screen, MPLBACKEND=toolkit)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        if "No window" in done.stdout:
            pytest.skip(done.stdout)
        assert all(map(np.array_equal, weights(tmp_path / "none"), weights(tmp_path / toolkit)))
        shown = result_of(tmp_path / toolkit)
        assert shown["test"] == plain["test"]
        cost = json.loads((tmp_path / toolkit / "window.json").read_text("utf-8"))
        # three a second, or at every other of the iterations, where these take long
        often = cost["pictures_per_second_at_first"] >= 1.5 or cost["pictures"] >= plain["steps"] / 2
        assert often, cost


@pytest.mark.parametrize("side, predicted", [(32, 60), (150, 60), (256, 20), (512, 12)])
def test_of_large_photos_fewer_are_predicted_for_a_picture(side, predicted, tmp_path):
    photos = np.zeros((100, side, side, 3), np.uint8), np.zeros(100, np.uint8)
    assert len(LivePlot([Loss()], (photos, photos), out=tmp_path).records.train.x) == predicted
