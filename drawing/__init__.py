"""The drawing pad: strokes, a sheet for each student, and the networks' predictions."""
