"""The slides of neurons, layers and what is put between layers."""
