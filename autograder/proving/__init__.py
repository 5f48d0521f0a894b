"""Prove that the checks bite, and that they do not bite the wrong ones.

`known` plays every mistake we know of; `mutating` plays mistakes nobody thought of; `rewriting` plays right
programs that look different; `sabotage` plays a wrong reference and looks whether the project's own tests see it.
"""

from autograder.proving.known import Proof, failures, prove
from autograder.proving.targets import Target, find_targets

__all__ = ["Proof", "Target", "failures", "find_targets", "prove"]
