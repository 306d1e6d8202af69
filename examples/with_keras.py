"""A Keras model on the torch backend under watch: biases pushed so far down that no unit ever fires."""

import os

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np

from relume.integrations.keras import RelumeCallback

keras.utils.set_random_seed(0)
dead = keras.initializers.Constant(-50.0)
model = keras.Sequential(
    [
        keras.layers.Dense(32, activation="relu"),
        keras.layers.Dense(32, activation="relu", bias_initializer=dead),
        keras.layers.Dense(4, activation="softmax"),
    ]
)
model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="sparse_categorical_crossentropy")
x = np.random.default_rng(0).standard_normal((6400, 16), dtype="float32")
watching = RelumeCallback(into="run.sqlite")
history = model.fit(x, x[:, :4].argmax(1), batch_size=64, epochs=2, verbose=0, callbacks=[watching])
print(watching.diagnosis)
