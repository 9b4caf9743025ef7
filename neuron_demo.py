"""The neuron slides, animated: one neuron, a layer, a network, and what is put between its layers.

    z = x₁·w₁ + … + xₙ·wₙ + b            a neuron: each input times its weight, their sum, plus a bias
    a = σ(z) = 1 / (1 + exp(−z))         its activation: sigmoid; or ReLU, max(0, z)
    a = σ(x · W + b)                     a dense (fully connected) layer: each column of W is a neuron's
    Y = softmax(X · W + b)               a batch: each row of X is an image; b is added to every row
    softmax(L)ᵢ = exp(Lᵢ) / Σⱼ exp(Lⱼ)   probabilities: none below 0, together 1
    −Σ Y′ · log Y                        the cross-entropy: Y′ is 1 for the correct digit, else 0
    a / p_keep, or 0                     dropout (Srivastava et al., 2014): p_keep is the share that is kept
    scale · (z − mean) / √variance + offset     batch normalization (Ioffe and Szegedy, 2015)

The slides (--slide NAME shows one of them), and the flags that change them:

    fields           none of them             artificial intelligence, machine learning, deep learning
    neuron           --activation  --bias
    layer            --activation  --bias     its first neuron is the one of slide neuron
    network          none of them             five layers, trained at the start, and lit up by a digit
    batch            none of them             100 digits that the layer, trained at the start, has not seen
    cross_entropy    none of them
    activations      none of them             sigmoid and ReLU with their slopes
    dropout          --p-keep                 ten neurons of the network of slide network
    batch_norm       none of them             the sums of three neurons with random weights

Space or → goes on, ← goes back, p plays, ↑ and ↓ change the slide.
Look at: W and b are the same for every row of a batch; only the correct digit's probability counts. Red is
  negative and blue is positive.
Try: --slide neuron --bias -3, then with --activation relu: now the neuron is silent. In the window and in the
  browser, move these flags with the mouse or a finger, below the slide.
"""

# common comes first: it keeps TensorFlow quiet
from common import UserError
from common.values import positive_number, whole_number
from slides.controls import Choice, Slider
from slides.neuron.activations import draw_activations
from slides.neuron.batch import ROWS, draw_batch
from slides.neuron.batch_norm import draw_batch_norm, sums_of
from slides.neuron.cross_entropy import EXAMPLES, SIX, draw_cross_entropy
from slides.neuron.dropout import P_KEEP, draw_dropout, most_active
from slides.neuron.fields import draw_fields
from slides.neuron.layer import ACTIVATIONS, BIAS, WEIGHTS, draw_layer, draw_one_neuron
from slides.neuron.network import DIGITS as LIT
from slides.neuron.network import draw_network, outputs_of, trained_network
from slides.neuron.trained import flat, softmax, trained_layer
from slides.show import Slide, show_slides, slides_parser

import numpy as np

LEAST = 0.1  # p_keep
CHANGES = {"activation": ("neuron", "layer"), "bias": ("neuron", "layer"), "p_keep": ("dropout",)}


def make_slides(args):
    images, labels, *layer = trained_layer()
    batch = flat(images[:100]), labels[:100], *layer
    six = images[SIX]
    computed = softmax(flat(six[None]) @ layer[0] + layer[1])[0]
    activations = Choice("activation", {name: name for name in ACTIVATIONS}, args.activation or "sigmoid")
    neuron = activations, Slider("bias", range(-9, 10), BIAS if args.bias is None else args.bias)
    p_keep = Slider("p-keep", [n / 20 for n in range(2, 21)], args.p_keep or P_KEEP)
    random = np.random.default_rng(0)
    weights, biases = random.uniform(-2, 2, (4, 10)).round(1), random.uniform(-2, 2, 10).round(1)
    weights[:, 0] = WEIGHTS
    title, entropy = "A batch: Y = softmax(X · W + b)", "Cross-entropy: actual and computed probabilities"
    network = hidden = ()
    if args.slide in (None, "network", "dropout"):  # for the others, nobody waits for its training
        outputs = outputs_of(trained_network(), images[:LIT])
        network = outputs, trained_network().get_weights()[::2], labels[:LIT]
        hidden = most_active(outputs[-2])
    return [
        Slide("fields", "Artificial intelligence, machine learning, deep learning", 6, (draw_fields,)),
        Slide("neuron", "A neuron", 8, (draw_one_neuron,), controls=neuron),
        Slide("layer", "A layer of ten neurons", 11, (draw_layer, weights, biases[1:]), controls=neuron),
        Slide("network", "A network of five layers, lit up by a digit", LIT + 5, (draw_network, *network)),
        Slide("batch", title, 3 * len(ROWS) + 3, (draw_batch, *batch)),
        Slide("cross_entropy", entropy, 12 + len(EXAMPLES), (draw_cross_entropy, six, computed)),
        Slide("activations", "Activation functions and their slopes", 6, (draw_activations,)),
        Slide("dropout", "Dropout", 6, (draw_dropout, images[:LIT], hidden), 2, [p_keep]),
        Slide("batch_norm", "Batch normalization", 4, (draw_batch_norm, sums_of(images[:1000]))),
    ]


def parse_args(argv=None):
    parser = slides_parser(__doc__)
    about = "what a neuron makes of its sum (default: sigmoid)"
    parser.add_argument("--activation", help=about, choices=ACTIVATIONS)
    about = f"of the first neuron (default: {BIAS})"
    parser.add_argument("--bias", help=about, type=whole_number(-9, 9), metavar="N")
    about = f"share of neurons that dropout keeps, from {LEAST} to 1 (default: {P_KEEP})"
    parser.add_argument("--p-keep", help=about, type=positive_number, metavar="X")
    args = parser.parse_args(argv)
    for name, slides in CHANGES.items():
        if getattr(args, name) is not None and args.slide not in (None, *slides):
            flag, only = name.replace("_", "-"), " and ".join(slides)
            raise UserError(f"--{flag} does not change slide {args.slide} (only {only})")
    if args.p_keep and not LEAST <= args.p_keep <= 1:
        raise UserError(f"--p-keep must be from {LEAST} to 1, not {args.p_keep:g}")
    return args


if __name__ == "__main__":
    args = parse_args()
    show_slides(make_slides(args), args)
