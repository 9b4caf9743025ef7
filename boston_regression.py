r"""M3, regression: a network predicts the median house price of census tracts around Boston, 1970.

· · · · · · ·         13 numbers about a census tract       X   [batch, 13]
\x/x\x/x\x/x\         dense layer, ReLU                     W1  [13, 64]   b1  [64]
· · · · · · ·                                               Y1  [batch, 64]
\x/x\x/x\x/x\         dense layer, ReLU                     W2  [64, 64]   b2  [64]
· · · · · · ·                                               Y2  [batch, 64]
   \ \|/ /            dense layer, no activation            W3  [64, 1]    b3  [1]
      ·               a price in thousands of dollars       Y   [batch, 1]

Y1 = relu(X·W1 + b1)    Y2 = relu(Y1·W2 + b2)    Y = Y2·W3 + b3
loss = mean of (Y − price)²        MAE = mean of |Y − price|

The 13 numbers have very different scales: each is normalized with the mean and standard deviation of the
training examples. Values beyond −2 or 2 are then clipped: for values that it never saw, a network's
predictions are unreliable.
Training ends when the validation loss has not fallen for 20 epochs (early stopping).

About the data: one of the columns, B, encodes the share of Black residents of the tract, Bk, as
1000·(Bk − 0.63)². Its authors (Harrison and Rubinfeld, "Hedonic housing prices and the demand for clean air",
1978) included it because they presumed that racial segregation affects prices. A model that uses it prices
houses by the skin colour of the neighbours, and the square hides what was encoded. scikit-learn removed the
data set for this reason. It is kept here because the lecture uses it: as a small regression, and as an
example of why you should look at data before you use them. Do not draw conclusions about prices from it.

Look at: the dots gather along the diagonal; prices were capped at 50 ("50 or more").
Try: --epochs 30, or --learning-rate 0.01: which tracts are still far off?
Your own data: --table FILE --target COLUMN, a table as CSV or TSV with names in its first line, to predict
  one column of numbers from the others. Then --predict FILE, for new rows with the same columns.

Source: TensorFlow's tutorial "Predict house prices: regression" (its mean absolute error is about $2,700).
"""

# common comes first: it keeps TensorFlow quiet
from common import Biases, LivePlot, Loss, Run, Weights, in_batches, parse_args, trained_model
from subjects.houses import Errors, PredictedAgainstTrue, amount, load_houses, predict_rows

import keras
from keras import layers


def build_model(columns=13, scale=1.0, offset=0.0):
    return keras.Sequential(
        [
            keras.Input((columns,)),
            layers.Dense(64, activation="relu"),
            layers.Dense(64, activation="relu"),
            layers.Dense(1, dtype="float32"),  # 32 bits, also with --mixed-precision
            layers.Rescaling(scale, offset, dtype="float32"),  # of your own table: to the target's unit
        ]
    )


def normalized(x, mean, std):
    return ((x - mean) / std).clip(-2, 2)


if __name__ == "__main__":
    flags = {"table": None, "target": None, "predict": []}
    args = parse_args(__doc__, epochs=500, batch_size=32, learning_rate=0.001, **flags)
    trained = trained_model(args) if args.predict else None
    if trained:
        predict_rows(trained.model, normalized, trained.preparation, args)
        raise SystemExit

    data = load_houses(args)
    mean, std = data.train.x.mean(axis=0), data.train.x.std(axis=0).clip(1e-7)
    data = data.map(lambda x, y: (normalized(x, mean, std), y))  # train, validation and test examples
    train, validation, test = in_batches(data, args)  # in a new order each epoch

    known = data.preparation
    model = build_model(len(mean), known["scale"], known["offset"])
    model.compile(
        optimizer=keras.optimizers.RMSprop(args.learning_rate),
        loss="mean_squared_error",
        metrics=["mae"],
    )

    stopping = keras.callbacks.EarlyStopping(patience=20)
    run = Run(args, data, model, train, stopping)  # saves the network, and goes on with --resume
    errors = [Loss("Mean absolute error", metric="mae"), Loss("Loss: mean squared error")]
    prices = [PredictedAgainstTrue(*data.test, known["label"]), Errors(*data.test, known["label"])]
    panes = [*errors, prices[0], Weights(), Biases(), prices[1]]
    plot = LivePlot(panes, data, args)  # the window
    model.fit(
        train,
        epochs=args.epochs,
        initial_epoch=run.initial_epoch,
        validation_data=validation,
        callbacks=[stopping, run, plot],
    )
    run.finish(model.evaluate(test, return_dict=True), lecture=2.7, write=amount(known))
    predict_rows(model, normalized, known, args)
    plot.wait_until_closed()
