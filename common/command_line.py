"""The command line that all lessons share."""

import argparse
import math
import os
import shutil
import sys
from pathlib import Path

from common.run_folder import read_settings
from common.terminal import UserError, in_notebook

PLOTS = ("auto", "window", "file", "none")


class _OneLineParser(argparse.ArgumentParser):
    def error(self, message):
        raise UserError(f"{message} (--help lists the flags)")


def _whole_number(minimum, maximum=None):
    def convert(text):
        try:
            number = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
        if number < minimum or (maximum is not None and number > maximum):
            limit = f"{minimum} or more" if maximum is None else f"from {minimum} to {maximum}"
            raise argparse.ArgumentTypeError(f"must be {limit}, not {number}")
        return number

    return convert


def _positive_number(text):
    try:
        number = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if not (math.isfinite(number) and number > 0):
        raise argparse.ArgumentTypeError(f"must be more than 0, not {text}")
    return number


def _folder(text):
    if not os.path.isdir(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a folder")
    return Path(text)


def _movie_file(text):
    path = Path(text)
    if path.suffix.lower() not in (".gif", ".mp4"):
        raise argparse.ArgumentTypeError(f"{text!r} must end in .gif or .mp4")
    if path.suffix.lower() == ".mp4" and not shutil.which("ffmpeg"):
        raise argparse.ArgumentTypeError("an .mp4 needs the program ffmpeg, which is not found: use .gif")
    if not os.access(path.parent, os.W_OK) or os.path.isdir(path):
        raise argparse.ArgumentTypeError(f"{text!r} cannot be written")
    return path


def _parser(script, description, defaults):
    parser = _OneLineParser(
        prog=script,
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        argument_default=argparse.SUPPRESS,
    )
    count = _whole_number(1)

    def add(flag, about, **options):
        name = flag.removeprefix("--").replace("-", "_")
        if defaults.get(name) not in (None, False, []):
            about += f" (default: {defaults[name]})"
        parser.add_argument(flag, help=about, **options)

    add("--epochs", "passes through the training data", type=count, metavar="N")
    add("--batch-size", "examples in one training step", type=count, metavar="N")
    add("--learning-rate", "size of a training step", type=_positive_number, metavar="X")
    add("--seed", "where the random numbers start", type=_whole_number(0, 2**32 - 1), metavar="N")
    add("--train-size", "use only the first N training examples", type=count, metavar="N")
    add("--plot", "where the picture is shown", choices=PLOTS)
    add("--close", "close the window at the end", action="store_true")
    add("--movie", "also record the window, as .gif or .mp4", type=_movie_file, metavar="FILE")
    add("--overlay", "draw the curves of earlier runs behind", nargs="+", type=Path, metavar="RUN")
    add("--data-dir", "look for data files here first", type=_folder, metavar="DIR")
    add("--out", "folder for the results", type=Path, metavar="DIR")
    add("--resume", "go on from the last complete epoch of the run in --out", action="store_true")
    return parser


def parse_args(description, *, epochs, batch_size, learning_rate, argv=None):
    """Read the command line of a lesson; in a notebook there is none, and the defaults hold.

    With --resume, what is not given is as in the run that goes on.

    Args:
        description: the lesson's docstring, shown by --help.
        epochs, batch_size, learning_rate: what the lecture uses.
        argv: the words to read, `sys.argv[1:]` if None.

    Returns:
        A namespace with one attribute for each flag, `script` (the lesson's name) and `verbose`
        (for `model.fit`: 1, a progress bar, on a terminal, else 0).

    Raises:
        UserError: a flag is unknown or has a value that cannot be used.
    """
    script = "notebook" if in_notebook() else Path(sys.argv[0]).stem
    if argv is None:
        argv = [] if in_notebook() else sys.argv[1:]
    defaults = {
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "seed": 0,
        "train_size": None,
        "plot": "auto",
        "close": False,
        "movie": None,
        "overlay": [],
        "data_dir": None,
        "out": Path("runs") / script,
        "resume": False,
    }
    given = vars(_parser(script, description, defaults).parse_args(argv))
    args = argparse.Namespace(**{**defaults, **given})
    args.script = script
    args.verbose = 1 if sys.stdout.isatty() or in_notebook() else 0
    if args.movie and args.plot == "none":
        raise UserError("--movie records what is drawn, and --plot none draws nothing")
    if args.resume:
        _continue_with_settings(args, given)
    return args


def _continue_with_settings(args, given):
    settings = read_settings(args.out)
    for name, value in settings.items():
        if name == "script" and value != args.script:
            raise UserError(f"--resume: {args.out} holds a run of {value}, not of {args.script}")
        if name in given and name != "epochs" and value != given[name]:
            flag = "--" + name.replace("_", "-")
            raise UserError(f"--resume: the run in {args.out} has {flag} {value}, not {given[name]}")
        if name not in given:
            setattr(args, name, value)
