"""The live window: a Keras callback that measures, and draws within its share of the time."""
