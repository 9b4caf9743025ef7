"""Pictures of what a trained network predicts, and of its feature maps."""
