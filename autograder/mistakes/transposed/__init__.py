"""Mistakes of transposed convolution."""

from autograder.mistakes.transposed import gradients, layer

__all__ = ["gradients", "layer"]
