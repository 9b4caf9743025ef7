"""Tests of overlaid runs: their curves grow live, and are drawn over iterations or epochs."""

import shutil
from types import SimpleNamespace

import numpy as np
import pytest
from helpers import wait_for
from small_trainings import Act, six_panes, train

from keras_window import Accuracy, LivePlot
from keras_window.curves_file import read_curves, write_curves
from keras_window.dashboard import Dashboard
from keras_window.overlays import Follower, Overlay
from keras_window.records import Curve, Records
from keras_window.screens import File


def leave_curves(folder, count, value=0.5):
    """What a run has written after so many evaluations, one every 100 iterations, 200 to an epoch."""
    curve = Curve()
    for i in range(count):
        curve.add(100 * (i + 1), value)
    folder.mkdir(exist_ok=True)
    write_curves(folder, {"accuracy": curve} if count else {}, steps_per_epoch=200)


def shown(plot):
    """The points of the other run's training curve in the accuracy pane."""
    _, line, *_ = plot._panes[0]._others[0]
    return line.get_xydata().tolist()


def test_the_keys_of_a_race_name_both_runs_in_their_colours_with_the_other_s_result():
    x = np.array([100.0, 200.0])
    curves = {"accuracy": (x, x / 300), "val_accuracy": (x, x / 250), "val_accuracy (all)": (x[1:], [0.8125])}
    other = SimpleNamespace(name="--no-decay", races=True, end=200, curves=curves)
    records, pane = Records(test_name="test", overlays=[other]), Accuracy()
    dashboard = Dashboard(File().figure, [pane], records)
    dashboard.draw(dashboard.update(records, ""))
    legend = pane.axes.get_legend()
    written = [text.get_text() for text in legend.get_texts()]
    assert written == ["this run, test", "--no-decay, test 81.25%", "the same, train"]
    ours, *theirs = [line.get_color() for line in legend.get_lines()]
    _, train, test, dots = pane._others[0]
    assert ours == pane._test.get_color() != theirs[0]
    assert set(theirs) == {train.get_color()} == {test.get_color()} == {dots.get_color()}


def test_the_axis_counts_iterations_or_epochs(tmp_path):
    leave_curves(tmp_path / "run", 3)
    assert read_curves(tmp_path / "run")["accuracy"][0].tolist() == [100, 200, 300]
    assert read_curves(tmp_path / "run", "epochs")["accuracy"][0].tolist() == [0.5, 1, 1.5]


def test_a_file_of_an_earlier_version_is_read(tmp_path):
    (tmp_path / "curves.csv").write_text(
        "step,epoch,name,value\n1,0.5,loss,nan\n3,1.5,loss,2\n", newline="\r\n"
    )
    x, values = read_curves(tmp_path, "epochs")["loss"]
    assert x.tolist() == [0.5, 1.5] and values[1] == 2


@pytest.mark.parametrize("rows", ["3,1,loss,2\n2,1,loss,2\n", "inf,1,loss,2\n", "1,nan,loss,2\n"])
def test_iterations_that_run_back_or_nowhere_are_named(rows, tmp_path):
    (tmp_path / "curves.csv").write_text(f"step,epoch,name,value\n{rows}", "utf-8")
    with pytest.raises(OSError, match=r"curves\.csv is damaged \(its iterations are out of order\)"):
        read_curves(tmp_path)


def test_resume_says_that_earlier_curves_are_lost(digits, tmp_path, capsys):
    leave_curves(tmp_path, 3)
    content = (tmp_path / "curves.csv").read_bytes()
    (tmp_path / "curves.csv").write_bytes(
        content[: content.rindex(b"\n", 0, -1) + 1]
    )  # a whole row is missing
    plot = LivePlot(six_panes(), digits, plot="file", out=tmp_path, resume=True)
    train(digits, plot)
    said = capsys.readouterr().err.strip()
    assert said == f"{tmp_path / 'curves.csv'} is damaged (its checksum is wrong): its curves cannot be shown"
    assert read_curves(tmp_path)["loss"][0][-1] > 0  # the new ones


@pytest.mark.parametrize(
    "content", ["", "step,name,value\n1,loss,2\n", "step,epoch,name,value\n1,1,loss\n", "\0"]
)
def test_a_file_that_is_no_run_s_is_named(content, tmp_path):
    (tmp_path / "curves.csv").write_text(content, "utf-8")
    with pytest.raises(OSError, match=r"curves\.csv is damaged"):
        read_curves(tmp_path)


def test_another_run_is_followed_while_it_grows_is_damaged_restarts_and_goes(tmp_path):
    folder = tmp_path / "run"
    leave_curves(folder, 1)
    overlay = Overlay("run", folder)
    follower = Follower([overlay])

    def points():
        return len(overlay.curves.get("accuracy", ((), ()))[0])

    try:
        assert points() == 1
        leave_curves(folder, 4)
        wait_for(lambda: points() == 4, 5)
        (folder / "curves.csv").write_text("step,epo", "utf-8")  # half of it has come over the network
        overlay.refresh()
        assert points() == 4
        leave_curves(folder, 0)  # it starts again
        wait_for(lambda: points() == 0, 5)
        leave_curves(folder, 2)
        wait_for(lambda: points() == 2, 5)
        shutil.rmtree(folder)
        overlay.refresh()
        assert points() == 2
    finally:
        follower.end()


def test_the_other_run_s_curve_grows_in_the_picture(digits, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("keras_window.overlays.PAUSE", 0.01)
    leave_curves(tmp_path / "other", 1)
    plot = LivePlot(six_panes(), digits, plot="file", out=".", overlays=[tmp_path / "other"])
    seen = []

    def grow():
        seen.append(shown(plot))
        leave_curves(tmp_path / "other", 3)

    train(digits, plot, Act(grow))
    assert seen == [[[100, 0.5]]]
    assert shown(plot) == [[100, 0.5], [200, 0.5], [300, 0.5]]


def test_over_epochs_every_curve_and_band_ends_at_the_last_epoch(digits, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    leave_curves(tmp_path / "other", 4)
    plot = LivePlot(six_panes(), digits, plot="file", out=".", overlays=[tmp_path / "other"], x_axis="epochs")
    train(digits, plot)
    assert shown(plot)[-1] == [2, 0.5]
    accuracy, weights = plot._panes[0], plot._panes[3]
    assert accuracy._test.get_xdata()[-1] == weights._median.get_xdata()[-1] == 2
    for axes in (accuracy.axes, weights.axes):
        assert axes.get_xlabel() == "epochs" and axes.get_xlim() == (0, 2)
    curves = read_curves(tmp_path, "epochs")
    assert curves["val_accuracy"][0][-1] == 2 and np.all(np.diff(curves["accuracy"][0]) > 0)
