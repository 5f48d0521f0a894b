"""Mistakes of convolutional layers: framing, stepping, sums; gradients; behaviour of code."""

from autograder.mistakes.convolution import (
    behaviour,
    by_hand,
    framing,
    kin,
    local,
    stepping,
    sums,
    to_image,
    to_weights,
)

__all__ = ["behaviour", "by_hand", "framing", "kin", "local", "stepping", "sums", "to_image", "to_weights"]
