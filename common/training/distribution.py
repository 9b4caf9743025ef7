"""Training on several devices and in several processes, with Keras' `DataParallel`, on JAX.

Every device has the whole network and gets its part of each batch; the mean of their gradients is what
one device would have found for the whole batch. All processes compute the same; process 0 is the one that
draws, prints and saves.

Source: https://keras.io/guides/distribution
"""

import atexit
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
from pathlib import Path

import keras

from common.errors import UserError, first_line
from common.output import lasting_output
from common.signals import interrupt

LOST = 70  # exit status of a process that has lost another

data_parallel = None  # the `_DataParallel` of this training, or None


class _DataParallel(keras.distribution.DataParallel):
    """Shares out the training batches; all else that is read, every device reads whole.

    So process 0 can read pictures for its window without the others.
    """

    training_batches = False  # set by `Run`

    def __init__(self):
        import jax

        super().__init__(auto_shard_dataset=False)
        self.devices = self.device_mesh.devices.size  # of all processes
        self.processes, self.process = jax.process_count(), jax.process_index()

    def get_data_layout(self, data_shape):
        if self.training_batches:
            return super().get_data_layout(data_shape)
        return keras.distribution.TensorLayout([None] * len(data_shape), self.device_mesh)


def distribute(addresses, process, batch_size, run=None):
    """Share the training out, as --distribute and --process say.

    Args:
        addresses: "" for all devices of this machine, or "HOST:PORT,HOST:PORT", one for each process.
        process: which of them this one is, from 0; None without addresses.
        batch_size: of all devices together.
        run: the folder of the run that is continued, or None.

    Returns:
        None, or, in all processes but 0, a copy of the run's folder that is removed at the end: what they
        draw, print and save is for nobody.

    Raises:
        UserError: Keras' backend cannot do it, the processes do not find each other, or the batch cannot be
            shared out evenly.
    """
    global data_parallel
    if keras.config.backend() != "jax":
        raise UserError(
            f"--distribute needs Keras on JAX, not on {keras.config.backend()}: pip install jax, and put"
            " KERAS_BACKEND=jax before the command"
        )
    folder = _join(addresses, process, run) if addresses else None
    data_parallel = _DataParallel()
    devices = data_parallel.devices
    if batch_size % devices:
        raise UserError(f"--batch-size {batch_size} cannot be split evenly across {devices} devices")
    keras.distribution.set_distribution(data_parallel)
    processes = f" in {data_parallel.processes} processes" if addresses else ""
    print(f"Each batch is split across {devices} device{'s' * (devices > 1)}{processes}")
    return folder


def _join(addresses, process, run):
    """Make this process one of several that train together. Returns as `distribute`."""
    if not hasattr(os, "fork"):
        raise UserError("--distribute with several processes needs Linux or macOS")
    first, *others = addresses.split(",")
    folder = Path(tempfile.mkdtemp()) if process > 0 else None
    if folder and run:
        shutil.copytree(run, folder, dirs_exist_ok=True)
    meeting = _watch_over_child(addresses, folder)
    if folder:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
    else:
        _want_free_port(int(first.rpartition(":")[2]))
        print(f"Waiting for {len(others)} other process{'es' * (len(others) > 1)} ...", flush=True)
    try:
        keras.distribution.initialize(addresses, 1 + len(others), process)
    except Exception as error:  # whatever JAX raises where there is no network
        raise UserError(f"--distribute: the processes cannot be connected: {first_line(error)}") from error
    os.write(meeting, b"!")
    # JAX's own way out would wait for the others
    atexit.register(lambda: _leave(interrupt.status or 0))
    return folder


def _want_free_port(port):
    with socket.socket() as here:
        here.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            here.bind(("", port))
        except (OSError, OverflowError) as error:
            raise UserError(f"--distribute: port {port} cannot be used: {error}") from error


def in_several_processes():
    return data_parallel is not None and data_parallel.processes > 1


def part_ways():
    """At the end of the training: process 0 goes on alone, the others end here."""
    if in_several_processes():
        import jax

        jax.distributed.shutdown()
        if data_parallel.process > 0:
            raise SystemExit


def _watch_over_child(addresses, folder):
    """Go on in a child process; this one waits for its end, says it in one line, and removes the folder.

    When another process dies, JAX may end the child in C++ code, and with many lines. Returns, in the child,
    the end of a pipe to write to when the processes have met.
    """
    reading, writing = os.pipe()
    met, meeting = os.pipe()
    child = os.fork()
    if child:
        os.close(reading)
        os.close(meeting)
        for number in interrupt.SIGNALS:
            signal.signal(number, lambda number, _: os.kill(child, number))
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if folder:
            shutil.rmtree(folder, ignore_errors=True)
        lost = status < 0 or status == LOST
        if lost or status - 128 in interrupt.SIGNALS:
            message = "another process of this training has ended" if lost else "stopped"
            message += (
                "; process 0 keeps each complete epoch; to continue, start all of them again with --resume"
            )
            if lost and not os.read(met, 1):
                message = f"the processes of --distribute {addresses} did not find each other"
            print(f"{Path(sys.argv[0]).name}: {message}", file=sys.stderr)
        os._exit(1 if lost else status)
    os.setpgid(0, 0)  # so that Ctrl-C comes from the parent alone
    os.close(writing)
    os.close(met)
    threading.Thread(target=_end_with_parent, args=(reading,), daemon=True).start()
    for stream, number in (("stdout", 1), ("stderr", 2)):  # what C++ code writes is not for the user
        encoding = getattr(sys, stream).encoding
        setattr(sys, stream, lasting_output(os.dup(number), encoding=encoding, line_buffering=True))
        os.dup2(os.open(os.devnull, os.O_WRONLY), number)
    show = sys.excepthook

    def end(kind, error, traceback):
        lost = kind.__name__ == "JaxRuntimeError" or "gloo" in str(error).lower()
        try:
            if not lost:
                show(kind, error, traceback)
            status = 1
        except SystemExit as exit_:
            status = exit_.code
        _leave(LOST if lost else status)

    sys.excepthook = end
    return meeting


def _leave(status):
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _end_with_parent(pipe):
    os.read(pipe, 1)
    os._exit(LOST)
