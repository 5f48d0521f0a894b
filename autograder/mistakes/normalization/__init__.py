"""Mistakes of normalising: data once, batches inside a network."""

from autograder.mistakes.normalization import behaviour, data, gradients, layer, maps

__all__ = ["behaviour", "data", "gradients", "layer", "maps"]
