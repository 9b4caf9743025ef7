"""What several tests need: a run of a lesson, a screen, and a small network."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import processes
import pytest
from processes import ROOT

sys.path.insert(0, str(ROOT))


@pytest.fixture(scope="session")
def screen():
    """The name of a screen of 1920 × 1080 that nobody sees, for DISPLAY."""
    return open_screen_that_nobody_sees()


def open_screen_that_nobody_sees(*options):
    if not shutil.which("Xvfb"):
        pytest.skip("needs Xvfb, a screen that nobody sees")
    # it ends after us: Tk ends the program that still has a window when its screen goes
    options = ("-screen", "0", "1920x1080x24", *options)
    script = f'Xvfb "$@" & while kill -0 {os.getpid()} 2>/dev/null; do sleep 1; done; kill $!'
    reader, writer = os.pipe()
    subprocess.Popen(
        ["sh", "-c", script, "sh", "-displayfd", str(writer), "-noreset", *options],
        pass_fds=[writer],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    os.close(writer)
    return f":{os.read(reader, 20).decode().strip()}"


@pytest.fixture
def tk(screen, monkeypatch):
    """A screen for windows of Tk in this process."""
    import matplotlib.pyplot
    from common.screens import close_windows

    monkeypatch.setenv("DISPLAY", screen)
    matplotlib.use("TkAgg", force=True)
    yield
    close_windows()
    matplotlib.pyplot.close("all")


@pytest.fixture
def environment(tmp_path):
    """Like a new user's: an empty home, no screen."""
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "KERAS_HOME")}
    environment.pop("MPLBACKEND", None)
    return environment | {"HOME": str(tmp_path), "PYTHONUNBUFFERED": "1"}


@pytest.fixture(scope="session")
def fork(tmp_path_factory):
    """Starts lessons as forks of a process that has imported Keras on the backend of their environment."""
    servers = {}

    def fork(argv, folder, environment):
        backend = environment.get("KERAS_BACKEND")
        if backend not in servers:
            home = {"HOME": str(tmp_path_factory.mktemp("home"))}
            servers[backend] = processes.ForkServer(environment | home)
        return servers[backend].start(argv, folder, environment)

    yield fork
    for server in servers.values():
        server.close()


# what a lesson's process may be given that has its libraries imported already
AFTER_THE_IMPORT = {"DISPLAY", "MPLBACKEND", "KERAS_BACKEND", "XLA_FLAGS"}


@pytest.fixture
def start(tmp_path, environment, fork):
    """Start a lesson in an empty folder; returns its Popen. At the end it is killed.

    With `new` it is a process that imports everything itself; else a fork, which is faster.
    """
    started = []

    def start(*flags, lesson="mnist_1_softmax", new=False, **variables):
        way = processes.new_process if new or not processes.CAN_FORK else fork
        assert way is not fork or variables.keys() <= AFTER_THE_IMPORT
        argv = [str(ROOT / f"{lesson}.py"), *map(str, flags)]
        started.append(way(argv, tmp_path, environment | variables))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def run(start):
    """Run a lesson to its end; returns its CompletedProcess."""

    def run(*flags, lesson="mnist_1_softmax", new=False, **variables):
        process = start(*flags, lesson=lesson, new=new, **variables)
        stdout, stderr = process.communicate(timeout=240)
        return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)

    return run


@pytest.fixture
def weights():
    """Reads the weights and biases of a run's saved model."""
    import common  # noqa: F401  keeps Keras quiet

    import keras

    return lambda folder: keras.models.load_model(Path(folder) / "model.keras", compile=False).get_weights()


def result_of(folder):
    return json.loads((Path(folder) / "result.json").read_text())


def wait_for(condition, seconds=60):
    """Wait until the condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)
