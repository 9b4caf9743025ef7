r"""M4, pix2pix: two networks, trained against each other, turn drawings into pictures.

Generator, a U-Net: it generates Y' from the drawing X. Skip connections hand the feature maps of the left
side over to the right, so that the lines stay where they are (sizes of --step edges):

X  [32, 32, 1]                                                     Y' [32, 32, 1]   tanh
  \  16 × 16 × 32 ------------------------------------------------>  /
    \  8 × 8 × 64 ---------------------------------------------->  /    up: transposed convolution 4×4,
      \  4 × 4 × 128 ----------------------------------------->  /      stride 2, batch norm, dropout in
        \  2 × 2 × 256 ------------------------------------->  /        the first three, ReLU
          \  1 × 1 × 256                                     /
  down: convolution 4×4, stride 2, batch norm, leaky ReLU

Discriminator, a PatchGAN: for each of 8 × 8 patches of a pair (X, Y) or (X, Y') it predicts if Y is real.

Loss of the discriminator: −log D(X, Y) − log(1 − D(X, Y'))
Loss of the generator:     −log D(X, Y') + 100 · L1       L1 = mean of |Y − Y'|, pixels from −1 to 1

Look at: the images. L1 alone makes them correct but blurred; the discriminator detects the blur, so the
  generator must add texture. Neither loss goes to 0: each network makes the task of the other harder.
Try: --movie film.gif; --l1 0 and --l1 1000; --step facades, house fronts from plans, 256 × 256, the
  paper's networks: its 400 epochs need a GPU, but --resume continues wherever it was stopped.

Your own data: --step facades --data-dir PATH with a folder, zip or tar file of pairs: side by side or one
above the other in one picture, or of the same name in A/ and B/; all in train/ and in test/ or val/ (also
trainA/, testB/, ...), or without these.

Source: Isola et al., "Image-to-image translation with conditional adversarial networks", 2017,
https://arxiv.org/abs/1611.07004, and TensorFlow's tutorial "pix2pix".
"""

import dataclasses

# common comes first: it keeps TensorFlow quiet
from common import LivePlot, Loss, Run, in_batches, parse_args
from subjects.pairs import PairPictures, jitter, load_edges, load_facades

import keras
from keras import layers, ops

from common.data.dataset import Examples

VARIANTS = {
    "facades": {"epochs": 400, "batch_size": 1, "filters": 64, "image_size": 256, "input_half": "right"},
    "edges": {"epochs": 16, "batch_size": 50, "filters": 32},
}


def normalization(batch_size):
    """Batch norm, or instance norm where a batch is one image."""
    return layers.BatchNormalization() if batch_size > 1 else layers.GroupNormalization(groups=-1)


def convolution(filters, stride=2, transposed=False, **options):
    kind = layers.Conv2DTranspose if transposed else layers.Conv2D
    first_weights = keras.initializers.RandomNormal(stddev=0.02)
    return kind(filters, 4, stride, padding="same", kernel_initializer=first_weights, **options)


def build_generator(image_size, channels, filters, batch_size):
    """The U-Net: uint8 [batch, size, size, channels in] to [batch, size, size, channels out], -1 to 1."""
    X = keras.Input((image_size, image_size, channels[0]))
    Y, skips, height = layers.Rescaling(1 / 127.5, -1)(X), [], image_size
    while height > 1:
        height //= 2
        Y = convolution(min(filters * 2 ** len(skips), 8 * filters), use_bias=height == 1)(Y)
        if skips and height > 1:  # not the first, nor the innermost: 1 × 1 would become 0
            Y = normalization(batch_size)(Y)
        Y = layers.LeakyReLU(0.2)(Y)
        skips.append(Y)
    for i, skip in enumerate(reversed(skips[:-1])):
        Y = convolution(skip.shape[-1], transposed=True, use_bias=False)(Y)
        Y = normalization(batch_size)(Y)
        if i < 3:
            Y = layers.Dropout(0.5)(Y)
        Y = layers.Concatenate()([layers.ReLU()(Y), skip])
    return keras.Model(X, convolution(channels[1], transposed=True, activation="tanh", dtype="float32")(Y))


def build_discriminator(image_size, channels, filters, batch_size):
    """The PatchGAN: images from -1 to 1 to a logit for each patch, [batch, patches, patches, 1]."""
    inputs = [keras.Input((image_size, image_size, n)) for n in channels]
    D = layers.Concatenate()(inputs)
    for i in range(2 if image_size < 64 else 3):
        D = convolution(filters * 2**i, use_bias=i == 0)(D)
        D = layers.LeakyReLU(0.2)(normalization(batch_size)(D) if i else D)
    D = convolution(2 * D.shape[-1], stride=1, use_bias=False)(D)
    D = layers.LeakyReLU(0.2)(normalization(batch_size)(D))
    return keras.Model(inputs, convolution(1, stride=1, dtype="float32")(D))


class Pix2Pix(keras.Model):
    """Both networks; `model.fit` trains them together, on the sum of their losses."""

    def __init__(self, generator, discriminator, l1):
        super().__init__()
        self.generator, self.discriminator, self.weight = generator, discriminator, l1
        self.means = {name: keras.metrics.Mean(name) for name in ("l1", "generator", "discriminator")}
        self.build(generator.input_shape)

    def call(self, x, training=False):
        return self.generator(x, training=training)

    def judge(self, x, y, y_pred, training):
        """The discriminator's logits for real images, and twice for generated ones: the first two train
        only the discriminator, the third only the generator."""
        discriminate, averages = self.discriminator.stateless_call, self.discriminator.non_trainable_variables
        # one copy: TensorFlow may delay a second read until after the discriminator's update
        weights = [ops.copy(weight) for weight in self.discriminator.trainable_variables]
        fixed = [ops.stop_gradient(weight) for weight in weights]
        real, moved = discriminate(weights, averages, [x, y], training=training)
        drawn, moved = discriminate(weights, moved, [x, ops.stop_gradient(y_pred)], training=training)
        fooled, _ = discriminate(fixed, moved, [x, y_pred], training=training)
        for average, now in zip(averages, moved, strict=True):  # of batch norm
            average.assign(now)
        return real, drawn, fooled

    def compute_loss(self, x, y, y_pred, sample_weight=None, training=True):
        x, y = (ops.cast(pixels, "float32") / 127.5 - 1 for pixels in (x, y))
        real, drawn, fooled = self.judge(x, y, y_pred, training)
        losses = {
            "l1": ops.mean(ops.abs(y - y_pred)),
            "generator": ops.mean(ops.softplus(-fooled)),  # softplus(−z) = −log σ(z)
            "discriminator": ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(drawn)),
        }
        for name, loss in losses.items():
            self.means[name].update_state(loss)
        return self.weight * losses["l1"] + losses["generator"] + losses["discriminator"]


if __name__ == "__main__":
    args = parse_args(__doc__, variants=VARIANTS, learning_rate=0.0002, l1=100.0)
    data = load_edges(args) if args.step == "edges" else load_facades(args)
    image_size = data.test.x.shape[1]
    first = Examples(*(part[:500] for part in data.test))  # the full test set is evaluated at the end
    # at most 200 steps an epoch; each epoch ends with a checkpoint
    train, validation = in_batches(
        dataclasses.replace(data, test=first), args, jitter(image_size), steps=200, evaluated=args.batch_size
    )

    sizes = image_size, [pictures.shape[-1] for pictures in data.train], args.filters, args.batch_size
    generator = build_generator(*sizes)
    model = Pix2Pix(generator, build_discriminator(*sizes), args.l1)
    model.compile(keras.optimizers.Adam(args.learning_rate, beta_1=0.5))

    run = Run(args, data, model, train, saved=generator)  # goes on with --resume
    losses = [Loss("Generator loss", "generator"), Loss("Discriminator loss", "discriminator")]
    pictures = [PairPictures("Drawing", "x"), PairPictures("Generated", "outputs"), PairPictures("Real", "y")]
    examples = [part[: PairPictures.shown(image_size)] for part in data.test]
    plot = LivePlot([*losses, Loss("L1 error", "l1"), *pictures], (examples, first), args)  # the window
    model.fit(
        train,
        epochs=args.epochs,
        initial_epoch=run.initial_epoch,
        validation_data=validation,
        callbacks=[run, plot],
    )
    result = model.evaluate(*data.test, batch_size=args.batch_size, return_dict=True)
    result = {name: result[name] for name in (*model.means, "loss")}
    run.finish(result, lecture=None, write="{:.4f}".format)
    plot.wait_until_closed()
