"""Draw a digit with the mouse, and see at once what trained networks predict.

On the left you draw; in the middle is the image that the networks see, 28 × 28 pixels, fitted and centred
as MNIST's digits were; on the right the ten probabilities Y that each network predicts. Above, the layers of
the first network that has more than one light up while you draw. The networks are the
best in runs/ that was trained on MNIST and the best with one layer (softmax), or those that --model names,
which may have learned letters or other drawings of yours (--data-dir). If there is none in runs/, softmax is
trained first.

Look at: digits that one layer misclassifies and a convolutional network does not: it sees shapes anywhere.
Try: a 0, 2 or 5 drawn small in a corner (centring puts it right, but its strokes are thick); a digit upside
  down; a 1 with and without a foot; a letter (the network is overconfident: it knows only digits);
  --model runs/mnist_1_softmax runs/mnist_4_batchnorm-4.2, --image photo_of_a_digit.jpg; with --share, w
  (all drawings of the class), then 4 ("Draw a 4": how many are read right?)
"""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path, PureWindowsPath
from typing import NamedTuple

# common comes first: it keeps TensorFlow quiet
from common import UserError
from common.command_line import demo_parser
from common.data.cut_out import as_mnist, read_ink
from common.data.sources import BUNDLED_SHA256
from common.files import there
from common.values import picture, some_path
from drawing.drawing_pad import DrawingPad
from inside import tracing
from common.training.models import MODEL, load_model, takes_and_gives
from common.training.results import is_complete, read_result

import numpy as np

SOFTMAX = "mnist_1_softmax"
DIGITS = list("0123456789")
MOST = 12  # classes beside which the layers are shown
BOX = 4, 23  # first and last row and column of the 20 × 20 in the middle


class Network(NamedTuple):
    """A trained network: its name in the terminal, its name in the window, its classes and its predictions.

    `predict` computes the classes' probabilities, float [classes], for an image, uint8 [28, 28, 1]. `layers`
    is the `inside.tracing.Network` of its hidden layers, None if there are none or they cannot be shown.
    """

    source: str
    name: str
    classes: list
    predict: Callable
    layers: tracing.Network | None


def drawings_of(result):
    """What a result's run learned: "MNIST", "your digits" or "your pictures"; None if it is no drawings."""
    data, name = result["data"], PureWindowsPath(result["data"]["file"]).name  # splits at / and \\
    if not result["script"].startswith("mnist_") and name != "mnist.npz":
        return None
    if not set(result["classes"] or DIGITS) <= set(DIGITS):
        return "your pictures"
    ours = data["sha256"] == BUNDLED_SHA256["mnist.npz"] or data["origin"] in ("bundled", "keras cache")
    return "MNIST" if ours or data.get("own") is False else "your digits"


def load_network(path):
    """The `Network` in a .keras file or a run's folder. Raises UserError if it does not predict drawings.

    Its classes are those of the run, the ten digits if there is no run beside the file.
    """
    file = path / MODEL if path.is_dir() else path
    source, name, classes = str(path), f"{file.absolute().parent.name}\n{file.name}", DIGITS
    if file.name == MODEL and is_complete(file.parent):
        result = read_result(file.parent)
        drawings, classes = drawings_of(result), result["classes"] or DIGITS
        if not drawings:
            learnt = ", ".join((result["classes"] or [result["data"]["file"]])[:3])
            raise UserError(f"{file.parent} was not trained on drawings, but on {learnt}")
        script, step = result["script"], result["step"]
        accuracy = f"{100 * result['test'].get('accuracy', np.nan):.2f} %"
        name = f"{script}\n{f'step {step}, ' if step else ''}test {accuracy}"
        if drawings != "MNIST":
            source, name = (
                f"{source} (trained on {drawings})",
                f"{script} {step or ''}\n{drawings}: {accuracy}",
            )
    model = load_model(file, "name another one")

    def predict(image):
        return np.asarray(model.predict_on_batch(image[np.newaxis])[0], float)

    count = len(classes)
    fits = takes_and_gives(model, (28, 28, 1), (count,))
    if not fits or not abs(predict(np.zeros((28, 28, 1), np.uint8)).sum() - 1) < 0.1:
        raise UserError(f"{file} does not make {count} probabilities from 28 × 28 × 1 pixels")
    try:
        layers = tracing.Network(model)
    except UserError:
        layers = None
    return Network(source, name, classes, predict, layers if layers and len(layers.stages) > 2 else None)


def find_networks(runs):
    """The best run on MNIST in a folder and the best softmax run, a list of up to two `Network`s."""
    found, networks = [], []
    files = [*runs.rglob("result.json"), *runs.rglob("checkpoint.npz")]
    for folder in sorted({file.parent for file in files}):
        try:
            if not is_complete(folder):
                raise UserError(f"{folder} holds no complete run")
            result = read_result(folder)
            drawings, accuracy = drawings_of(result), result["test"].get("accuracy", np.nan)
            if drawings and drawings != "MNIST":
                raise UserError(f"{folder} was trained on {drawings} (--model {folder} takes it)")
            if drawings and not np.isnan(accuracy):
                found.append((accuracy, folder, result["script"]))
        except UserError as error:
            print(f"Left out: {error}")
    for _, folder, script in sorted(found, reverse=True):
        if not networks or script == SOFTMAX:
            try:
                networks.append(load_network(folder))
            except UserError as error:
                print(f"Left out: {error}")
                continue
            if script == SOFTMAX:
                break
    return networks


def train_softmax(pad):
    out = Path("runs", SOFTMAX)
    if there(out):  # it may hold the user's own files
        out = Path("runs", f"{SOFTMAX}-draw_digit")
    print(f"There is no network trained on MNIST in runs/: training {SOFTMAX} first.", flush=True)
    script = Path(__file__).with_name(f"{SOFTMAX}.py")
    with subprocess.Popen([sys.executable, script, "--plot", "none", "--out", out]) as training:
        try:
            while training.poll() is None:
                pad.flush()
                time.sleep(0.02)
        finally:  # after Ctrl-C, too
            training.terminate()
    if training.returncode:
        raise SystemExit(training.returncode)
    return [load_network(out)]


if __name__ == "__main__":
    parser = demo_parser(__doc__)
    about = "one or two networks: .keras files or folders of runs (default: the best in runs/, and softmax)"
    parser.add_argument("--model", help=about, nargs="+", type=some_path, default=[], metavar="FILE")
    about = "classify the digit on a photo or scan"
    parser.add_argument("--image", help=about, nargs="+", type=picture, default=[], metavar="FILE")
    args = parser.parse_args()
    if len(args.model) > 2:
        raise UserError("--model takes one or two networks")
    if args.close and not args.image:
        raise UserError("--close closes the window after the last --image, and there is none")
    if not args.image and args.plot in ("file", "none"):
        raise UserError(f"--plot {args.plot} needs a picture to read: --image FILE")
    inks = [read_ink(path) for path in args.image]

    pad = DrawingPad("file" if args.plot == "none" else args.plot, "Draw a digit", as_mnist, BOX, args.out)
    window = pad.screen.stays
    if not window and not inks:
        why = pad.no_window or "in a notebook"
        raise UserError(f"no window ({why}): name a picture of a digit with --image FILE")
    networks = [load_network(path) for path in args.model]
    networks = networks or find_networks(Path("runs")) or train_softmax(pad)
    few = all(len(network.classes) <= MOST for network in networks)  # their bars leave room for the layers
    lit = next(((net.layers, net.classes) for net in networks if few and net.layers), None)
    pad.put_readers([(network.name, network.classes, network.predict) for network in networks], lit)
    if pad.no_window:
        print(f"No window ({pad.no_window}): the pictures are saved instead.")

    for i, (path, ink) in enumerate(zip(args.image, inks, strict=True), start=1):
        for network in networks:
            probabilities = network.predict(as_mnist(ink))
            answer = network.classes[probabilities.argmax()]
            print(f"{path}: {answer} ({100 * probabilities.max():.1f} %) by {network.source}")
        if args.plot != "none" and not window:
            pad.show(ink)
            pad.save(args.out / f"{path.stem}-{i}.png")
    pad.show_in_turn(inks)
    if window and not (inks and args.close):
        pad.run()
