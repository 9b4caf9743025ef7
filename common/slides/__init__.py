"""Slides to step through, and a sheet to draw on."""
