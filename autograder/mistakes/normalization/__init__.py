"""Mistakes of normalising: data once, batches inside a network."""

from autograder.mistakes.normalization import behaviour, by_hand, data, gradients, layer, maps

__all__ = ["behaviour", "by_hand", "data", "gradients", "layer", "maps"]
