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


def look_over(train, test, classes, original):
    """Print a warning for each fault in images that replace a known data set.

    Args:
        train, test: `Examples` each, images uint8 [n, 28, 28], labels int [n] from 0 on.
        classes: the names of the classes.
        original: `Examples` of the data set that they replace, if the classes are some of its own, 0 to 9;
            else None.
    """
    for name, part in (("learn from", train), ("test on", test)):
        edge = np.concatenate([part.x[:, [0, -1]].ravel(), part.x[:, :, [0, -1]].ravel()])
        if part.x.max() <= 1:
            print(f"Warning: the pixels to {name} are 0 and {part.x.max()}; ink should be 255.")
        if edge.mean() > 127:
            print(f"Warning: the pictures to {name} have a light border: 255 should be ink. Use 255 - x.")
        elif original and (way := _how_turned(part.x, np.array(classes, int)[part.y], original)):
            print(f"Warning: the pictures to {name} look {way}.")
    learnt = {picture.tobytes() for picture in train.x}
    copies = sum(picture.tobytes() in learnt for picture in test.x)
    if copies > 0.01 * len(test.x):
        print(
            f"Warning: {copies:,} of the {len(test.x):,} test pictures are training pictures, too:"
            " the test accuracy does not say how the network does on new ones."
        )
    unlearnt = [classes[label] for label in sorted(set(test.y.tolist()) - set(train.y.tolist()))]
    if unlearnt:
        print(f"Warning: no training picture has the label {', '.join(unlearnt)}; test pictures do.")


def _how_turned(x, y, original):
    """The way in `TURNED` in which the classes' mean images differ from the original ones, or None."""
    labels = np.unique(y)
    means, wanted = (
        np.stack([images[those == label].mean(axis=0) for label in labels])
        for images, those in ((x, y), original)
    )

    def likeness(x):
        return np.corrcoef(x.ravel(), wanted.ravel())[0, 1]

    turned = {way: likeness(undo(means)) for way, undo in TURNED.items()}
    way = max(turned, key=turned.get)
    return way if turned[way] > max(0.6, likeness(means) + 0.1) else None
