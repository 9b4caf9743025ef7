r"""The convolution slides, animated: a filter slides over an image and fills its feature map.

    Y[i, j] = Σ over r, s of X[stride·i + r, stride·j + s] · W[r, s]

    X  the image        [5, 5]     padding "same" adds zeros around it
    W  the filter       [3, 3]     what a convolutional layer learns (here it is given)
    Y  the feature map  [3, 3]     (5 − 3) / stride + 1 = 3 numbers in a row

Convolution here is cross-correlation, as in Keras: the filter is not turned round. The receptive field of a
number of Y is the part of X that it is computed from. If X has several channels, a filter is as deep as X:
W[r, s, c]. The sum then includes all channels c; Y is one feature map. On all
slides, blue is above 0, and red below.

The slides (--slide NAME shows one of them), and the flags that change them:

    slashes        none of them     one filter tells a \ of four pixels from a /
    cross, ring    none of them     a network for an X or an O: two filters, pooling, a dense layer
    two_letters    none of them     one more layer, for XO or OX
    convolution    --input  --kernel  --stride  --padding
    places         none of them     two filters at four places of a digit
    stride         --input  --kernel  --stride  --padding      stride 1 beside another one
    padding        --input  --kernel  --stride                 "valid" beside "same"
    pooling        --input            --stride
    pooled         none of them     the feature map of a digit before and after pooling
    filters        --input            --stride  --padding
    channels       none of them
    volumes        none of them
    networks       none of them     LeNet-5 and step 3.1 of mnist_3, to scale
    pool_or_stride none of them     max pooling beside stride 2 on one feature map

Space or → goes on, ← goes back, p plays, ↑ and ↓ change the slide. keras.ops computes all numbers. In the
window and in the browser, move the flags with the mouse or a finger, below the slide.
Try: --kernel edge --input digit, --kernel "0 1 0 / 1 -4 1 / 0 1 0", --slide stride --stride 3,
  --slide pooling --input "1 1 2 4 / 5 6 8 7 / 3 2 1 0 / 1 2 3 4", and --input FILE with a photo of your own.
"""

# common comes first: it keeps TensorFlow quiet
from common import UserError
from common.values import whole_number
from slides.convolution.computing import POOL, convolve, convolve_volume, max_pool
from slides.convolution.filters import PLACES, draw_filters, draw_places
from slides.convolution.flags import controls_of, filter_fits, large_enough
from slides.convolution.friendly import CROSS, RING, draw_letter, draw_slashes, draw_two_letters
from slides.convolution.inputs import (
    BIASES, CHANNELS, DEEP_FILTERS, FILTERS, KERNELS, POOLING_INPUT, SLIDE_INPUT, checked, digit,
    input_numbers, kernel_numbers, volume,
)  # fmt: skip
from slides.convolution.pooling import draw_pool_or_stride, draw_pooled_map, draw_pooling
from slides.convolution.sliding import draw_convolution, draw_paddings, draw_strides
from slides.convolution.volumes import LENET, draw_channels, draw_networks, draw_volumes
from slides.show import Slide, show_slides, slides_parser

import numpy as np

UNCHANGED = (
    "slashes", "cross", "ring", "places", "pooled", "channels", "volumes", "networks", "pool_or_stride",
)  # fmt: skip


def make_slides(args):
    five, seven = input_numbers(SLIDE_INPUT), np.outer(np.arange(7), np.arange(7)) % 4
    four = input_numbers(POOLING_INPUT)
    convolution = controls_of(args, "convolution", input=five, kernel="slide", stride=1, padding="valid")
    strides = controls_of(args, "stride", input=seven, kernel="slide", stride=2, padding="valid")
    paddings = controls_of(args, "padding", input=five, kernel="slide", stride=1)
    pooling = controls_of(args, "pooling", (POOL, POOL), input=four, stride=2)
    found = controls_of(args, "filters", (3, 3), input=digit(), stride=1, padding="valid")
    x, *filters = found[0].value, *found[1:]
    kernels = np.stack([volume(texts) for texts in DEEP_FILTERS], axis=-1)
    deep = volume(CHANNELS), kernels, BIASES, 2, "same"
    grey = (digit() / 255).round(1)  # so that the sums on the slides are exact
    two = {name: kernel_numbers(name) for name in ("vertical", "horizontal")}
    for name in UNCHANGED:
        controls_of(args, name)
    return [
        Slide("slashes", "A friendly introduction: \\ or /", 5, (draw_slashes,)),
        Slide("cross", "A friendly introduction: X or O", 9, (draw_letter, CROSS, "X", "above 0, an X")),
        Slide("ring", "A friendly introduction: X or O", 9, (draw_letter, RING, "O", "below 0, an O")),
        Slide("two_letters", "A friendly introduction: one more layer", 6, (draw_two_letters,), 4),
        Slide(
            "convolution",
            "Convolution",
            lambda *values: convolve(*values).size,
            (draw_convolution,),
            controls=convolution,
            fits=filter_fits,
        ),
        Slide("places", "One filter, one feature map", len(PLACES) + 2, (draw_places, grey[::2, ::2], two)),
        Slide(
            "stride",
            "Stride",
            lambda x, kernel, stride, padding: convolve(x, kernel, 1, padding).size,
            (draw_strides,),
            controls=strides,
            fits=filter_fits,
        ),
        Slide(
            "padding",
            "Padding",
            lambda *values: convolve(*values, "same").size,
            (draw_paddings,),
            controls=paddings,
            fits=filter_fits,
        ),
        Slide(
            "pooling",
            "Max pooling",
            lambda *values: max_pool(*values).size,
            (draw_pooling,),
            controls=pooling,
        ),
        Slide(
            "pooled", "A feature map before and after pooling", 4, (draw_pooled_map, grey, two["vertical"])
        ),
        Slide(
            "filters",
            "Each filter finds something different",
            len(FILTERS),
            (draw_filters, x, {name: kernel_numbers(name) for name in FILTERS}),
            controls=filters,
            fits=lambda stride, padding: large_enough(x, (3, 3), padding),
        ),
        Slide("channels", "Three channels, two filters", convolve_volume(*deep).size, (draw_channels, *deep)),
        Slide("volumes", "Volumes: one feature map for each filter", 10, (draw_volumes,)),
        Slide(
            "networks",
            "Two networks, to scale (upright rows of numbers: a fifth)",
            len(LENET[1]),
            (draw_networks,),
        ),
        Slide("pool_or_stride", "Max pooling or stride", 4, (draw_pool_or_stride, grey, two["vertical"])),
    ]


def parse_args(argv=None):
    parser = slides_parser(__doc__)
    add, kernels = parser.add_argument, ", ".join(KERNELS)
    about = "slide (its own numbers, the default), digit, a picture FILE, or your numbers"
    add("--input", help=about, type=checked(input_numbers, "slide"), metavar="X")
    add("--kernel", help=f"{kernels}, or your numbers", type=checked(kernel_numbers), metavar="K")
    add("--stride", help="how far the filter moves", type=whole_number(1, 7), metavar="N")
    add("--padding", help="same: with zero padding", choices=("valid", "same"))
    args = parser.parse_args(argv)
    if args.slide == "stride" and args.stride == 1:
        raise UserError("slide stride compares stride 1 with another one: use --stride 2 or more")
    return args


if __name__ == "__main__":
    args = parse_args()
    show_slides(make_slides(args), args)
