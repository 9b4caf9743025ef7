"""Look inside a trained network: click a number, and see where it comes from.

Above is one picture on its way through the network: the input, the maps of each layer, the outputs. Below is
the number that you chose: what it sees of the layer before (its receptive field, green, there and on the
input), the filter, the products, their sum, the bias, and what the activation function makes of it. Of an
output or another dense unit it shows the largest terms.

The network is that of a run, or any keras.Sequential in a .keras file that reads small images with
convolution, pooling and dense layers; one that does not rescale its input is given pixels from 0 to 1.

Look at: how the receptive field grows from layer to layer; what one filter finds everywhere; which few terms
  decide for a class.
Try: the arrow keys, which slide the filter; a click on a small bar (another map of the layer before); the
  border, where the field reaches over the edge; space, the next picture;
  --model my_model.keras, --image photo_of_a_digit.jpg
"""

import time
from pathlib import Path

# common comes first: it keeps TensorFlow quiet
from common import UserError
from common.command_line import demo_parser
from common.files import by_product, replacing
from common.screens import open_screen
from common.training.models import MODEL, load_model
from common.training.results import is_complete, read_result
from common.values import picture, some_path
from inside.interaction import Inside
from inside.pictures import known_pictures, own_pictures, wants_0_to_1
from inside.tracing import Network
from keras_window.style import fit_text

BUTTONS = {"ArrowLeft": "←", "ArrowRight": "→", "ArrowUp": "↑", "ArrowDown": "↓"}
BUTTONS |= {" ": "next picture", "s": "save", "q": "close"}
KEYS = "     space  next picture     s  save     f  full screen     q  close"


def newest_run(runs):
    """The newest run in a folder whose network can be looked into. Raises UserError if there is none."""
    files = [path for path in runs.rglob(MODEL) if path.is_file()]
    for file in sorted(files, key=lambda path: path.stat().st_mtime, reverse=True):
        try:
            Network(load_model(file, ""), file)
            return file.parent
        except UserError:
            continue
    raise UserError(f"no run in {runs} has a network of images: train one, or name it with --model FILE")


def open_network(path, images):
    """Load a network from a .keras file or a run's folder, and its pictures.

    Args:
        path: of the file or folder.
        images: the paths of the user's own pictures; pictures of the data it learned from if empty.

    Returns:
        The `Network`, the names of its classes or None, and the pictures as it expects them.

    Raises UserError if the network cannot be looked into, or there are no pictures for it.
    """
    file = path / MODEL if path.is_dir() else path
    classes, data = None, ""
    if file.name == MODEL and is_complete(file.parent):
        result = read_result(file.parent)
        classes, data = result["classes"], Path(result["data"]["file"]).name
    model = load_model(file, "name another one")
    network = Network(model, file)
    shape = model.input_shape[1:]
    pictures = own_pictures(images, shape, data) if images else known_pictures(shape, data)
    return network, classes, pictures / 255 if wants_0_to_1(model) else pictures


def save(figure, path):
    with replacing(path) as new:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(new, dpi=100)
    print(f"Saved {path}", flush=True)


if __name__ == "__main__":
    parser = demo_parser(__doc__, ("plot", "share", "out"))
    about = "the network: a .keras file or the folder of a run (default: the newest in runs/)"
    parser.add_argument("--model", help=about, type=some_path, metavar="FILE")
    about = "pictures to show (default: some that come with the project)"
    parser.add_argument("--image", help=about, nargs="+", type=picture, default=[], metavar="FILE")
    args = parser.parse_args()

    path = args.model or newest_run(Path("runs"))
    network, classes, pictures = open_network(path, args.image)
    network.see(pictures[0])
    shown = 0

    def on_key(key):
        global shown
        if key == " ":
            shown = (shown + 1) % len(pictures)
            inside.see(pictures[shown])
        elif key == "s":
            with by_product():
                save(screen.figure, args.out / "look_inside.png")
        elif key == "f":
            screen.toggle_full_screen()
        elif key == "q":
            screen.close()

    plot = "file" if args.plot == "none" else args.plot
    screen, no_window = open_screen(plot, f"Inside {path}", on_key, BUTTONS)
    fit_text(screen.figure)
    inside = Inside(screen.figure, network, classes, "" if screen.lists_keys else KEYS)
    inside.choose(inside.strongest(convolution=1))  # its receptive field is in the layer before, too
    screen.figure.canvas.mpl_connect("resize_event", lambda event: fit_text(screen.figure))
    screen.figure.canvas.draw()
    screen.present()
    if not screen.stays:
        if no_window:
            print(f"No window ({no_window}): the picture is saved instead.")
        save(screen.figure, args.out / "look_inside.png")
    while screen.stays and screen.open:
        screen.flush()
        time.sleep(0.01)
