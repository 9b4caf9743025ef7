"""The slides of convolution_demo.py: what they compute, and how they draw it."""
