r"""Lesson 1: one layer of ten neurons classifies 92 % of the digits correctly.

· · · · · · · · · ·    28 × 28 pixels, flattened        X  [batch, 784]
\x/x\x/x\x/x\x/x\x/    dense layer, softmax             W  [784, 10]    b  [10]
  · · · · · · · ·      one probability for each digit   Y  [batch, 10]

Y = softmax(X·W + b)          softmax(L)ᵢ = exp(Lᵢ) / Σⱼ exp(Lⱼ)
loss = −log(Y of the correct digit), mean over the batch: the cross-entropy
W ← W − learning rate · gradient of the loss (b likewise): gradient descent, 100 digits at a time

Look at: the test curve, steep in the first epoch and then flat: ten neurons cannot do better.
  Training and test stay close: a network this small cannot memorise 60,000 digits.
  What each neuron looks for: 784 weights as a picture. Key 5 shows why one digit is misclassified.
Try: --learning-rate 0.01 (slow), --learning-rate 5 (noisy), --train-size 500 (overfitting),
  and --overlay runs/mnist_1_softmax to see the previous run behind this one.
Your own data: --data-dir PATH, pictures in a folder for each class, the four IDX files, a CSV table of labels
  and pixels, or an .npz file.
"""

# common comes first: it keeps TensorFlow quiet
from common import Accuracy, LivePlot, Loss, TestImages, TrainImages, Weights
from common import Run, in_batches, load_mnist, parse_args
from subjects.digits import NeuronWeights

import keras
from keras import layers


def build_model(classes=10):
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),  # pixels from 0 to 1
            layers.Flatten(),
            layers.Dense(classes, activation="softmax", dtype="float32"),  # 32 bits, also in mixed precision
        ]
    )


if __name__ == "__main__":
    args = parse_args(__doc__, epochs=20, batch_size=100, learning_rate=0.3, threads=1)
    data = load_mnist(args)  # data.train, data.test: images and labels
    train, test = in_batches(data, args)  # 100 digits at a time, in a new order each epoch

    model = build_model(classes=data.class_count)
    model.compile(
        optimizer=keras.optimizers.SGD(args.learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )

    run = Run(args, data, model, train)  # saves the network, and goes on with --resume
    images, tests = TrainImages(classes=data.classes), TestImages(classes=data.classes)
    panes = [Accuracy(), Loss(), images, Weights(), NeuronWeights(data.classes), tests]
    plot = LivePlot(panes, data, args)  # the window
    model.fit(
        train,
        epochs=args.epochs,
        initial_epoch=run.initial_epoch,
        validation_data=test,
        callbacks=[run, plot],
    )
    run.finish(model.evaluate(test, return_dict=True), lecture=0.92)
    plot.wait_until_closed()
