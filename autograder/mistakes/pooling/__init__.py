"""Mistakes of pooling: which window, which winner, what mean; and the way back."""

from autograder.mistakes.pooling import behaviour, by_hand, gradients, maximum, mean

__all__ = ["behaviour", "by_hand", "gradients", "maximum", "mean"]
