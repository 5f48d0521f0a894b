"""What students write instead of optimizers."""

from autograder.mistakes.optimizers import batches, steps, walks

__all__ = ["batches", "steps", "walks"]
