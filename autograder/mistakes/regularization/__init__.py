"""What students write instead of regularization: dropout both ways, weight decay and ensembles, reading curves."""

from autograder.mistakes.regularization import by_hand, curves, dropout, ensembles, images

__all__ = ["by_hand", "curves", "dropout", "ensembles", "images"]
