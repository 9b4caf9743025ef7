"""Starts lessons without importing Keras, its backend and matplotlib again: most of a short run's time.

    python fork_server.py DESCRIPTOR

DESCRIPTOR is that of a socket. For each message, a JSON object with the files for stdin, stdout and stderr,
the server forks a lesson and sends back its process id. The server only imports the libraries and calls none
of them; each fork imports `common` and the lesson itself. A fork ends as any Python program does, but skips
freeing its memory: touching all imported objects would take a quarter of a second.
"""

import atexit
import gc
import json
import os
import runpy
import socket
import sys
import threading
from pathlib import Path


def fork_lessons(channel):
    """Fork at each message; returns in the fork. The tests adopt it, since its parent has gone."""
    while True:
        message, files, _, _ = socket.recv_fds(channel, 1_000_000, 3)
        if not message:
            os._exit(0)
        reader, writer = os.pipe()
        parent = os.fork()
        if not parent:
            lesson = os.fork()
            if not lesson:
                break
            os.write(writer, str(lesson).encode())
            os._exit(0)
        os.waitpid(parent, 0)
        channel.send(os.read(reader, 20))
        for descriptor in (*files, reader, writer):
            os.close(descriptor)
    for descriptor in (reader, writer, channel.detach()):
        os.close(descriptor)
    for standard, descriptor in enumerate(files):
        os.dup2(descriptor, standard)
        os.close(descriptor)
    return json.loads(message)


def become(argv, folder, environment):
    """Give this process what a new one would have."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv, sys.path[0] = argv, str(Path(argv[0]).parent)
    sys.path[1:1] = filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))
    threading.main_thread()._set_native_id()  # Python 3.11 leaves the parent's, and matplotlib compares it
    np.random.seed()
    if "MPLBACKEND" in environment:
        matplotlib.rcParams["backend"] = environment["MPLBACKEND"]  # as matplotlib does while it is imported


def run(script):
    """Run a script as `python script` does; returns the exit status."""
    try:
        try:
            runpy.run_path(script, run_name="__main__")
        except Exception:
            sys.excepthook(*sys.exc_info())
            return 1
    except SystemExit as exit_:
        if isinstance(exit_.code, str):
            print(exit_.code, file=sys.stderr)
            return 1
        return exit_.code or 0
    return 0


def end(status):
    """End this process without freeing its memory."""
    threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status)


if __name__ == "__main__":
    gc.disable()
    # as in common/libraries.py
    hidden = {"jax": None} if os.environ.get("KERAS_BACKEND", "tensorflow") == "tensorflow" else {}
    sys.modules |= hidden
    import keras  # noqa: F401
    import matplotlib.backends.backend_agg  # and fonts
    import numpy as np

    for package in hidden:
        del sys.modules[package]
    gc.freeze()  # what was imported stays: nobody looks through it at the end of each fork
    gc.enable()
    become(**fork_lessons(socket.socket(fileno=int(sys.argv[1]))))
    end(run(sys.argv[0]))
