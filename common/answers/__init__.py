"""Still pictures, such as that of what a trained network predicts."""
