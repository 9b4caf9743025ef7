"""A student that learns from a teacher, with call() and compute_loss of its own, as in Keras' example."""

import keras
import numpy as np
from keras import layers


class Distiller(keras.Model):
    def __init__(self, student, teacher):
        super().__init__()
        self.student, self.teacher = student, teacher

    def compile(self, optimizer, metrics, student_loss, distillation_loss):
        super().compile(optimizer=optimizer, metrics=metrics)
        self.student_loss, self.distillation_loss = student_loss, distillation_loss

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, allow_empty=False):
        soft = keras.ops.softmax(self.teacher(x, training=False) / 3)
        return self.student_loss(y, y_pred) + self.distillation_loss(soft, keras.ops.softmax(y_pred / 3))

    def call(self, x):
        return self.student(x)


def load(rows, seed):
    x = np.random.default_rng(seed).normal(size=(rows, 4)).astype("float32")
    return x, x.argmax(axis=1)


def main(callbacks):
    student = keras.Sequential([keras.Input((4,)), layers.Dense(4)])
    teacher = keras.Sequential([keras.Input((4,)), layers.Dense(16, "relu"), layers.Dense(4)])
    model = Distiller(student, teacher)
    model.compile(
        "adam",
        metrics=[keras.metrics.SparseCategoricalAccuracy()],
        student_loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        distillation_loss=keras.losses.KLDivergence(),
    )
    (x, y), test = load(300, 0), load(100, 1)
    history = model.fit(x, y, epochs=3, validation_data=test, callbacks=callbacks, verbose=0)
    return model, history


def window():
    return {"data": (load(300, 0), load(100, 1))}
