r"""Lesson 3: convolutional layers classify 99.3 % of the digits correctly.

--step 3.1                  larger, with dropout; --step 3.0 in brackets
· · · · · · · · · ·         28 × 28 pixels                       X   [batch, 28, 28, 1]
@ @ @ @ @ @ @ @ @ @         convolution 6×6, stride 1   [5×5]    W1  [6, 6, 1, 6]      [5, 5, 1, 4]
∶∶∶∶∶∶∶∶∶∶∶∶∶∶∶∶∶∶∶                                              Y1  [batch, 28, 28, 6]          [4]
  @ @ @ @ @ @ @ @           convolution 5×5, stride 2            W2  [5, 5, 6, 12]     [5, 5, 4, 8]
  ∶∶∶∶∶∶∶∶∶∶∶∶∶∶∶                                                Y2  [batch, 14, 14, 12]         [8]
    @ @ @ @ @ @             convolution 4×4, stride 2            W3  [4, 4, 12, 24]    [4, 4, 8, 12]
    ∶∶∶∶∶∶∶∶∶∶∶                                                  Y3  [batch, 7, 7, 24]           [12]
     \x/x\x/x/ ✞            dense layer, dropout        [none]   W4  [1176, 200]       [588, 200]
      · · · ·                                                    Y4  [batch, 200]
       \x/x/                dense layer, softmax                 W5  [200, 10]
        · ·                 one probability for each digit       Y   [batch, 10]
Y[i, j, n] = relu(b[n] + Σ over r, s, c of X[stride·i + r, stride·j + s, c] · W[r, s, c, n]), where X has
zero padding, so that stride 1 keeps its height and width, and stride 2 halves them. (This is a
cross-correlation, which networks call convolution: the kernel is not flipped.)
--pooling      instead of stride 2, stride 1 and max pooling 2×2: same sizes, 2.8 times the multiplications
--step lenet5  LeNet-5, C1 to output: 32×32×1, 28×28×6, 14×14×6, 10×10×16, 5×5×16, 120, 84, 10 (LeCun et
  al., "Gradient-based learning applied to document recognition", 1998). Unlike in the paper, S2 and S4
  are plain averages, without coefficient, bias and sigmoid; C3 sees all maps of S2, not a selection; tanh
  is not scaled; softmax and cross-entropy replace the RBF units; Adam trains it.

Look at: the test accuracy, soon above 99 %, and which digits are still misclassified: could you read them?
  Below: the largest output of each neuron over the training digits shown.
Try: --show-filters (kernels and feature maps; --resume --show-filters if the run is complete), or
  a race: --step 3.0 --epochs 2 --against "--pooling"; --against "--dropout 0": the test loss rises.
Your own data: --data-dir PATH, pictures in a folder for each class, the four IDX files, a CSV table of labels
  and pixels, or an .npz file.
"""

# common comes first: it keeps TensorFlow quiet
from common import Accuracy, LivePlot, Loss, MaxActivations, TestImages, TrainImages
from common import Run, in_batches, load_mnist, parse_args
from subjects.digits import show_feature_maps

import keras
from keras import layers

VARIANTS = {
    "lenet5": {"epochs": 12, "learning_rate": 0.003, "lecture": 0.9905},
    "3.0": {"epochs": 8, "learning_rate": 0.006, "lecture": 0.989, "pooling": False},
    "3.1": {"epochs": 12, "learning_rate": 0.003, "lecture": 0.993, "pooling": False, "dropout": 0.5},
}


def build_model(step, dropout=0.5, pooling=False, classes=10):
    def convolution(filters, size, strides=1):
        layer = layers.Conv2D(filters, size, 1 if pooling else strides, padding="same", activation="relu")
        return [layer, layers.MaxPooling2D(2)] if pooling and strides == 2 else [layer]

    if step == "3.0":
        hidden = [*convolution(4, 5), *convolution(8, 5, strides=2), *convolution(12, 4, strides=2)]
        hidden += [layers.Flatten(), layers.Dense(200, activation="relu")]
    if step == "3.1":
        hidden = [*convolution(6, 6), *convolution(12, 5, strides=2), *convolution(24, 4, strides=2)]
        hidden += [layers.Flatten(), layers.Dense(200, activation="relu"), layers.Dropout(dropout)]
    if step == "lenet5":
        hidden = [layers.ZeroPadding2D(2), layers.Rescaling(1.275, -0.1)]  # 32 × 32, from −0.1 to 1.175
        hidden += [layers.Conv2D(6, 5, activation="tanh", name="C1"), layers.AveragePooling2D(2, name="S2")]
        hidden += [layers.Conv2D(16, 5, activation="tanh", name="C3"), layers.AveragePooling2D(2, name="S4")]
        hidden += [layers.Conv2D(120, 5, activation="tanh", name="C5"), layers.Flatten()]
        hidden += [layers.Dense(84, activation="tanh", name="F6")]
    last = layers.Dense(classes, activation="softmax", dtype="float32")  # 32 bits, also in mixed precision
    return keras.Sequential([keras.Input((28, 28, 1)), layers.Rescaling(1 / 255), *hidden, last])


if __name__ == "__main__":
    args = parse_args(__doc__, variants=VARIANTS, batch_size=100, decay=True, show_filters=False)
    data = load_mnist(args)
    train, test = in_batches(data, args)  # in a new order each epoch

    learning_rate = keras.optimizers.schedules.CosineDecay(  # falls along a cosine to 0
        args.learning_rate, decay_steps=args.epochs * len(train), alpha=0 if args.decay else 1
    )
    model = build_model(args.step, args.dropout, args.pooling, classes=data.class_count)
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )

    run = Run(args, data, model, train)  # saves the network, and goes on with --resume
    activations = [MaxActivations("conv."), MaxActivations("dense")]
    images, tests = TrainImages(classes=data.classes), TestImages(classes=data.classes)
    panes = [Accuracy(), Loss(), images, *activations, tests]
    plot = LivePlot(panes, data, args)  # the window
    model.fit(
        train,
        epochs=args.epochs,
        initial_epoch=run.initial_epoch,
        validation_data=test,
        callbacks=[run, plot],
    )
    run.finish(model.evaluate(test, return_dict=True), lecture=args.lecture)
    if args.show_filters:
        show_feature_maps(model, data.test.x[0], args, data.classes)
    plot.wait_until_closed()
