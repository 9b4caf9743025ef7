"""Fixtures for several tests: running a lesson, a screen, data, and the user's own files.

Nothing here imports Keras at module level: with `pytest -n 3` the controlling process does not need it."""

import itertools
import os
import shutil
import subprocess
import sys
from pathlib import Path
from string import ascii_lowercase

import numpy as np
import processes
import pytest
from helpers import ROOT, hold_upright
from PIL import Image

if "PYTEST_XDIST_WORKER" in os.environ:  # each worker has its part of the cores
    threads = max(1, os.cpu_count() // int(os.environ["PYTEST_XDIST_WORKER_COUNT"]))
    os.environ |= {"TF_NUM_INTRAOP_THREADS": str(threads), "OMP_NUM_THREADS": str(threads)}


@pytest.fixture(autouse=True)
def what_fails_in_a_picture_fails_the_test():
    """In this process; a lesson in its own goes on, and says it on stderr."""

    def fail(dashboard, pane, error):
        raise error

    with pytest.MonkeyPatch.context() as patch:
        if guard := sys.modules.get("keras_window.guard"):
            patch.setattr(guard.Guard, "__exit__", lambda *_: False)
        if dashboard := sys.modules.get("keras_window.dashboard"):
            patch.setattr(dashboard.Dashboard, "_fail", fail)
        yield patch


@pytest.fixture
def errors_are_shown(what_fails_in_a_picture_fails_the_test):
    """For a test of errors: the window treats them as it does for a user."""
    what_fails_in_a_picture_fails_the_test.undo()


@pytest.fixture(scope="session")
def screen():
    """The name of a screen of 1920 × 1080 that nobody sees, for DISPLAY."""
    return processes.open_screen_that_nobody_sees()


@pytest.fixture
def tk(screen, monkeypatch):
    """A screen for windows of Tk in this process."""
    import matplotlib.pyplot

    from keras_window.screens import close_windows

    monkeypatch.setenv("DISPLAY", screen)
    matplotlib.use("TkAgg", force=True)
    yield
    close_windows()
    matplotlib.pyplot.close("all")


@pytest.fixture
def browser():
    """Opens an address, perhaps on a phone held upright; returns the `selenium.webdriver`."""
    from selenium import webdriver

    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (chromium and driver):
        pytest.skip("there is no Chromium with its driver")
    opened = []

    def open_page(address, upright=False):
        options = webdriver.ChromeOptions()
        options.binary_location = chromium
        for flag in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1366,768"):
            options.add_argument(flag)
        opened.append(webdriver.Chrome(options, webdriver.ChromeService(driver)))
        if upright:
            hold_upright(opened[-1])
        opened[-1].get(address)
        return opened[-1]

    yield open_page
    for page in opened:
        page.quit()


@pytest.fixture(scope="session")
def few_examples(tmp_path_factory):
    """A cache of Keras' with a tenth of the digits and clothes: most tests ask about something else."""
    cache = tmp_path_factory.mktemp("keras")
    (cache / "datasets").mkdir()
    for name in ("mnist.npz", "fashion_mnist.npz"):
        with np.load(ROOT / "common" / "data" / name) as whole:
            tenth = {key: array[: len(array) // 10] for key, array in whole.items()}
        np.savez(cache / "datasets" / name, **tenth)
    return cache


@pytest.fixture
def environment(tmp_path, few_examples):
    """Like a new user's: an empty home, no screen, and nothing that a library has set in the tests.

    But for MNIST, of which there is a tenth; with KERAS_HOME="" a lesson has the whole.
    """
    ours = {"DISPLAY", "MPLBACKEND", "TF_CPP_MIN_LOG_LEVEL", "TF_ENABLE_ONEDNN_OPTS"}
    ours |= {"PYTHONDONTWRITEBYTECODE"}  # or each process would compile all of common/ anew
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    return environment | {"HOME": str(tmp_path), "KERAS_HOME": str(few_examples), "PYTHONUNBUFFERED": "1"}


# what a process may be given that has its libraries imported already
AFTER_THE_IMPORT = {
    "DISPLAY", "KERAS_BACKEND", "KERAS_HOME", "MPLBACKEND", "PYTHONPATH", "QT_QPA_PLATFORM", "XLA_FLAGS",
}  # fmt: skip


@pytest.fixture(scope="session")
def fork(tmp_path_factory):
    """Starts lessons as forks of a process that has imported Keras on the backend of their environment."""
    servers = {}

    def fork(argv, folder, environment, stdout=None):
        backend = environment.get("KERAS_BACKEND")
        if backend not in servers:
            shared = {name: environment[name] for name in environment.keys() - AFTER_THE_IMPORT}
            shared |= {"HOME": str(tmp_path_factory.mktemp("home"))}
            if backend == "jax":  # most of the time it compiles; what one lesson has compiled, the next finds
                shared |= {
                    "JAX_DISABLE_MOST_OPTIMIZATIONS": "1",
                    "JAX_COMPILATION_CACHE_DIR": str(tmp_path_factory.mktemp("compiled")),
                    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
                    "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
                }
            servers[backend] = processes.ForkServer(shared | ({"KERAS_BACKEND": backend} if backend else {}))
        return servers[backend].start(argv, folder, environment, stdout)

    yield fork
    for server in servers.values():
        server.close()


@pytest.fixture
def start_script(tmp_path, environment, fork):
    """Start a script in an empty folder; returns its Popen. At the end it is killed.

    With `new` it is a process that imports everything itself; else a fork, which is faster.
    """
    started = []

    def start(script, *flags, new=False, stdout=None, **variables):
        way = processes.new_process if new or not processes.CAN_FORK else fork
        assert way is not fork or variables.keys() <= AFTER_THE_IMPORT
        argv = [str(script), *map(str, flags)]
        started.append(way(argv, tmp_path, environment | variables, stdout))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def start(start_script):
    """Start a lesson, as `start_script` does."""

    def start(*flags, lesson="mnist_1_softmax", **options):
        return start_script(ROOT / f"{lesson}.py", *flags, **options)

    return start


def to_its_end(process, timeout=240):
    stdout, stderr = process.communicate(timeout=timeout)
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


@pytest.fixture
def run(start):
    """Run a lesson to its end; returns its CompletedProcess."""

    def run(*flags, **options):
        done = to_its_end(start(*flags, **options))
        assert "everything else goes on" not in done.stderr, done.stderr  # as keras_window/guard.py says
        return done

    return run


@pytest.fixture
def run_code(start_script, tmp_path):
    """Run lines of Python that know `common` to their end; returns their CompletedProcess."""

    def run(code, **options):
        script = tmp_path / "some_code.py"
        script.write_text(f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n{code}", "utf-8")
        return to_its_end(start_script(script, **options), timeout=100)

    return run


@pytest.fixture
def weights():
    """Reads the weights and biases of a run's saved model."""
    import keras

    return lambda folder: keras.models.load_model(Path(folder) / "model.keras", compile=False).get_weights()


@pytest.fixture(scope="session")
def mnist():
    """The arrays of MNIST's file."""
    with np.load(ROOT / "common" / "data" / "mnist.npz") as archive:
        return dict(archive)


@pytest.fixture(scope="session")
def picture():
    """48 × 40: the left half red, the right half green."""
    pixels = np.zeros((40, 48, 3), np.uint8)
    pixels[:, :24, 0], pixels[:, 24:, 1] = 255, 255
    return Image.fromarray(pixels)


@pytest.fixture
def pairs_of_pictures(tmp_path):
    """A folder of pairs: on the left a red picture, on the right a blue one, each a little different."""
    for split, count in (("train", 6), ("test", 2)):
        (tmp_path / "pairs" / split).mkdir(parents=True)
        for i in range(count):
            pixels = np.zeros((32, 64, 3), np.uint8)
            pixels[:, :32, 0], pixels[:, 32:, 2] = 200 + i, 100 + i
            Image.fromarray(pixels).save(tmp_path / "pairs" / split / f"{i}.png")
    return tmp_path / "pairs"


@pytest.fixture
def closed_pipe():
    """A file descriptor to print to, as before `| true`: nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


@pytest.fixture
def small_disk(tmp_path):
    """Mounts a disk of so many bytes."""
    if sys.platform != "linux":
        pytest.skip("needs Linux")
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(size):
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
        if subprocess.run(command, capture_output=True).returncode:
            pytest.skip("needs to mount a small disk, which only root can")
        return folder

    yield mount
    subprocess.run(["umount", "-l", str(folder)], capture_output=True)


@pytest.fixture
def sentences(tmp_path):
    """A file of 5,000 sentences and their translations; some lines are none."""
    names = dict.fromkeys(map("".join, itertools.product("abcdefghij", "klmnopqrst", ascii_lowercase)))
    lines = [f"{who} see {name}.\t我 看 {name}。\tsome note" for who in ("I", "we") for name in names]
    path = tmp_path / "sentences.txt"
    path.write_text("\n".join([*lines, lines[0].replace("看", "见"), "a line without a tab", ""]), "utf-8")
    return path
