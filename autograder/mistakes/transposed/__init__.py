"""Mistakes of transposed convolution."""

from autograder.mistakes.transposed import by_hand, gradients, layer

__all__ = ["by_hand", "gradients", "layer"]
