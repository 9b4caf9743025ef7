"""The pictures in the window, a module for each kind."""
