"""Tests of the notebooks: made from the lessons, and run as in Jupyter."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import nbformat
import pytest
from helpers import ROOT, not_on_windows
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook

import make_notebooks
from run_models import LESSONS


class Client(NotebookClient):
    """Counts the messages of each kind."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.messages = []

    def process_message(self, message, cell, cell_index):
        self.messages.append(message["msg_type"])
        return super().process_message(message, cell, cell_index)


@pytest.fixture
def execute(tmp_path):
    """Run a notebook in a folder, with an empty home; returns its client, and the error that ended it."""

    def execute(notebook, folder, **variables):
        client = Client(notebook, timeout=120, resources={"metadata": {"path": str(folder)}})
        error = None
        try:
            client.execute(env=os.environ | {"HOME": str(tmp_path)} | variables)
        except CellExecutionError as caught:
            error = caught
        return client, error

    return execute


@pytest.fixture
def run_lesson(tmp_path, execute):
    """Run a lesson's notebook where it is, with some flags; more code may follow the flags.

    The cells of `first` run before it, in the same kernel. For each flags of `again` their cell and that of
    `parse_args` run once more, and may raise something.
    """

    def run_lesson(lesson, flags, then="", again=(), first=()):
        notebook = nbformat.read(ROOT / "notebooks" / f"{lesson}.ipynb", 4)
        _, flags_cell, *others = [cell for cell in notebook.cells if cell.cell_type == "code"]
        reading = next(cell for cell in others if "parse_args(__doc__" in cell.source)

        def with_flags(flags):
            return source.replace('""', repr(f"{flags} --out {(tmp_path / 'out').as_posix()}"), 1)

        source = flags_cell.source
        flags_cell.source = f"{with_flags(flags)}\n{then}"
        for flags in again:
            raises = {"tags": ["raises-exception"]}
            notebook.cells += [
                new_code_cell(with_flags(flags)),
                new_code_cell(reading.source, metadata=raises),
            ]
        notebook.cells[:0] = map(new_code_cell, first)
        return *execute(notebook, ROOT / "notebooks"), notebook

    return run_lesson


def outputs(cells):
    return [output for cell in cells if cell.cell_type == "code" for output in cell.outputs]


def text(cells, name="stdout"):
    return "".join(output.text for output in outputs(cells) if output.get("name") == name)


def pictures(cells):
    return [output for output in outputs(cells) if "image/png" in output.get("data", {})]


# -- made from the lessons


def test_there_is_a_notebook_for_each_lesson_and_for_nothing_else():
    assert sorted(path.stem for path in (ROOT / "notebooks").iterdir() if path.suffix == ".ipynb") == LESSONS


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_notebook_is_what_the_tool_makes_of_the_lesson(lesson):
    written = (ROOT / "notebooks" / f"{lesson}.ipynb").read_text("utf-8")
    assert written == make_notebooks.text_of(lesson), "run: python3 tools/make_notebooks.py"


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_cells_hold_every_statement_of_the_lesson(lesson):
    _, *top, main = ast.parse((ROOT / f"{lesson}.py").read_text("utf-8")).body
    assert ast.unparse(main.test) == "__name__ == '__main__'"
    code = [cell for cell in make_notebooks.notebook(lesson).cells if cell.cell_type == "code"]
    shared = 2
    held = [statement for cell in code[shared:] for statement in ast.parse(cell.source).body]
    assert [ast.dump(statement) for statement in held] == [
        ast.dump(statement) for statement in top + main.body
    ]


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_docstring_and_the_comments_are_there(lesson):
    source = (ROOT / f"{lesson}.py").read_text("utf-8")
    cells = make_notebooks.notebook(lesson).cells
    everything = re.sub(r"[`\\]", "", "\n".join(cell.source for cell in cells))
    docstring, page = ast.get_docstring(ast.parse(source)), cells[0].source
    words, shown = (re.sub(r"[`*#\\]", "", text).split() for text in (docstring, page))
    assert shown == words
    for line in source.splitlines():
        if (comment := line.partition("  # ")[2] or line.partition("# ")[2]) and '"' not in line:
            assert re.sub(r"[`\\]", "", comment) in everything


def test_prose_is_wrapped_and_escaped_and_all_else_is_kept():
    page = make_notebooks.title_page(
        "A title.\n\n· ·   x [1]\n\nY = a*b\n\nThis is prose,\nof <two> lines.\n\n"
        "Look at: a_b, and\n  --resume --out runs/x: more.\nTry: two commands:\n  --step 1\n  --step 2"
    )
    assert page.split("\n\n") == [
        "# A title.",
        "```\n· ·   x [1]",
        "Y = a*b\n```",
        "This is prose, of \\<two> lines.",
        "**Look at:** a\\_b, and `--resume --out runs/x`: more.",
        "```\nTry: two commands:\n  --step 1\n  --step 2\n```",
    ]


# -- run


@pytest.mark.extras
def test_a_lesson_learns_in_its_notebook_and_its_cells_may_be_run_again(run_lesson, tmp_path):
    again = ["--review 'A bad film'", "--epochs none"]
    client, error, notebook = run_lesson("imdb_text", "--epochs 3 --train-size 2000", again=again)
    assert error is None
    assert len(pictures(notebook.cells)) == 1
    assert client.messages.count("display_data") == 1
    assert client.messages.count("update_display_data") >= 3  # the picture moved
    assert not text(notebook.cells, "stderr")
    lines = text(notebook.cells).splitlines()
    assert [line for line in lines if line.startswith("epoch ")] == lines[3:6]
    (result,) = [line for line in lines if line.startswith("Test accuracy ")]
    assert "after 3 epochs" in result
    result = json.loads((tmp_path / "out" / "result.json").read_text("utf-8"))
    assert result["script"] == "imdb_text" and result["train_size"] == 2000
    assert (tmp_path / "out" / "dashboard.png").is_file()
    *_, asked, _, mistaken = notebook.cells
    assert {output.get("name") for output in asked.outputs} == {"stdout"}  # no word about the SystemExit
    assert "".join(output.text for output in asked.outputs).splitlines()[-2] == '"A bad film"'
    (mistake,) = mistaken.outputs
    assert mistake.ename == "UserError"
    assert mistake.traceback == ["argument --epochs: 'none' is not a whole number (--help lists the flags)"]


STOP = """
import os, pathlib, signal, threading, time
def stop():
    while not pathlib.Path({file!r}).exists():
        time.sleep(0.05)
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=stop, daemon=True).start()
"""


OWN = """
import sys
sys.path.insert(0, {root!r})
from common import LivePlot, Loss, parse_args
import keras
import numpy as np

args = parse_args("", epochs=2, batch_size=10, learning_rate=0.3)
print(args.script, args.epochs, args.out.as_posix())
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
model.compile("sgd", "mean_squared_error")
x, y = np.random.rand(100, 2), np.zeros((100, 1))
plot = LivePlot([Loss()], [(x, y), (x, y)], args)
model.fit(x, y, epochs=args.epochs, callbacks=[plot], verbose=0)
plot.wait_until_closed()
"""


@pytest.mark.extras
@not_on_windows  # where Jupyter interrupts in another way
def test_a_lesson_by_its_name_then_a_cell_of_ones_own_then_a_notebook_that_is_stopped(run_lesson, tmp_path):
    """The words that started the kernel, `-f` and a file, are no flags of a cell of one's own."""
    by_name = f"%run {(ROOT / 'mnist_1_softmax.py').as_posix()} --epochs 2 --train-size 1000 --out run"
    first = [f"%cd -q {tmp_path}", by_name, OWN.format(root=str(ROOT)), f"%cd -q {ROOT / 'notebooks'}"]
    then = STOP.format(file=str(tmp_path / "out" / "history.csv"))
    _, error, notebook = run_lesson("mnist_1_softmax", "--epochs 1000 --train-size 5000", then, first=first)
    earlier, stopped = notebook.cells[:4], notebook.cells[4:]
    *said, own = text(earlier).splitlines()
    assert "after 2 epochs" in said[-1] and (tmp_path / "run" / "model.keras").is_file()
    assert own == "notebook 2 runs/notebook" and len(pictures(earlier)) == 2

    assert error.ename == "SystemExit"
    assert "Stopping after this batch, and saving" in text(stopped, "stderr")
    assert "of 1000 epochs" in text(stopped).splitlines()[-1]
    result = json.loads((tmp_path / "out" / "result.json").read_text("utf-8"))
    assert result["interrupted"] and 1 <= result["epochs"] < 1000
    assert (tmp_path / "out" / "model.keras").is_file() and (tmp_path / "out" / "dashboard.png").is_file()


TRAINING = """
import sys
sys.path.insert(0, {root!r})
from common import Run, in_batches, load_mnist, parse_args
import keras

class Fail(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        raise {error}

args = parse_args("", epochs=2, batch_size=100, learning_rate=0.3)
data = load_mnist(args)
train, test = in_batches(data, args)
model = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(10)])
model.compile("sgd", "sparse_categorical_crossentropy")
run = Run(args, data, model, train)
model.fit(train, epochs=2, callbacks=[run, Fail()])
"""


@pytest.mark.extras
@pytest.mark.parametrize("error", ["KeyboardInterrupt", "ValueError"])
def test_after_a_training_that_fails_keras_prints_again(error, execute, tmp_path):
    raises = {"tags": ["raises-exception"]}
    failing = new_code_cell(TRAINING.format(root=str(ROOT), error=error), metadata=raises)
    own = new_code_cell("model.evaluate(test)")
    notebook = new_notebook(cells=[failing, own])
    _, failed = execute(notebook, tmp_path)
    assert failed is None and "━" not in text([failing]) and "loss: " in text([own])


# -- the set-up


@pytest.fixture
def set_up(execute, tmp_path):
    """Run the first cell in a folder of its own, without a network, with some address of the project."""

    def set_up(project, then=""):
        folder = tmp_path / "elsewhere"
        folder.mkdir(exist_ok=True)
        cells = [new_code_cell(make_notebooks.SET_UP.format(project=project)), new_code_cell(then)]
        notebook = new_notebook(cells=cells)
        _, error = execute(notebook, folder, PIP_NO_INDEX="1")
        return folder, error, notebook

    return set_up


@pytest.mark.extras
def test_without_the_project_the_set_up_says_what_to_do(set_up):
    _, error, notebook = set_up("")
    assert error.ename == "UsageError"
    (output,) = outputs(notebook.cells)
    assert output.text.startswith("UsageError: the project is not here.") and output.text.count("\n") == 1

    _, error, notebook = set_up("file:///nowhere/lecture.git")
    assert error.ename == "UsageError"
    (output,) = outputs(notebook.cells)
    assert "cannot be fetched from file:///nowhere" in output.text and output.text.count("\n") == 1


@pytest.mark.extras
def test_the_set_up_fetches_the_project(set_up, tmp_path):
    remote = tmp_path / "remote"
    (remote / "common").mkdir(parents=True)
    (remote / "common" / "__init__.py").touch()
    (remote / "common" / "command_line.py").write_text("WHERE = 'fetched'\n")
    wanted = "numpy>=1\nno-such-package-of-the-lecture>=1\n"
    (remote / "requirements.txt").write_text(f'{wanted}not-here>=1; python_version < "3.0"\n')
    git = ["git", "-C", str(remote), "-c", "user.name=n", "-c", "user.email=e@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "lecture"]):
        subprocess.run([*git, *command], check=True)
    then = "import os, common.command_line\nprint(common.command_line.WHERE, os.getcwd())"
    for _ in range(2):  # the second time it is there
        folder, error, notebook = set_up(remote.as_uri(), then)
        assert error is None
        assert text(notebook.cells).splitlines() == [
            "These packages could not be installed: no-such-package-of-the-lecture>=1",
            f"fetched {Path(folder, 'lecture')}",
        ]


@pytest.mark.extras
def test_the_set_up_takes_the_project_as_a_zip_file(set_up, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    with ZipFile(tmp_path / "elsewhere" / "lecture-main.zip", "w") as archive:
        archive.writestr("lecture-main/common/command_line.py", "WHERE = 'unpacked'")
        archive.writestr("lecture-main/common/__init__.py", "")
        archive.writestr("lecture-main/requirements.txt", "numpy>=1\n")
    (tmp_path / "elsewhere" / "another.zip").write_bytes(b"not a zip file")
    _, error, notebook = set_up("", "import common.command_line\nprint(common.command_line.WHERE)")
    assert error is None and text(notebook.cells) == "unpacked\n"


def test_flags_may_hold_paths_of_windows_and_texts_in_quotes(monkeypatch):
    flags = r"--data-dir C:\Users\Ann --review 'not bad' --out \\share\new"
    monkeypatch.setattr(sys, "argv", [])
    exec(make_notebooks.FLAGS.format(lesson="imdb_text").replace('""', f'"{flags}"', 1), {})
    words = ["--data-dir", r"C:\Users\Ann", "--review", "not bad", "--out", r"\\share\new"]
    assert sys.argv == ["imdb_text.py", *words]
