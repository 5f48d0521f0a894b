"""Mistakes of pooling: which window, which winner, what mean; and the way back."""

from autograder.mistakes.pooling import behaviour, gradients, maximum, mean

__all__ = ["behaviour", "gradients", "maximum", "mean"]
