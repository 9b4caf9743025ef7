"""Draw a digit with the mouse, and see at once what trained networks predict.

On the left you draw; in the middle is the image that the networks see, 28 × 28 pixels, fitted and centred
as MNIST's digits were; on the right the ten probabilities Y that each network predicts. The networks are the
best in runs/ that was trained on MNIST and the best with one layer (softmax), or those that --model names. If
there is none in runs/, softmax is trained first.

Look at: digits that one layer misclassifies and a convolutional network does not: it sees shapes anywhere.
Try: a 0, 2 or 5 drawn small in a corner (centring puts it right, but its strokes are thick); a digit upside
  down; a 1 with and without a foot; a letter (the network is overconfident: it knows only digits);
  --model runs/mnist_1_softmax runs/mnist_4_batchnorm-4.2, --image photo_of_a_digit.jpg
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
from common.data.sources import BUNDLED_SHA256
from common.files import there
from common.values import picture, some_path
from drawing.drawing_pad import DrawingPad
from drawing.ink import read_ink
from common.training.models import MODEL, load_model, takes_and_gives
from common.training.results import is_complete, read_result

import numpy as np
from PIL import Image

SOFTMAX = "mnist_1_softmax"
BOX = 4, 23  # first and last row and column of the 20 × 20 in the middle


def as_mnist(ink):
    """A drawing in MNIST's format: fitted into 20 × 20 pixels, its centre of mass in the middle of 28 × 28.

    Args:
        ink: float [h, w], 0 (paper) to 1 (ink).

    Returns:
        uint8 [28, 28, 1], 0 (paper) to 255 (ink). The middle is the pixel in row and column 14, as in
        MNIST; a digit that would cross the edge is moved less far.

    Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits".
    """
    image, drawn = np.zeros((28, 28, 1), np.uint8), np.asarray(ink) > 0.03
    if not drawn.any():
        return image
    rows, columns = np.flatnonzero(drawn.any(axis=1)), np.flatnonzero(drawn.any(axis=0))
    digit = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = (max(round(20 * length / max(digit.shape)), 1) for length in digit.shape)
    smoothing = Image.Resampling.BOX if max(digit.shape) >= 20 else Image.Resampling.BICUBIC
    small = np.clip(Image.fromarray(digit.astype(np.float32)).resize((width, height), smoothing), 0, 1)
    small /= small.max()
    row, column = (places.ravel() @ small.ravel() / small.sum() for places in np.indices(small.shape))
    top, left = np.clip((round(14 - row), round(14 - column)), 0, (28 - height, 28 - width))
    image[top : top + height, left : left + width, 0] = np.rint(255 * small)
    return image


class Network(NamedTuple):
    """A trained network: its name in the terminal, its name in the window, and its predictions.

    `predict` computes the probabilities, float [10], for an image, uint8 [28, 28, 1].
    """

    source: str
    name: str
    predict: Callable


def digits_of(result):
    """The digits that a result's run was trained on: "MNIST" or "your digits"; None if other data."""
    data, name = result["data"], PureWindowsPath(result["data"]["file"]).name  # splits at / and \\
    lesson = result["script"].startswith("mnist_") or name == "mnist.npz"
    if not lesson or result["classes"] not in (None, list("0123456789")):
        return None
    ours = data["sha256"] == BUNDLED_SHA256["mnist.npz"] or data["origin"] in ("bundled", "keras cache")
    return "MNIST" if ours else "your digits"


def load_network(path):
    """The `Network` in a .keras file or a run's folder. Raises UserError if it does not predict digits."""
    file = path / MODEL if path.is_dir() else path
    source, name = str(path), f"{file.absolute().parent.name}\n{file.name}"
    if file.name == MODEL and is_complete(file.parent):
        result = read_result(file.parent)
        digits = digits_of(result)
        if not digits:
            learnt = ", ".join((result["classes"] or [result["data"]["file"]])[:3])
            raise UserError(f"{file.parent} was not trained on digits, but on {learnt}")
        script, step = result["script"], result["step"]
        accuracy = f"{100 * result['test'].get('accuracy', np.nan):.2f} %"
        name = f"{script}\n{f'step {step}, ' if step else ''}test {accuracy}"
        if digits != "MNIST":
            source, name = f"{source} (trained on {digits})", f"{script} {step or ''}\n{digits}: {accuracy}"
    model = load_model(file, "name another one")

    def predict(image):
        return np.asarray(model.predict_on_batch(image[np.newaxis])[0], float)

    fits = takes_and_gives(model, (28, 28, 1), (10,))
    if not fits or not abs(predict(np.zeros((28, 28, 1), np.uint8)).sum() - 1) < 0.1:
        raise UserError(f"{file} does not make 10 probabilities from 28 × 28 × 1 pixels")
    return Network(source, name, predict)


def find_networks(runs):
    """The best run on MNIST in a folder and the best softmax run, a list of up to two `Network`s."""
    found, networks = [], []
    files = [*runs.rglob("result.json"), *runs.rglob("checkpoint.npz")]
    for folder in sorted({file.parent for file in files}):
        try:
            if not is_complete(folder):
                raise UserError(f"{folder} holds no complete run")
            result = read_result(folder)
            digits, accuracy = digits_of(result), result["test"].get("accuracy", np.nan)
            if digits == "your digits":
                raise UserError(f"{folder} was trained on your digits (--model {folder} takes it)")
            if digits and not np.isnan(accuracy):
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
    pad.put_readers([(network.name, network.predict) for network in networks])
    if pad.no_window:
        print(f"No window ({pad.no_window}): the pictures are saved instead.")

    for i, (path, ink) in enumerate(zip(args.image, inks, strict=True), start=1):
        for network in networks:
            probabilities = network.predict(as_mnist(ink))
            print(f"{path}: {probabilities.argmax()} ({100 * probabilities.max():.1f} %) by {network.source}")
        if args.plot != "none" and not window:
            pad.show(ink)
            pad.save(args.out / f"{path.stem}-{i}.png")
    pad.show_in_turn(inks)
    if window and not (inks and args.close):
        pad.run()
