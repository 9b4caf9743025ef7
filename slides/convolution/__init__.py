"""The slides on convolution, pooling and volumes: what they compute, and how they draw it."""
