"""Warnings about the user's own small images: one line for each fault; the images are not changed."""

import numpy as np

# ways to turn or mirror images [n, height, width], and how to undo each
TURNED = {
    "transposed, rows and columns exchanged": lambda x: x.transpose(0, 2, 1),
    "turned by 90 degrees to the left": lambda x: np.rot90(x, -1, (1, 2)),
    "turned by 90 degrees to the right": lambda x: np.rot90(x, 1, (1, 2)),
    "upside down": lambda x: np.rot90(x, 2, (1, 2)),
    "mirrored": lambda x: x[:, :, ::-1],
}


def look_over(train, test, original):
    """Print a warning for each fault in images that replace a known data set.

    Args:
        train, test: `Examples` each, images uint8 [n, 28, 28], labels uint8 [n] from 0 to 9.
        original: `Examples` of the data set that they replace.
    """
    for name, part in (("train", train), ("test", test)):
        edge = np.concatenate([part.x[:, [0, -1]].ravel(), part.x[:, :, [0, -1]].ravel()])
        if part.x.max() <= 1:
            print(f"Warning: the pixels in x_{name} are 0 and {part.x.max()}; ink should be 255.")
        if edge.mean() > 127:
            print(f"Warning: in x_{name} the border is light: 255 should be ink, 0 paper. Use 255 - x.")
        elif way := _how_turned(part, original):
            print(f"Warning: the pictures in x_{name} look {way}.")
    learnt = {picture.tobytes() for picture in train.x}
    copies = sum(picture.tobytes() in learnt for picture in test.x)
    if copies > 0.01 * len(test.x):
        print(
            f"Warning: {copies:,} of the {len(test.x):,} test pictures are training pictures, too:"
            " the test accuracy does not say how the network does on new ones."
        )
    unlearnt = sorted(set(test.y.tolist()) - set(train.y.tolist()))
    if unlearnt:
        print(
            f"Warning: no training picture has the label {', '.join(map(str, unlearnt))}; test pictures do."
        )


def _how_turned(part, original):
    """The way in `TURNED` in which the classes' mean images differ from the original ones, or None."""
    labels = np.unique(part.y)
    means, wanted = (
        np.stack([each.x[each.y == label].mean(axis=0) for label in labels]) for each in (part, original)
    )

    def likeness(x):
        return np.corrcoef(x.ravel(), wanted.ravel())[0, 1]

    turned = {way: likeness(undo(means)) for way, undo in TURNED.items()}
    way = max(turned, key=turned.get)
    return way if turned[way] > max(0.6, likeness(means) + 0.1) else None
