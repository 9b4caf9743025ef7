"""The flags of the lessons, in one table: the command line, --help and docs/using.md are made from it."""

import os

from common.values import (
    MILLION, addresses, movie_file, data_path, not_negative, positive_number, readable_file, review,
    run_with_curves, share_below_1, some_path, some_text, whole_number,
)  # fmt: skip

# what a flag belongs to
RUN = "run"  # saved with a run; fixed with --resume; shared by both runs of a race
FILES = "files"  # shared by both runs of a race
PICTURE = "picture"  # no effect without a picture of the training
DEVICES = "devices"  # no effect without training; not for races
QUESTION = "question"  # asks a trained network; not for races
COMMAND = "command"  # for this command only

LESSON = object()  # the lesson sets it, or lacks the flag


class Flag:
    """A row of the table.

    Args:
        flag: the flag as the user types it; --no-x turns x off.
        belongs: one of the kinds above.
        about: the description in --help and docs/using.md.
        default: the value if the flag is not given.
        options: for argparse's `add_argument`; a flag without `metavar` and `choices` takes no value.

    Attributes:
        name: the name of its setting in `args`.
    """

    def __init__(self, flag, belongs, about, default=LESSON, **options):
        self.flag, self.belongs, self.about, self.default = flag, belongs, about, default
        self.name = flag.removeprefix("--").removeprefix("no-").replace("-", "_")
        self.options = options | {"dest": self.name}
        if "metavar" not in options and "choices" not in options:
            self.options["action"] = "store_false" if flag.startswith("--no-") else "store_true"


FLAGS = (
    Flag("--step", RUN, "variant of the network", None, metavar="NAME"),
    Flag("--epochs", RUN, "number of passes through the training data",
         type=whole_number(1, MILLION), metavar="N"),
    Flag("--batch-size", RUN, "training examples in each iteration",
         type=whole_number(1, MILLION), metavar="N"),
    Flag("--learning-rate", RUN, "learning rate; where it decays, the one at the start",
         type=positive_number, metavar="X"),
    Flag("--no-decay", RUN, "keep the learning rate constant"),
    Flag("--dropout", RUN, "share of neurons that dropout leaves out in each iteration; 0 turns it off",
         type=share_below_1, metavar="X"),
    Flag("--pooling", RUN, "max pooling after convolutions of stride 1, not convolutions of stride 2"),
    Flag("--no-batch-norm", RUN, "leave out batch normalization"),
    Flag("--augment", RUN, "change the training images a little every time: flip, rotate, zoom, shift (the"
         " default)"),
    Flag("--no-augment", RUN, "leave the training images as they are"),
    Flag("--image-size", RUN, "height and width of the images, in pixels",
         type=whole_number(16, 300), metavar="N"),
    Flag("--input-half", RUN, "the half of each pair of images that is the drawing; left also means the upper"
         " one, or A",
         choices=("left", "right")),
    Flag("--l1", RUN, "weight of the L1 error in the generator's loss; 0 leaves it out",
         type=not_negative, metavar="X"),
    Flag("--seed", RUN, "seed of the random numbers: the same seed gives the same result", 0,
         type=whole_number(0, 2**32 - 1), metavar="N"),
    Flag("--train-size", RUN, "use only the first N training examples, for a quick try", None,
         type=whole_number(1, 1000 * MILLION), metavar="N"),
    Flag("--plot", COMMAND, "where to show the picture; auto is a window where there is a screen, the cell in"
         " a notebook, otherwise a picture file", "auto", choices=("auto", "window", "web", "file", "none")),
    Flag("--share", COMMAND, "show the picture in the browser, and let the class look on from other computers"
         " and phones", False),
    Flag("--close", COMMAND, "close the window at the end", False),
    Flag("--movie", PICTURE, "also record the window, as .gif or .mp4", None,
         type=movie_file, metavar="FILE"),
    Flag("--overlay", PICTURE, "also draw the curves of other runs; those of a run that is still going on"
         " grow", [], type=run_with_curves, nargs="+", metavar="RUN"),
    Flag("--against", COMMAND, "a race: run this lesson with other flags beside this one, and draw its"
         " curves, too", None, type=some_text, metavar="FLAGS"),
    Flag("--x-axis", PICTURE, "what the curves are drawn over", "iterations",
         choices=("iterations", "epochs")),
    Flag("--show-filters", COMMAND, "at the end, show the kernels and the feature maps of a test digit"),
    Flag("--data-dir", RUN, "your own data or the class's: a folder or file in the formats named above", None,
         type=data_path, metavar="PATH"),
    Flag("--full", RUN, "download the full data set once, instead of using the bundled part"),
    Flag("--table", RUN, "a table of your own to learn from: a CSV file with a row for each example",
         type=readable_file, metavar="FILE"),
    Flag("--target", RUN, "the column of --table that is to be predicted",
         type=some_text, metavar="COLUMN"),
    Flag("--review", QUESTION, "classify this review with the trained network, or those in a .txt, .csv or"
         " .tsv file; - reads one from each line of the standard input",
         action="append", type=review, metavar="TEXT"),
    Flag("--predict", QUESTION, "predict for these files with the trained network",
         action="extend", nargs="+", type=os.path.expanduser, metavar="FILE"),
    Flag("--pairs", RUN, "a file of sentences to learn from, each with its translation: as --data-dir FILE",
         type=data_path, metavar="FILE"),
    Flag("--translate", QUESTION, "translate this text with the trained network",
         action="append", type=some_text, metavar="TEXT"),
    Flag("--beams", COMMAND, "beam width of the translation: candidates kept at each token; 1: greedy search",
         type=whole_number(1, 100), metavar="N"),
    Flag("--distribute", DEVICES, "split each batch across all devices, or across several processes (Keras on"
         " JAX)", None, nargs="?", const="", type=addresses, metavar="HOST:PORT,HOST:PORT"),
    Flag("--process", DEVICES, "which of these processes this one is, from 0", None,
         type=whole_number(0, 1000), metavar="N"),
    Flag("--threads", RUN, "number of processor cores to compute on (a small network is fastest on one)",
         None, type=whole_number(1, 1000), metavar="N"),
    Flag("--mixed-precision", RUN, "compute in 16 bits, keep the weights in 32", False),
    Flag("--out", FILES, "folder for the results", None, type=some_path, metavar="DIR"),
    Flag("--resume", COMMAND, "continue after the last complete epoch of the run in --out", False),
)  # fmt: skip

BELONGS = {flag.name: flag.belongs for flag in FLAGS}
SETTINGS = ("script", *(name for name, kind in BELONGS.items() if kind == RUN))  # saved with a run
