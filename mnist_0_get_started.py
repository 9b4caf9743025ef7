r"""Lesson 0: TensorFlow's Get Started network classifies 98 % of the digits correctly.

· · · · · · · · · ·    28 × 28 pixels, flattened          X   [batch, 784]
\x/x\x/x\x/x\x/x\x/    dense layer, ReLU                  W1  [784, 512]   b1  [512]
 · · · · ✞ · · · ·     dropout: a fifth of them set to 0  Y1  [batch, 512]
  \x/x\x/x\x/x\x/      dense layer, softmax               W2  [512, 10]    b2  [10]
   · · · · · · ·       one probability for each digit     Y   [batch, 10]

Y1 = relu(X·W1 + b1)          relu(z) = z where z > 0, else 0
Y  = softmax(dropout(Y1)·W2 + b2)

A few lines of Keras and a few seconds: you need not know yet what each line does. The lessons
that follow take it apart, layer by layer.

Look at: the accuracy of the latest training batches (blue) and of the test set (orange).
Try: --epochs 20 --dropout 0: the training loss goes to 0, and the test loss rises again.
Your own data: --data-dir PATH, pictures in a folder for each class, the four IDX files, a CSV table of labels
  and pixels, or an .npz file.

Source: "TensorFlow 2 quickstart for beginners", the Get Started page, with its 512 neurons of 2018;
it takes batches of 32, we take 64.
"""

# common comes first: it keeps TensorFlow quiet
from common import Accuracy, Biases, LivePlot, Loss, TestImages, TrainImages, Weights
from common import Run, in_batches, load_mnist, parse_args

import keras
from keras import layers


def build_model(dropout=0.2, classes=10):
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),  # pixels from 0 to 1
            layers.Flatten(),
            layers.Dense(512, activation="relu"),
            layers.Dropout(dropout),
            layers.Dense(classes, activation="softmax", dtype="float32"),  # 32 bits, also in mixed precision
        ]
    )


if __name__ == "__main__":
    args = parse_args(__doc__, epochs=5, batch_size=64, learning_rate=0.001, dropout=0.2)
    data = load_mnist(args)
    train, test = in_batches(data, args)  # in a new order each epoch

    model = build_model(args.dropout, classes=data.class_count)
    model.compile(
        optimizer=keras.optimizers.Adam(args.learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )

    run = Run(args, data, model, train)  # saves the network, and goes on with --resume
    images, tests = TrainImages(classes=data.classes), TestImages(classes=data.classes)
    panes = [Accuracy(), Loss(), images, Weights(), Biases(), tests]
    plot = LivePlot(panes, data, args)  # the window
    model.fit(
        train,
        epochs=args.epochs,
        initial_epoch=run.initial_epoch,
        validation_data=test,
        callbacks=[run, plot],
    )
    run.finish(model.evaluate(test, return_dict=True), lecture=0.98)
    plot.wait_until_closed()
