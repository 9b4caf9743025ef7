"""The drawing pad: ink on paper, the class's sheets, and what networks read on them."""
