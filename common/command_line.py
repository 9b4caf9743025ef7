"""The command line that all lessons share, and that of the scripts that train nothing.

It stands on the rooms: they check what a flag names, a picture, an earlier run. None of them looks at it.
"""

import argparse
import os
import re
import shlex
import sys
from pathlib import Path

import keras

from common.data.pictures import read_each, read_photo
from common.data.picture_folders import say_left_out
from common.files import there
from common.terminal import UserError, in_notebook, interrupt, loading, on_terminal
from common.training import checkpoints, results
from common.training.distribution import distribute
from common.training.race import Rival, end_with_parent
from common.training.threads import use_threads
from keras_window.overlays import read_curves

PLOTS = ("auto", "window", "web", "file", "none")
SHARE = "show it in the browser, and let the class look on from other computers and phones"
X_AXES = ("iterations", "epochs")
TEXT_FILES = (".txt", ".csv", ".tsv", ".json", ".jsonl", ".xlsx", ".docx", ".pdf", ".html", ".zip", ".gz")
# the two runs of a race do not share these, and the other one cannot have them
OWN = (
    "plot", "close", "movie", "overlay", "against", "x_axis", "resume", "show_filters", "review", "predict",
    "translate", "beams", "distribute", "process",
)  # fmt: skip


class _OneLineParser(argparse.ArgumentParser):
    def parse_args(self, argv=None):
        words = list(sys.argv[1:] if argv is None else argv)
        if "--against" in words[:-1]:  # its value may be a flag, which argparse would not take for a value
            place = words.index("--against")
            words[place : place + 2] = [f"--against={words[place + 1]}"]
        for word in words:
            if word.startswith("--") and word.endswith("=--"):  # argparse would take it for no value at all
                self.error(f"argument {word[:-3]}: expected one argument")
        given = vars(super().parse_args(words))
        if given.pop("share", False):
            plot = given.get("plot", "auto")
            if plot not in ("auto", "web"):
                self.error(f"--share shows the window in browsers, and --plot {plot} does not")
            given["plot"] = "share"
        return argparse.Namespace(**given)

    def error(self, message):
        raise UserError(f"{message} (--help lists the flags)")


def _brief(text, length=60):
    return text if len(text) <= length else f"{text[: length - 3]}..."


def _wrong(text, why):
    """What to raise for a word of the command line that cannot be used."""
    return argparse.ArgumentTypeError(f"{_brief(repr(text))} {why}")


def whole_number(minimum, maximum):
    def convert(text):
        if not re.fullmatch(r"[+-]?[0-9]+", text):  # int() would take digits of all scripts
            raise _wrong(text, "is not a whole number")
        if len(text) > 30 or not minimum <= int(text) <= maximum:
            raise argparse.ArgumentTypeError(f"must be from {minimum} to {maximum}, not {_brief(text)}")
        return int(text)

    return convert


def _number(fits, limit):
    def convert(text):
        if not re.fullmatch(r"[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?", text):
            raise _wrong(text, "is not a number")
        if len(text) > 1000 or not fits(float(text)):
            raise argparse.ArgumentTypeError(f"must be {limit}, not {_brief(text)}")
        return float(text)

    return convert


LARGE = 1_000_000
positive_number = _number(lambda number: 1e-12 <= number <= LARGE, f"from 1e-12 to {LARGE}")
_not_negative = _number(lambda number: 0 <= number <= LARGE, f"from 0 to {LARGE}")
_share = _number(lambda number: 0 <= number < 1, "from 0 to less than 1")


def some_path(text):
    """A path that may or may not be there; ~ is the user's home."""
    try:
        path = Path(text).expanduser()
        if not text:
            raise _wrong(text, "is not a path")
        try:
            path.stat()
        except NotADirectoryError:
            pass
        except FileNotFoundError:
            if path.is_symlink():
                raise _wrong(text, "is a link that leads nowhere") from None
    except (OSError, RuntimeError, ValueError) as error:  # too long a name, a link to itself, no such home
        raise _wrong(text, f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
    return path


def _folder(text):
    path = some_path(text)
    if not path.is_dir():
        raise _wrong(text, "is not a folder")
    return path


def _readable_file(text):
    path = some_path(text)
    if not os.access(path, os.R_OK) or not path.is_file():
        raise _wrong(text, "is not a file that can be read")
    return str(path.resolve())  # to be found by --resume, from wherever it is called


def picture(text):
    path = _readable_file(text)
    try:
        read_photo(path, 1)
    except ValueError as error:
        raise _wrong(text, str(error)) from None
    return some_path(text)


def _readable(paths):
    """Those paths that are of pictures; the others are named. Raises UserError if there are none."""
    photos, left_out = read_each(paths, 1)
    if not photos:
        path, why = left_out[0]
        others = f" (nor can the other {len(paths) - 1:,} be read)" if len(paths) > 1 else ""
        raise UserError(f"--predict: {path} {why}{others}")
    say_left_out(left_out)
    return [path for path, _ in photos]


def _run(text):
    read_curves(some_path(text))
    return some_path(text)


def _addresses(text):
    if text and not re.fullmatch(r"[^\s:,]+:[0-9]{1,5}(,[^\s:,]+:[0-9]{1,5})+", text):
        raise _wrong(text, "must be HOST:PORT,HOST:PORT, one for each process")
    return text


def _some_text(text):
    if not text.strip():
        raise argparse.ArgumentTypeError("the text is empty")
    return text


def _review(text):
    if text == "-":
        if sys.stdin is None:
            raise argparse.ArgumentTypeError("- reads reviews from the standard input, which is closed")
        return text
    found = "a folder" if os.path.isdir(text) else "a file" if os.path.exists(text) else None
    if not found and text.lower().endswith(TEXT_FILES):
        found = "the name of a file that is not there"
    if found:
        raise _wrong(text, f"is {found}, not a review: --review - < FILE reads a review from each line")
    return _some_text(text)


def _movie_file(text):
    path = some_path(text)
    if path.suffix.lower() not in (".gif", ".mp4"):
        raise _wrong(text, "must end in .gif or .mp4")
    if path.suffix.lower() == ".mp4":
        try:
            import imageio_ffmpeg

            imageio_ffmpeg.get_ffmpeg_exe()
        except (ImportError, RuntimeError):  # not installed; or without ffmpeg, on a rare computer
            raise _wrong(text, "needs ffmpeg: pip install imageio-ffmpeg, or use .gif") from None
    if not os.access(path.parent, os.W_OK) or path.is_dir():
        raise _wrong(text, "cannot be written")
    return path


def _parser(script, description, steps, defaults):
    parser = _OneLineParser(
        prog=script,
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        argument_default=argparse.SUPPRESS,
    )
    count = whole_number(1, LARGE)
    settings = set(defaults).union(*steps.values())

    def add(flag, about, **options):
        name = flag.removeprefix("--").replace("-", "_")
        values = [defaults | step for step in steps.values() or [{}]]
        values = [value[name] for value in values if name in value]
        if any(value != values[0] for value in values):
            about += " (default: depends on --step)"
        elif values and not (isinstance(values[0], bool) or values[0] in (None, [])):
            about += f" (default: {values[0]})"
        parser.add_argument(flag, help=about, **options)

    if steps:
        parser.add_argument(
            "--step", choices=steps, help=f"which variant (default: {list(steps)[-1]}, the last)"
        )
    add("--epochs", "how often all training examples are used", type=count, metavar="N")
    add("--batch-size", "examples in each iteration", type=count, metavar="N")
    add("--learning-rate", "size of the optimizer's steps", type=positive_number, metavar="X")
    if "decay" in settings:
        add("--no-decay", "keep the learning rate constant", action="store_false", dest="decay")
    if "dropout" in settings:
        add("--dropout", "share of neurons set to 0 in each iteration", type=_share, metavar="X")
    if "pooling" in settings:
        add("--pooling", "convolutions of stride 1 and max pooling instead of stride 2", action="store_true")
    if "batch_norm" in settings:
        add("--no-batch-norm", "without batch normalization", action="store_false", dest="batch_norm")
    if "augment" in settings:
        add(
            "--augment",
            "change the training pictures a little every time (default)",
            action="store_true",
        )
        add("--no-augment", "leave them as they are", action="store_false", dest="augment")
    if "image_size" in settings:
        about = "height and width of the pictures, in pixels"
        add("--image-size", about, type=whole_number(16, 300), metavar="N")
    if "input_half" in settings:
        about = "which half of a pair is the drawing"
        add("--input-half", about, choices=("left", "right"))
    if "l1" in settings:
        add("--l1", "weight of the L1 error in the generator's loss", type=_not_negative, metavar="X")
    add("--seed", "seed of the random numbers", type=whole_number(0, 2**32 - 1), metavar="N")
    about = "use only the first N training examples"
    add("--train-size", about, type=whole_number(1, 1000 * LARGE), metavar="N")
    add("--plot", "where to show the picture", choices=PLOTS)
    add("--share", SHARE, action="store_true")
    add("--close", "close the window at the end", action="store_true")
    add("--movie", "also record the window, as .gif or .mp4", type=_movie_file, metavar="FILE")
    about = "also draw the curves of other runs, as they are or as they grow"
    add("--overlay", about, nargs="+", type=_run, metavar="RUN")
    about = "a race: run this lesson with other flags beside this one, and draw its curves, too"
    add("--against", about, type=_some_text, metavar="FLAGS")
    add("--x-axis", "what the curves are drawn over", choices=X_AXES)
    if "show_filters" in settings:
        add("--show-filters", "show kernels and feature maps at the end", action="store_true")
    add("--data-dir", "look for data files here first", type=_folder, metavar="DIR")
    if "full" in settings:
        add(
            "--full",
            "download the full data set once, instead of the bundled part",
            action="store_true",
        )
    if "review" in settings:
        about = "classify this review with the trained model; - reads reviews from standard input, one a line"
        add("--review", about, action="append", type=_review, metavar="TEXT")
    if "predict" in settings:
        about = "classify these pictures with the trained model"
        add("--predict", about, action="extend", nargs="+", type=os.path.expanduser, metavar="FILE")
    if "pairs" in settings:
        about = "sentences to learn from: each line a sentence, a tab, its translation"
        add("--pairs", about, type=_readable_file, metavar="FILE")
    if "translate" in settings:
        about = "translate this text with the trained model"
        add("--translate", about, action="append", type=_some_text, metavar="TEXT")
    if "beams" in settings:
        add(
            "--beams",
            "beam width; 1 is greedy search",
            type=whole_number(1, 100),
            metavar="N",
        )
    about = "split each batch across all devices, or several processes (Keras on JAX)"
    add("--distribute", about, nargs="?", const="", type=_addresses, metavar="HOST:PORT,HOST:PORT")
    add("--process", "which of these processes this one is, from 0", type=whole_number(0, 1000), metavar="N")
    about = "on how many of the processor's cores to compute (a small network is fastest on one)"
    add("--threads", about, type=whole_number(1, 1000), metavar="N")
    add("--mixed-precision", "compute in 16 bits, keep the weights in 32", action="store_true")
    parser.add_argument(
        "--out", help="folder for the results (default: in runs/)", type=some_path, metavar="DIR"
    )
    add("--resume", "continue after the last complete epoch of the run in --out", action="store_true")
    return parser


def begin_lesson():
    """A lesson runs from here on: Ctrl-C ends it, and the user's own settings of Keras do not change it."""
    interrupt.lesson, interrupt.saving = True, False
    keras.config.set_image_data_format("channels_last")
    keras.config.set_epsilon(1e-7)
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")
    keras.config.set_max_epochs(None)
    keras.config.set_max_steps_per_epoch(None)


def demo_parser(description):
    """The command line of a script that trains nothing. It adds its own flags, and calls `parse_args()`.

    Args:
        description: the script's docstring, shown by --help.

    Returns:
        An `argparse.ArgumentParser` with --plot, --close and --out (`runs/<script>` unless given). A flag
        that is unknown or cannot be used raises `UserError`.
    """
    begin_lesson()
    loading.end()
    script = Path(sys.argv[0]).stem
    parser = _OneLineParser(
        prog=script,
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--plot", help="where it is shown (default: auto)", choices=PLOTS, default="auto")
    parser.add_argument("--share", help=SHARE, action="store_true", default=argparse.SUPPRESS)
    parser.add_argument("--close", help="close the window at the end", action="store_true")
    about = f"folder for the pictures (default: runs/{script})"
    parser.add_argument("--out", help=about, type=some_path, default=Path("runs", script), metavar="DIR")
    return parser


def slides_parser(description):
    """`demo_parser` with --slide and --movie."""
    parser = demo_parser(description)
    parser.add_argument("--slide", help="show only this slide (default: all of them)", metavar="NAME")
    parser.add_argument("--movie", help="also record it, as .gif or .mp4", type=_movie_file, metavar="FILE")
    return parser


def parse_args(description, *, steps=None, argv=None, **defaults):
    """Read the command line of a lesson; in a notebook the defaults hold, unless `sys.argv` is set there.

    With --resume, what is not given is as in the run that is continued; likewise with --review, --predict
    and --translate where there is a trained model.

    Args:
        description: the lesson's docstring, shown by --help.
        steps: for each of the lesson's variants, its name and a dictionary of what it needs; the
            last is the default. None if there is only one network.
        argv: the words to read, `sys.argv[1:]` if None.
        defaults: the lesson's settings where `steps` gives no other; epochs, batch_size and
            learning_rate, and as the lesson has them decay, dropout, pooling, batch_norm, augment,
            image_size, input_half, l1, full, show_filters, review, predict, pairs, translate and beams, each
            of which brings its flag; and threads, where another number than one for each core is faster.

    Returns:
        A namespace with one attribute for each flag, all that `steps` holds for the chosen one (None
        for what only others have), `step` (its name or None), `script` (the lesson's name) and
        `verbose` (for `model.fit`: 1, a progress bar, on a terminal, else 0).

    Raises:
        UserError: a flag is unknown, has a value that cannot be used or means nothing to the step.
    """
    begin_lesson()
    end_with_parent()
    script, words = Path(sys.argv[0]).stem, sys.argv[1:]
    if in_notebook():
        description = None  # it stands above
        if words and words == sys.orig_argv[-len(words) :]:  # those that started the kernel
            script, words = "notebook", []
    lesson = _Lesson(script, description, steps or {}, defaults)
    given, settings = lesson.read(words if argv is None else argv)
    if settings["against"]:
        settings["against"] = _rival(lesson, given, settings)
    args = argparse.Namespace(**settings)
    if args.plot == "none":
        _refuse(given, ("movie", "overlay", "x_axis"), "is about the picture, and --plot none draws none")
    if args.data_dir:
        _refuse(
            given, ("full",), "downloads the data, and --data-dir says where they are: give one of the two"
        )
    if args.process is not None or args.distribute:
        processes = len(args.distribute.split(",")) if args.distribute else 0
        if args.process is None or args.process >= processes:
            raise UserError(
                "--distribute HOST:PORT,HOST:PORT needs --process 0 for the first, 1 for the second"
            )
    asked = "threads" in given
    if not use_threads(args.threads, asked) and asked:
        raise UserError("--threads: this notebook has computed on others already: restart its kernel")
    if args.mixed_precision:
        keras.config.set_dtype_policy("mixed_bfloat16")
    if args.distribute is not None:
        folder = distribute(args.distribute, args.process, args.batch_size, args.out if args.resume else None)
        silent = {"plot": "none", "verbose": 0, "out": folder} if folder else {}
        args = argparse.Namespace(**vars(args) | silent)
    keras.utils.set_random_seed(args.seed)  # when the processes have met, which takes random numbers
    return args


def _refuse(given, names, why):
    """Raise UserError if one of these flags is given: it would have no effect."""
    idle = [name for name in names if name in given]
    if idle:
        raise UserError(f"{_flag(idle[0], given[idle[0]])} {why}")


class _Lesson:
    """A lesson's command line: its flags, and what holds where none is given."""

    def __init__(self, script, description, steps, defaults):
        self.script, self.steps = script, steps
        self.defaults = {
            "step": list(steps)[-1] if steps else None,
            "seed": 0,
            "train_size": None,
            "plot": "auto",
            "close": False,
            "movie": None,
            "overlay": [],
            "against": None,
            "x_axis": "iterations",
            "data_dir": None,
            "resume": False,
            "distribute": None,
            "process": None,
            "threads": None,
            "mixed_precision": False,
            "out": None,
        } | defaults
        self.parser = _parser(script, description, steps, self.defaults)

    def known(self, step):
        """All settings of a variant, a dictionary."""
        out = Path("runs") / (f"{self.script}-{step}" if step else self.script)
        return self.defaults | {"step": step, "out": out} | self.steps.get(step, {})

    def read(self, argv):
        """What is given in these words, and with it all settings: two dictionaries."""
        given, steps = vars(self.parser.parse_args(argv)), self.steps
        if "predict" in given:
            given["predict"] = _readable(given["predict"])
        step = given.get("step", self.defaults["step"])
        before, out = {}, given.get("out", self.known(step)["out"])
        asked = next((_flag(name) for name in ("review", "predict", "translate") if name in given), None)
        asked = None if given.get("resume") else asked
        if given.get("resume") or (asked and results.is_complete(out)):
            may_change = {"pairs", "threads"} if asked else {"pairs", "threads", "epochs"}
            before = self._read_settings(out, asked or "--resume", given.keys() & may_change)
            step = before["step"]
        if asked and before:
            draws = asked == "--predict" or given.get("plot") == "none"
            idle = ("movie", "overlay", "x_axis", "distribute", "process", *(() if draws else ("plot",)))
            _refuse(given, idle, f"is for a training, and {asked} asks the trained network in {out}")
        settings = self.known(step) | {"out": out}
        for name, value in given.items():
            if name not in settings:
                raise UserError(f"{_flag(name, value)} does not apply to --step {step}")
            if before.get(name, value) != value:
                raise UserError(f"{asked or '--resume'}: {_difference(out, name, before, value)}")
        for others in steps.values():
            settings = dict.fromkeys(others) | settings
        own = {"script": self.script, "verbose": 1 if on_terminal() else 0}
        return given, settings | before | given | own

    def _read_settings(self, folder, flag, changed):
        """The settings of the run in a folder, but for those that are `changed`: a dictionary.

        Nothing comes from its file that could not be typed: it is read as a command line.
        """
        if flag == "--resume":
            path, found = folder / checkpoints.NAME, checkpoints.read_state(folder)["settings"]
        else:
            path, found = folder / results.NAME, results.read_settings(folder)
        script, step = found["script"], found["step"]
        if script != self.script:
            raise UserError(f"{flag}: {folder} holds a run of {script}, not of {self.script}")
        if step not in (self.steps or [None]):
            raise UserError(f"{flag}: {folder} holds a run of step {step}, which is not known")
        known = self.known(step)
        before = {name: known[name] for name in found if name in known and name not in changed}
        others = {name: found[name] for name in before if found[name] != known[name]}
        try:
            return before | vars(self.parser.parse_args(_words(others)))
        except UserError as error:
            raise UserError(f"{flag}: {path} has a setting that cannot be used: {error}") from error


def _split(text):
    """The words of a command line in quotation marks, in which \\ belongs to a path of Windows."""
    words = shlex.shlex(text, posix=True, punctuation_chars="")
    words.whitespace_split, words.escape, words.commenters = True, "", ""
    return list(words)


def _rival(lesson, given, settings):
    """The run beside ours: our flags, as far as they apply to it, and what --against says on top of them."""
    flags = " ".join(settings["against"].split())
    alone = [
        name
        for name in ("distribute", "review", "predict", "translate")
        if settings.get(name) not in (None, [])
    ]
    if alone:
        raise UserError(f"--against and {_flag(alone[0])} do not go together: use two commands")
    try:
        other = vars(lesson.parser.parse_args(_split(settings["against"])))
        unfit = [name for name in other if name in OWN]
        if unfit:
            raise UserError(f"{_flag(unfit[0], other[unfit[0]])} is for this run, not for the one beside it")
        out = other.get("out", settings["out"].with_name(f"{settings['out'].name}-against"))
        if out.resolve() == settings["out"].resolve():
            raise UserError(f"--out {out} is the folder of this run: give it another one")
        known = lesson.known(other.get("step", settings["step"]))
        shared = {name: value for name, value in given.items() if name in known and name not in OWN}
        words = _words(shared | other | {"out": out})
        if settings["resume"] and there(out / checkpoints.NAME):
            words.append("--resume")
        lesson.read(words)
    except (UserError, ValueError) as error:  # ValueError: an open quotation mark
        raise UserError(f"--against {_brief(repr(flags))}: {error}") from error
    return Rival(flags, [*words, "--plot=file"], out)


def _words(given):
    """The words of a command line that gives these settings."""
    return [
        _flag(name, value) if isinstance(value, bool) else f"{_flag(name)}={value}"
        for name, value in given.items()
    ]


def _flag(name, value=None):
    return ("--no-" if value is False else "--") + name.replace("_", "-")


def _difference(folder, name, before, value):
    if isinstance(value, bool):
        return f"the run in {folder} is without {_flag(name, value)}"
    return f"the run in {folder} has {_flag(name)} {before[name]}, not {value}"
