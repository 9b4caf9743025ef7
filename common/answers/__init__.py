"""What a trained network answers: predictions, feature maps, reviews, translations."""
