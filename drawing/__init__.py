"""The drawing pad: strokes, a drawing for each student, and the networks' predictions."""
