"""Training on several devices and in several processes, with Keras' `DataParallel`, on JAX.

Every device holds the whole network and gets its part of each batch; the mean of the devices' gradients
equals the gradient of the whole batch on one device. All processes compute the same; only process 0 draws,
prints and saves.

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

LOST = 70  # exit status of a process when another one has died

data_parallel = None  # the `_DataParallel` of this run, or None


class _DataParallel(keras.distribution.DataParallel):
    """Splits training batches across the devices; every device gets all other data whole.

    This lets process 0 predict images for its window without the other processes.
    """

    training_batches = False  # set by `DealOrder`

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
    """Set up distributed training, for --distribute and --process.

    Args:
        addresses: "" for all devices of this machine, or "HOST:PORT,HOST:PORT", one for each process.
        process: the number of this process, from 0; None without addresses.
        batch_size: the batch size of all devices together.
        run: the folder of the run to resume, or None.

    Returns:
        None, or, in every process except 0, a temporary copy of the run's folder. It is removed at the end:
        what these processes draw, print and save is discarded.

    Raises:
        UserError: the backend is not JAX, the processes cannot connect, or the batch cannot be split evenly
            across the devices.
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
    """Join several processes that train together. Returns what `distribute` returns."""
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
    # JAX's own exit handler would wait for the other processes
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
    """Disconnect the processes after training: process 0 goes on alone, the others exit."""
    if in_several_processes():
        import jax

        jax.distributed.shutdown()
        if data_parallel.process > 0:
            raise SystemExit


def _watch_over_child(addresses, folder):
    """Fork, and go on in the child. The parent waits, reports a failure in one line, and removes the folder.

    When another process dies, JAX may end the child from C++ code, and print many lines. In the child, return
    the write end of a pipe, to be written to when the processes are connected.
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
    os.setpgid(0, 0)  # Ctrl-C comes from the parent only
    os.close(writing)
    os.close(met)
    threading.Thread(target=_end_with_parent, args=(reading,), daemon=True).start()
    for stream, number in (("stdout", 1), ("stderr", 2)):  # hide what C++ code prints
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
