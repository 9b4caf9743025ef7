"""The drawing pad: strokes, a drawing for each student, the networks' predictions, and the wall of all."""
