"""Runs the programs in programs/ without and with the window, and tells what the window changed.

    python run_programs.py FOLDER NAME ...

runs those that make sense on the backend KERAS_BACKEND, and prints a JSON object with what is wrong in each.
"""

import collections
import contextlib
import importlib.util
import io
import json
import sys
import tempfile
import traceback
import warnings
from pathlib import Path
from types import SimpleNamespace

import keras
import matplotlib
import numpy as np
from PIL import Image, ImageColor

sys.path.insert(0, str(Path(__file__).parents[2]))  # for `python run_programs.py`
from keras_window import LivePlot
from keras_window.style import TEST, TRAIN

PROGRAMS = sorted(path.stem for path in (Path(__file__).parent / "programs").glob("*.py"))
QUIET = DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning  # as Python has them


def load(name):
    """Import a program anew; returns its names, and those that a program may leave out.

    BACKENDS: where it makes sense; NEEDS: a package; SAYS: lines of the window; DIGITS: of the history to
    compare, None for all; SAVES: whether the window writes its picture itself; `window`: returns the
    arguments of `LivePlot`, or a list of those of several.
    """
    optional = {"BACKENDS": ("tensorflow", "jax", "torch"), "NEEDS": "keras", "window": dict}
    optional |= {"SAYS": [], "DIGITS": None, "SAVES": True}
    path = Path(__file__).parent / "programs" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return SimpleNamespace(**optional | vars(module))


def missing(name):
    """What a program needs that is not here; None if it can run."""
    program, backend = load(name), keras.backend.backend()
    if backend not in program.BACKENDS:
        return f"another backend than {backend}"
    return None if importlib.util.find_spec(program.NEEDS) else program.NEEDS


def run(program, callbacks):
    """Run `main`. Returns its models, its histories and the lines that a user sees, as lists."""
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(0)
    said = io.StringIO()
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.redirect_stdout(said))
        stack.enter_context(contextlib.redirect_stderr(said))
        warned = stack.enter_context(warnings.catch_warnings(record=True))
        warnings.simplefilter("always")
        models, histories = (part if isinstance(part, list) else [part] for part in program.main(callbacks))
    lines = [line for line in said.getvalue().splitlines() if line]
    lines += {str(warning.message) for warning in warned if not issubclass(warning.category, QUIET)}
    return models, [history.history for history in histories], lines


def state(model):
    """The names and bytes of all that a training leaves in a model, but for its metrics."""
    metrics = {id(variable) for variable in model.metrics_variables}
    variables = [variable for variable in model.variables if id(variable) not in metrics]
    return [(variable.path, keras.ops.convert_to_numpy(variable).tobytes()) for variable in variables]


def numbers(history, digits=None):
    def written(value):
        return np.asarray(value).tolist() if digits is None else f"{value:.{digits}g}"

    return {name: [written(value) for value in values] for name, values in history.items()}


def colours(path):
    """The colours in a picture, a set of (red, green, blue)."""
    picture = Image.open(path).convert("RGB")
    return {colour for _, colour in picture.getcolors(picture.width * picture.height)}


def complaints(name, folder):
    """What the window changes in a program or does not show, a list of lines."""
    matplotlib.use("agg", force=True)  # for programs that draw themselves
    models, histories, lines = run(load(name), [])
    program = load(name)
    settings = program.window()
    settings = settings if isinstance(settings, list) else [settings]
    outs = [Path(folder) / str(number) for number in range(len(settings))]
    plots = [LivePlot(plot="file", out=out, **one) for out, one in zip(outs, settings, strict=True)]
    new_models, new_histories, new_lines = run(program, plots)

    found = []
    before, after = (
        repr([numbers(one, program.DIGITS) for one in both]) for both in (histories, new_histories)
    )
    if before != after:
        found.append(f"history: {histories} without, {new_histories} with the window")
    for model, new in zip(models, new_models, strict=True):
        different = [path for (path, a), (_, b) in zip(state(model), state(new), strict=True) if a != b]
        if different:
            found.append(f"weights: {different}")
    more = collections.Counter(new_lines) - collections.Counter(lines)
    if sorted(more.elements()) != sorted(program.SAYS):
        found.append(f"it says {sorted(more.elements())}, not {program.SAYS}")
    for plot, model, history in zip(
        plots, new_models[-len(plots) :], new_histories[-len(plots) :], strict=True
    ):
        if not program.SAVES:
            plot.save()
        found += wrong_picture(plot, history)
        if any("fit's validation gives other numbers" in line for line in program.SAYS):
            found += other_numbers(plot, model.evaluate(*settings[0]["data"][1], verbose=0, return_dict=True))
        else:
            validated = {name[4:]: values[-1] for name, values in history.items() if name.startswith("val_")}
            found += other_numbers(plot, validated)
    return found


def wrong_picture(plot, history):
    if not (plot.out / "dashboard.png").is_file():
        return ["no dashboard.png"]
    drawn = colours(plot.out / "dashboard.png")
    needed = {TRAIN, TEST} if any(name.startswith("val_") for name in history) else {TRAIN}
    return [f"nothing is drawn in {name}" for name in needed if ImageColor.getrgb(name) not in drawn]


def other_numbers(plot, validated):
    """Where the ends of the window's test curves are not what Keras finds."""
    for name, value in validated.items():
        shown = plot.records.curves[f"val_{name}"].latest
        if np.ndim(value) == 0 and (shown is None or not np.isclose(shown, value, equal_nan=True)):
            yield f"the latest val_{name} shown is {shown}, not {value}"


if __name__ == "__main__":
    found = {}
    for name in sys.argv[2:]:
        if missing(name):
            continue
        with tempfile.TemporaryDirectory(dir=sys.argv[1]) as folder:
            try:
                found[name] = complaints(name, folder)
            except Exception:
                found[name] = traceback.format_exc().splitlines()[-3:]
    print(json.dumps(found))
