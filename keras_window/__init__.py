"""A live window for Keras: one callback, its panes, and where they are shown."""
