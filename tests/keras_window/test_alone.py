"""Tests of the window in a program without lessons, and of the private names it uses of other libraries."""

import importlib.metadata

import numpy as np
import pytest
from small_trainings import six_panes, small_model, train

from keras_window import LivePlot
from keras_window.measuring import Measurer
from keras_window.screens import File
from keras_window.style import WIDTH, fit_text

import keras


def test_it_stands_alone(run_code, tmp_path):
    done = run_code("""
import keras
import numpy as np
from keras_window import Accuracy, LivePlot, Loss
x, y = np.zeros((90, 4), np.float32), np.zeros(90)
model = keras.Sequential([keras.Input([4]), keras.layers.Dense(2, activation="softmax")])
model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
plot = LivePlot([Accuracy(), Loss()], [(x, y), (x, y)], out="run", title="mine", close=True)
model.fit(x, y, epochs=2, verbose=0, callbacks=[plot])
plot.wait_until_closed()
print(sorted({name.partition(".")[0] for name in sys.modules} & {"common", "subjects", "slides", "drawing"}))
""")
    assert done.returncode == 0 and done.stdout.splitlines()[-1] == "[]", done.stderr
    assert {path.name for path in (tmp_path / "run").iterdir()} == {"dashboard.png", "curves.csv"}


@pytest.mark.parametrize(
    "options, error, message",
    [
        ({"panes": []}, ValueError, "one to six panes, not 0"),
        ({"overlays": ["nowhere"]}, OSError, "nowhere is not a run: it has no curves.csv"),
    ],
)
def test_a_wrong_use_is_an_error_of_python_s(options, error, message, digits, tmp_path):
    with pytest.raises(error, match=message):
        LivePlot(**{"panes": six_panes(), "data": digits, "out": tmp_path} | options)


@pytest.mark.parametrize("flag", ["--plot=web", "--share"])
def test_a_lesson_without_tornado_says_what_to_install(flag, run, tmp_path):
    (tmp_path / "tornado.py").write_text("raise ModuleNotFoundError('no tornado', name='tornado')")
    done = run("--train-size", 600, "--epochs", 1, flag, PYTHONPATH=str(tmp_path))
    assert done.returncode == 2
    assert done.stderr == "mnist_1_softmax.py: --plot web needs tornado: pip install tornado\n"


@pytest.mark.parametrize("fails", [False, True])
def test_after_the_training_a_model_evaluates_as_before(
    fails, digits, tmp_path, monkeypatch, errors_are_shown
):
    if fails:
        monkeypatch.setattr(Measurer, "measure", lambda self, everything: everything and 1 / 0)
    plot = LivePlot(six_panes(), digits, plot="file", out=tmp_path)
    model = train(digits, plot)
    assert plot.records.test.predicted_at == 120  # Keras' validation has given its outputs away
    assert not {"test_step", "compute_metrics"} & vars(model).keys() and model.test_function is None
    plain = small_model()
    plain.set_weights(model.get_weights())
    numbers = [one.evaluate(*digits[1], batch_size=1000, verbose=0) for one in (model, plain)]
    assert numbers[0] == numbers[1]


def test_keras_still_takes_a_test_step_of_the_model_s_own():
    """`ValidationOutputs` needs it; no public way gives away what `fit` finds while it validates."""
    model, seen = small_model(), []
    x, y = np.zeros((4, 28, 28, 1)), np.zeros(4)
    model.test_step = lambda *args: seen.append(args) or type(model).test_step(model, *args)
    model.test_function = None
    model.evaluate(x, y, verbose=0)
    assert seen, f"Keras {keras.__version__} goes by `model.test_step`: see validation_outputs.py"


def test_matplotlib_still_scales_a_figure_by_its_private_dpi():
    """`fit_text` needs it; there is no public way to say by what a screen's scale is multiplied."""
    figure = File().figure
    figure.set_size_inches(2 * WIDTH, 20)
    fit_text(figure)
    version = importlib.metadata.version("matplotlib")
    assert figure.dpi == figure._original_dpi == 200
    figure.canvas._set_device_pixel_ratio(2)
    assert figure.dpi == 400, f"matplotlib {version} goes by `figure._original_dpi`: see style.py"
