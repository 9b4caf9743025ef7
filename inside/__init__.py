"""A look inside a trained network: where the value of each unit comes from, drawn, and chosen by mouse."""
