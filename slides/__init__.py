"""Slides that move: shown step by step, and what they are drawn with."""
