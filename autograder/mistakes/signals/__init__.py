"""Mistakes of dilated and causal convolution, and of receptive fields."""

from autograder.mistakes.signals import causal, dilated, fields

__all__ = ["causal", "dilated", "fields"]
