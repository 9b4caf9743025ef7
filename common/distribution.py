"""Training on several devices and in several processes, with Keras' data-parallel engine, on JAX.

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

from common.terminal import UserError, interrupt, lasting_output

LOST = 70  # exit status of a process that has lost another

data_parallel = None  # the `_DataParallel` of this training, or None


class _DataParallel(keras.distribution.DataParallel):
    """Shares out the training batches; all else that is read, every device reads whole.

    So process 0 can read pictures for its window without the others.
    """

    training_batches = False  # set by `ShuffledBatches`

    def get_data_layout(self, data_shape):
        if self.training_batches:
            return super().get_data_layout(data_shape)
        return keras.distribution.TensorLayout([None] * len(data_shape), self.device_mesh)

    @property
    def process_id(self):
        return self._process_id


def distribute(args):
    """Share the training out, as --distribute and --process say.

    Args:
        args: from the command line; `batch_size`, `distribute` (None; "" for all devices of this machine; or
            "HOST:PORT,HOST:PORT", one for each process) and `process` are used. In all processes but 0
            `plot` is set to "none", `verbose` to 0, and `out` to a folder that is removed at the end.

    Raises:
        UserError: Keras' backend has no such engine, the processes do not find each other, or the batch
            cannot be shared out evenly.
    """
    global data_parallel
    if keras.config.backend() != "jax":
        raise UserError(
            f"--distribute needs Keras on JAX, not on {keras.config.backend()}: pip install jax, and put"
            " KERAS_BACKEND=jax before the command"
        )
    if args.distribute:
        _join(args)
    data_parallel = _DataParallel(auto_shard_dataset=False)
    devices = data_parallel.num_model_replicas
    if args.batch_size % devices:
        raise UserError(f"--batch-size {args.batch_size} cannot be shared out evenly to {devices} devices")
    keras.distribution.set_distribution(data_parallel)
    processes = f" in {data_parallel.num_processes} processes" if args.distribute else ""
    print(f"Each batch is shared out to {devices} device{'s' * (devices > 1)}{processes}")


def _join(args):
    """Make this process one of several that train together."""
    if not hasattr(os, "fork"):
        raise UserError("--distribute with several processes needs Linux or macOS")
    addresses = args.distribute.split(",")
    if args.process > 0:
        args.plot, args.verbose = "none", 0
        folder = tempfile.mkdtemp()
        if args.resume:
            shutil.copytree(args.out, folder, dirs_exist_ok=True)
        args.out = Path(folder)
    meeting = _watch_over_child(args)
    if args.process > 0:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
    else:
        others = len(addresses) - 1
        _want_free_port(int(addresses[0].rpartition(":")[2]))
        print(f"Waiting for {others} other process{'es' * (others > 1)} ...", flush=True)
    try:
        keras.distribution.initialize(args.distribute, len(addresses), args.process)
    except Exception as error:  # whatever JAX raises where there is no network
        reason = str(error).strip().splitlines()[0]
        raise UserError(f"--distribute: the processes cannot be connected: {reason}") from error
    os.write(meeting, b"!")
    # JAX's own way out would wait for the others
    atexit.register(lambda: _leave(interrupt.status or 0))


def _want_free_port(port):
    with socket.socket() as here:
        here.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            here.bind(("", port))
        except (OSError, OverflowError) as error:
            raise UserError(f"--distribute: port {port} cannot be used: {error}") from error


def in_several_processes():
    return data_parallel is not None and data_parallel.num_processes > 1


def part_ways():
    """At the end of the training: process 0 goes on alone, the others end here."""
    if in_several_processes():
        import jax

        jax.distributed.shutdown()
        if data_parallel.process_id > 0:
            raise SystemExit


def _watch_over_child(args):
    """Go on in a child process; this one waits for its end and says it in one line.

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
        if args.process > 0:
            shutil.rmtree(args.out, ignore_errors=True)
        lost = status < 0 or status == LOST
        if lost or status - 128 in interrupt.SIGNALS:
            message = "another process of this training has ended" if lost else "stopped"
            message += "; process 0 keeps each complete epoch, to go on start all again with --resume"
            if lost and not os.read(met, 1):
                message = f"the processes of --distribute {args.distribute} did not find each other"
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
