"""What students write instead of regularization: dropout both ways, weight decay and ensembles, reading curves."""

from autograder.mistakes.regularization import curves, dropout, ensembles, images

__all__ = ["curves", "dropout", "ensembles", "images"]
