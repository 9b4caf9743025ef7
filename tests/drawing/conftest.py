import pytest


@pytest.fixture(scope="session")
def network(mnist, tmp_path_factory):
    """The file of a small convolutional network that classifies 96 % of the digits correctly."""
    import keras  # after `common`, which keeps the libraries quiet
    from keras import layers

    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(8, 5, strides=2, activation="relu"),
            layers.Conv2D(16, 5, strides=2, activation="relu"),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy")
    x, y = mnist["x_train"][:15_000, ..., None], mnist["y_train"][:15_000]
    model.fit(x, y, batch_size=100, epochs=3, verbose=0)
    path = tmp_path_factory.mktemp("network") / "small.keras"
    model.save(path)
    return path
