"""Data that travels with the code: handwritten digits (see ATTRIBUTION.txt in this folder)."""

from __future__ import annotations

import os
from typing import NamedTuple

import numpy as np

from reference.shapes import Array

__all__ = ["DigitsSplit", "digits", "digits_split"]


class DigitsSplit(NamedTuple):
    """Digits to learn from and digits to be tested on."""

    x_train: Array
    t_train: Array
    x_test: Array
    t_test: Array


def digits() -> tuple[Array, Array]:
    """Load 1,797 handwritten digits: images x[N,1,8,8] with values from 0 to 1, and labels t[N] from 0 to 9.

    x is float32, in steps of 1/16; t holds whole numbers. Every call returns new arrays.

    What surprises: these are not the 28 x 28 digits of the lecture (S4:1077-1087), but a smaller set of the
    same kind. 13 people wrote them one after the other, so the order means something.

    Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository,
    CC BY 4.0.

    >>> x, t = digits()
    >>> x.shape, t[:5].tolist(), float(x.max())
    ((1797, 1, 8, 8), [0, 1, 2, 3, 4], 1.0)
    """
    with np.load(os.path.join(os.path.dirname(__file__), "digits.npz"), allow_pickle=False) as file:
        images, labels = file["images"], file["labels"]
    return (images[:, None] / np.float32(16)).astype(np.float32), labels.astype(np.intp)


def digits_split() -> DigitsSplit:
    """Divide the digits into 1,442 to train on and 355 to test on, always the same.

    Of each class, every fifth example in the order of the file is for the test.

    What surprises: all writers appear in both parts. How well a network reads people it has never seen is
    another, harder question: leave out a block of neighbouring examples to ask it.

    >>> [len(part) for part in digits_split()]
    [1442, 1442, 355, 355]
    """
    x, t = digits()
    test = np.zeros(len(t), bool)
    for label in range(10):
        test[np.flatnonzero(t == label)[4::5]] = True
    return DigitsSplit(x[~test], t[~test], x[test], t[test])
