"""Animated slides: showing them step by step, and drawing their contents."""
