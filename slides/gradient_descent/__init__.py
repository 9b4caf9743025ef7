"""The slides of the cost, gradient descent and backpropagation."""
