import numpy as np, keras
from dataclasses import dataclass
def threshold_of(model): return 0.5
@dataclass
class Sample:
    x: object
    y: object
    outputs: object = None
    predicted_at: int = 0
    threshold: float = 0.5
    def __len__(self): return len(keras.tree.flatten(self.x)[0])
    def take(self, i):
        return Sample(keras.tree.map_structure(lambda a: a[i], self.x), None if self.y is None else keras.tree.map_structure(lambda a: a[i], self.y))
    def why_no_images(self): return None if np.ndim(self.x) >= 3 else "no"
    def why_no_classes(self): return None
    def pixels(self, chosen):
        """Return the images with the indices `chosen`, uint8 [n, height, width, 1 or 3], ready to draw."""
        images = self.x[chosen]
        if images.ndim == 3:
            images = images[..., np.newaxis]
        return images if images.dtype == np.uint8 else (images * 255).clip(0, 255).astype(np.uint8)

    def classes(self):
        """Return the label of each example, int [n]."""
        labels = np.asarray(self.y)
        one_hot = labels.ndim > 1 and labels.shape[-1] > 1
        return labels.argmax(axis=-1) if one_hot else labels.reshape(-1)

    def predictions(self):
        """Return the predicted classes, int [n]. A single output is the probability of class 1 of 0 and 1."""
        if self.outputs.shape[-1] == 1:
            return (self.outputs[:, 0] > 0.5).astype(int)
        return self.outputs.argmax(axis=-1)

    def misclassified(self):
        """Return whether each prediction differs from the label, bool [n]; False if there are no outputs."""
        if self.outputs is None:
            return np.zeros(len(self.y), bool)
        return self.predictions() != self.classes()


