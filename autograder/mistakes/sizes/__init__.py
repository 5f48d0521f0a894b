"""Mistakes of sizes beside the plain convolution: "same" padding, dilated spans, pooling, transposed, chains."""

from autograder.mistakes.sizes import chains, dilated, pooled, same, transposed

__all__ = ["chains", "dilated", "pooled", "same", "transposed"]
