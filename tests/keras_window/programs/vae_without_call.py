"""A variational autoencoder with its own train_step and no call(), as in keras.io's example."""

import keras
import numpy as np
from keras import layers, ops

BACKENDS = ("tensorflow",)
DIGITS = 5  # TensorFlow rounds the means of two runs differently, also without the window
SAYS = ["LivePlot: no test curve: VAE has no call()"]


class Sampling(layers.Layer):
    """Draws a point near the mean that the encoder found."""

    def __init__(self):
        super().__init__()
        self.noise = keras.random.SeedGenerator(1)

    def call(self, inputs):
        mean, log_variance = inputs
        return mean + ops.exp(0.5 * log_variance) * keras.random.normal(ops.shape(mean), seed=self.noise)


class VAE(keras.Model):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        self.total = keras.metrics.Mean(name="total_loss")
        self.reconstruction = keras.metrics.Mean(name="reconstruction_loss")
        self.divergence = keras.metrics.Mean(name="kl_loss")

    @property
    def metrics(self):
        return [self.total, self.reconstruction, self.divergence]

    def train_step(self, data):
        import tensorflow as tf

        with tf.GradientTape() as tape:
            mean, log_variance, point = self.encoder(data)
            off = ops.sum(keras.losses.binary_crossentropy(data, self.decoder(point)), axis=(1, 2))
            reconstruction = ops.mean(off)
            divergence = -0.5 * (1 + log_variance - ops.square(mean) - ops.exp(log_variance))
            divergence = ops.mean(ops.sum(divergence, axis=1))
            total = reconstruction + divergence
        gradients = tape.gradient(total, self.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_weights, strict=True))
        self.total.update_state(total)
        self.reconstruction.update_state(reconstruction)
        self.divergence.update_state(divergence)
        return {metric.name: metric.result() for metric in self.metrics}


def load():
    rng = np.random.default_rng(0)
    images = np.zeros((256, 12, 12, 1), "float32")
    for image, row in zip(images, rng.integers(2, 8, 256), strict=True):
        image[row : row + 3, 3:9] = 1
    return images


def main(callbacks):
    image = keras.Input((12, 12, 1))
    hidden = layers.Dense(16, "relu")(layers.Flatten()(image))
    mean, log_variance = layers.Dense(2)(hidden), layers.Dense(2)(hidden)
    encoder = keras.Model(image, [mean, log_variance, Sampling()([mean, log_variance])])
    decoder = keras.Sequential([keras.Input((2,)), layers.Dense(144, "sigmoid"), layers.Reshape((12, 12, 1))])
    vae = VAE(encoder, decoder)
    vae.compile(optimizer=keras.optimizers.Adam(0.01))
    history = vae.fit(load(), epochs=3, batch_size=64, callbacks=callbacks, verbose=0)
    return vae, history


def window():
    images = load()
    return {"data": ((images, images), (images[:64], images[:64]))}
