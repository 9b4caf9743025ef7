"""A GAN with its own train_step, two optimizers and a callback that makes pictures, as in Keras' examples."""

import keras
from keras import layers, ops
import numpy as np

BACKENDS = ("tensorflow",)


class GAN(keras.Model):
    def __init__(self, discriminator, generator, size):
        super().__init__()
        self.discriminator, self.generator, self.size = discriminator, generator, size
        self.seed_generator = keras.random.SeedGenerator(1337)
        self.d_loss_tracker = keras.metrics.Mean(name="d_loss")
        self.g_loss_tracker = keras.metrics.Mean(name="g_loss")

    def compile(self, d_optimizer, g_optimizer, loss_fn):
        super().compile()
        self.d_optimizer, self.g_optimizer, self.loss_fn = d_optimizer, g_optimizer, loss_fn

    @property
    def metrics(self):
        return [self.d_loss_tracker, self.g_loss_tracker]

    def noise(self, count):
        return keras.random.normal((count, self.size), seed=self.seed_generator)

    def train_step(self, real):
        import tensorflow as tf

        count = ops.shape(real)[0]
        both = ops.concatenate([self.generator(self.noise(count)), real], axis=0)
        labels = ops.concatenate([ops.ones((count, 1)), ops.zeros((count, 1))], axis=0)
        with tf.GradientTape() as tape:
            d_loss = self.loss_fn(labels, self.discriminator(both))
        weights = self.discriminator.trainable_weights
        self.d_optimizer.apply_gradients(zip(tape.gradient(d_loss, weights), weights, strict=True))
        with tf.GradientTape() as tape:
            fooled = self.discriminator(self.generator(self.noise(count)))
            g_loss = self.loss_fn(ops.zeros((count, 1)), fooled)
        weights = self.generator.trainable_weights
        self.g_optimizer.apply_gradients(zip(tape.gradient(g_loss, weights), weights, strict=True))
        self.d_loss_tracker.update_state(d_loss)
        self.g_loss_tracker.update_state(g_loss)
        return {"d_loss": self.d_loss_tracker.result(), "g_loss": self.g_loss_tracker.result()}


class Monitor(keras.callbacks.Callback):
    """Generates some pictures after each epoch."""

    def on_epoch_end(self, epoch, logs=None):
        self.pictures = self.model.generator(keras.random.normal((4, self.model.size), seed=epoch))


def main(callbacks):
    rng = np.random.default_rng(0)
    images = rng.random((192, 8, 8, 1), dtype="float32") * np.linspace(0, 1, 8, dtype="float32")[:, None]
    generator = keras.Sequential([keras.Input((6,)), layers.Dense(64, "sigmoid"), layers.Reshape((8, 8, 1))])
    discriminator = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(4, 3, 2),
            layers.LeakyReLU(0.2),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )
    gan = GAN(discriminator, generator, size=6)
    gan.compile(
        keras.optimizers.Adam(3e-4), keras.optimizers.Adam(3e-4), keras.losses.BinaryCrossentropy(True)
    )
    history = gan.fit(images, batch_size=32, epochs=3, callbacks=[Monitor(), *callbacks], verbose=0)
    return gan, history
