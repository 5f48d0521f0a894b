"""What students write instead of optimizers."""

from autograder.mistakes.optimizers import batches, by_hand, restarts, steps, walks

__all__ = ["batches", "by_hand", "restarts", "steps", "walks"]
