"""Runs lessons in processes: new ones, or forks of one that has already imported the libraries."""

import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

CAN_FORK = sys.platform == "linux"
ADOPT_ORPHANS = 36  # PR_SET_CHILD_SUBREAPER


def listen_to_hangups():
    """As in a terminal, also if the tests were started with `nohup`, whose wish a lesson would respect."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def new_process(argv, folder, environment, stdout=None):
    """Start a lesson as its user does; returns its `subprocess.Popen`."""
    return subprocess.Popen(
        [sys.executable, *argv],
        cwd=folder,
        env={"PYTHONIOENCODING": "utf-8"} | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if stdout is None else stdout,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        preexec_fn=None if os.name == "nt" else listen_to_hangups,
    )


class ForkServer:
    """A process that has imported Keras on a backend, and forks lessons. See fork_server.py."""

    def __init__(self, environment):
        ctypes.CDLL(None).prctl(ADOPT_ORPHANS, 1, 0, 0, 0)
        self._channel, end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with end:
            self._process = subprocess.Popen(
                [sys.executable, Path(__file__).with_name("fork_server.py"), str(end.fileno())],
                # what common/libraries.py sets before it imports Keras
                env={"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "1", "PYTHONUNBUFFERED": "1"}
                | environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[end.fileno()],
                preexec_fn=listen_to_hangups,
            )

    def start(self, argv, folder, environment, stdout=None):
        """Start a lesson; returns its `Fork`."""
        message = json.dumps({"argv": argv, "folder": str(folder), "environment": environment})
        outputs = [tempfile.TemporaryFile("w+") for _ in range(2)]  # noqa: SIM115  read at the end
        with open(os.devnull) as nothing:
            descriptors = [file.fileno() for file in (nothing, *outputs)]
            descriptors[1] = descriptors[1] if stdout is None else stdout
            socket.send_fds(self._channel, [message.encode()], descriptors)
        pid = self._channel.recv(20)
        assert pid, "fork_server.py has ended"
        return Fork(argv, int(pid), *outputs)

    def close(self):
        self._channel.close()
        self._process.wait()


class Fork:
    """What the tests use of a `subprocess.Popen`, for a lesson that was forked."""

    def __init__(self, args, pid, stdout, stderr):
        self.args, self.pid, self.returncode = args, pid, None
        self._outputs = stdout, stderr

    def poll(self):
        if self.returncode is None:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            if ended:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout=float("inf")):
        end = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired(self.args, timeout)
            time.sleep(0.01)
        return self.returncode

    def communicate(self, timeout=float("inf")):
        self.wait(timeout)
        return tuple(self._read(file) for file in self._outputs)

    @staticmethod
    def _read(file):
        file.seek(0)
        return file.read()

    def send_signal(self, number):
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self):
        self.send_signal(signal.SIGTERM)

    def kill(self):
        self.send_signal(signal.SIGKILL)


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
