"""The gradient descent slides, animated: the cost of a network's errors, and how training reduces it.

    Cₖ = Σ (a − y)²                      the cost of digit k: a is the network's output, y what it should be
    C = 1/n · Σ Cₖ                       the average over all n training digits: this is to become small
    w ← w − η · ∂C/∂w                    gradient descent: a step down the slope, η is the learning rate
    v ← 0.9·v − η · ∂C/∂w,  w ← w + v    momentum (Polyak, 1964): steps in the same direction add up
    w ← w − η · m / √s                   Adam (Kingma and Ba, 2015): m and s are means of slope and slope²

The slides: cost, average_cost, surface, learning_rates, mini_batches, decay, optimizers, backpropagation
(--slide NAME shows one of them). --learning-rate changes slide surface; --batch-size changes mini_batches,
to batches of so many digits, of 10 and of 100 times as many. Space or → goes on, ← goes back, p plays,
↑ and ↓ change the slide. Keras' own optimizers take the steps, except for average_cost, surface and
backpropagation, which use the formulas above.
Look at: after a few hundred digits the average hardly changes; too large a step lands higher on the other
  side; with a constant rate, the noise of the mini-batches keeps shaking the weights; momentum and Adam
  find a way along a long valley.
Try: --slide surface --learning-rate 0.02, then 0.43 and 0.5; --slide mini_batches --batch-size 1. In the
  window and in the browser, move these flags with the mouse or a finger, below the slide.
"""

# common comes first: it keeps TensorFlow quiet
from common import UserError
from common.data.digits_and_clothes import bundled_mnist
from common.values import positive_number, whole_number
from slides.controls import Slider
from slides.gradient_descent.backpropagation import CHAIN, NETWORK, draw_backpropagation
from slides.gradient_descent.cost import (
    COUNTS, EIGHT, SHOWN, STEPS, average_costs, draw_average_cost, draw_cost,
)  # fmt: skip
from slides.gradient_descent.descent import POINTS, VIEW, Landscape, draw_surface, way_down
from slides.gradient_descent.mini_batches import BATCH_SIZE, Gradients, draw_mini_batches
from slides.gradient_descent.ways import (
    LANDSCAPE, VALLEY, draw_decay, draw_ways, learning_rates, optimizers,
)  # fmt: skip
from slides.show import Slide, show_slides, slides_parser

LARGEST = 100  # --batch-size
CHANGES = {"learning_rate": "surface", "batch_size": "mini_batches"}


def make_slides(args):
    (images, labels), test = bundled_mnist()
    average = images[:SHOWN], labels[:SHOWN], *average_costs(images, labels)
    frames = len(COUNTS) + len(STEPS) - 1
    learning_rate = Slider("learning-rate", [n / 100 for n in range(1, 101)], args.learning_rate or 0.3)
    sizes = 1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, LARGEST
    batch_size = Slider("batch-size", sizes, args.batch_size or BATCH_SIZE)
    rates = learning_rates()
    return [
        Slide("cost", "What’s the cost of this difference?", 11, (draw_cost, test.x[EIGHT])),
        Slide(
            "average_cost", "The average cost of all training digits", frames, (draw_average_cost, *average)
        ),
        Slide(
            "surface",
            "Down the slope of the loss",
            lambda learning_rate: len(way_down(learning_rate)),
            (draw_surface, Landscape(POINTS, VIEW)),
            controls=[learning_rate],
        ),
        Slide(
            "learning_rates", "The learning rate η, with mini-batches", 41, (draw_ways, LANDSCAPE, rates, 0.2)
        ),
        Slide(
            "mini_batches",
            "The gradients of mini-batches",
            5,
            (draw_mini_batches, Gradients(images, labels)),
            controls=[batch_size],
        ),
        Slide("decay", "A constant and a decaying learning rate", 41, (draw_decay, rates[1::2])),
        Slide("optimizers", "In a long valley", 31, (draw_ways, VALLEY, optimizers(), 0.04)),
        Slide("backpropagation", "Backpropagation", len(CHAIN) + 2, (draw_backpropagation, NETWORK), -2),
    ]


def parse_args(argv=None):
    parser = slides_parser(__doc__)
    about = "of slide surface (default: 0.3)"
    parser.add_argument("--learning-rate", help=about, type=positive_number, metavar="X")
    about = f"of slide mini_batches (default: {BATCH_SIZE})"
    parser.add_argument("--batch-size", help=about, type=whole_number(1, LARGEST), metavar="N")
    args = parser.parse_args(argv)
    for name, slide in CHANGES.items():
        if getattr(args, name) and args.slide not in (None, slide):
            flag = name.replace("_", "-")
            raise UserError(f"--{flag} does not change slide {args.slide} (only {slide})")
    if args.learning_rate and args.learning_rate > 1:
        raise UserError("--learning-rate above 1 leaves the picture at once: 0.5 is too large already")
    return args


if __name__ == "__main__":
    args = parse_args()
    show_slides(make_slides(args), args)
