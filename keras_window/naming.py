"""The titles of panes, from the names of metrics and from the loss function."""

import keras

SHORT = {
    "acc": "Accuracy",
    "kl": "KL divergence",
    "lr": "Learning rate",
    "mae": "Mean absolute error",
    "mse": "Mean squared error",
}
LETTERS = {"auc", "iou", "kl", "l1", "l2", "mae", "mape", "mse", "msle", "pr", "roc"}
SHARES = {"acc", "accuracy", "auc", "dice", "f1", "fbeta", "io", "iou", "jaccard", "precision", "recall"}


def title_of(name, model):
    """Return the title of the pane of a metric in Keras' logs."""
    if name == "loss":
        return loss_title(model)
    if name in SHORT:
        return SHORT[name]
    words = [word.upper() if word in LETTERS else word for word in name.split("_")]
    return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])


def loss_title(model):
    """Return the name of the loss that a model was compiled with; "Loss" if there is none, or several."""
    loss = getattr(model, "loss", None)
    if isinstance(loss, (list, tuple)) and len(loss) == 1:
        loss = loss[0]
    if not isinstance(loss, str):
        loss = getattr(loss, "name", None) or getattr(loss, "__name__", "")
    try:
        known = keras.losses.get(loss) if loss else None  # "mse" is mean_squared_error
    except ValueError:
        known = None
    name = getattr(known, "name", None) or getattr(known, "__name__", loss)
    if name.endswith("crossentropy"):
        return "Cross-entropy loss"
    return f"Loss: {name.replace('_', ' ')}" if name else "Loss"


def is_share(name, value):
    """Whether a metric is a share from 0 to 1, such as an accuracy or a recall, by its name and a value."""
    return 0 <= value <= 1 and bool(SHARES.intersection(name.lower().split("_")))
