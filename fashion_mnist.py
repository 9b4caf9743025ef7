r"""M1, basic classification: a small network tells shirts from sneakers.

--step dense                                        --step conv
· · · · · · · · · ·   28 × 28 pixels, flattened     @ @ @ @ @ @ @ @ @   convolution 3×3   [batch, 28, 28, 32]
                      X   [batch, 784]               @ @ @ @ @ @ @ @    max pooling 2×2   [batch, 14, 14, 32]
\x/x\x/x\x/x\x/x\x/   dense layer, ReLU             @ @ @ @ @ @ @ @ @   convolution 3×3   [batch, 14, 14, 64]
                      W1  [784, 128]   b1  [128]     @ @ @ @ @ @ @ @    max pooling 2×2   [batch, 7, 7, 64]
 · · · · · · · · ·    Y1  [batch, 128]              \x/x\x/ ✞ ✞ \x/x\   dropout, dense    [batch, 128]
  \x/x\x/x\x/x\x/     dense layer, softmax           \x/x\x/x\x/x\x/    dense, softmax    [batch, 10]
                      W2  [128, 10]    b2  [10]
   · · · · · · ·      one probability for each class: Y [batch, 10]

Y1 = relu(X·W1 + b1)          Y = softmax(Y1·W2 + b2)

Look at: which classes are confused (shirts are hard). At the end, a second picture shows the first test
  images with their probabilities, and the confusion matrix: a row for each true class, a column for each
  predicted one.
Try: --step conv: convolutions recognize a sleeve wherever it is. --epochs 30: the test loss rises again.
  --predict photo_of_a_shirt.jpg uses the trained network.
Your own data: --data-dir PATH, pictures in a folder for each class, the four IDX files, a CSV table of labels
  and pixels, or an .npz file.

Source: TensorFlow's tutorial "Basic classification: classify images of clothing" (dense, 5 epochs, Adam; its
test accuracy is about 87 %). The data: Xiao, Rasul, Vollgraf, "Fashion-MNIST", 2017.
"""

# common comes first: it keeps TensorFlow quiet
from common import Accuracy, Biases, LivePlot, Loss, TestImages, TrainImages, Weights
from common import Run, in_batches, load_fashion_mnist, parse_args
from common import predict_clothes, show_predictions, trained_model, wait_until_closed

import keras
from keras import layers

VARIANTS = {
    "conv": {"epochs": 6, "batch_size": 64, "dropout": 0.4, "lecture": None},
    "dense": {"epochs": 5, "batch_size": 32, "lecture": 0.87, "threads": 1},
}


def build_model(step, dropout=0.4, classes=10):
    if step == "dense":
        hidden = [layers.Flatten()]
    if step == "conv":
        hidden = [layers.Conv2D(32, 3, padding="same", activation="relu"), layers.MaxPooling2D(2)]
        hidden += [layers.Conv2D(64, 3, padding="same", activation="relu"), layers.MaxPooling2D(2)]
        hidden += [layers.Flatten(), layers.Dropout(dropout)]
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),  # pixels from 0 to 1
            *hidden,
            layers.Dense(128, activation="relu"),
            layers.Dense(classes, activation="softmax", dtype="float32"),  # 32 bits, also in mixed precision
        ]
    )


if __name__ == "__main__":
    args = parse_args(__doc__, variants=VARIANTS, learning_rate=0.001, decay=True, predict=[])
    trained = trained_model(args) if args.predict else None
    if trained:
        predict_clothes(trained.model, trained.classes, args)
        wait_until_closed()
        raise SystemExit

    data = load_fashion_mnist(args)
    train, test = in_batches(data, args)  # in a new order each epoch

    learning_rate = keras.optimizers.schedules.CosineDecay(  # falls along a cosine to 0
        args.learning_rate, decay_steps=args.epochs * len(train), alpha=0 if args.decay else 1
    )
    model = build_model(args.step, args.dropout, classes=data.class_count)
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )

    run = Run(args, data, model, train)  # saves the network, and goes on with --resume
    images = TrainImages("Training clothes", data.classes)
    tests = TestImages("Test clothes", data.classes, columns=50, rows=40)
    panes = [Accuracy(), Loss(), images, Weights(), Biases(), tests]
    plot = LivePlot(panes, data, args)  # the window
    model.fit(
        train,
        epochs=args.epochs,
        initial_epoch=run.initial_epoch,
        validation_data=test,
        callbacks=[run, plot],
    )
    run.finish(model.evaluate(test, return_dict=True), lecture=args.lecture)
    predict_clothes(model, data.classes, args)
    show_predictions(model, data, args)
    plot.wait_until_closed()
