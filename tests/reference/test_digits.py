"""The bundled digits: what they are, that they stay so, that they may be passed on."""

import hashlib
from pathlib import Path

import numpy as np

import reference
from reference import digits, digits_split

FOLDER = Path(reference.__file__).parent / "data"


def test_digits_are_those_of_the_source():
    x, t = digits()
    assert (x.shape, x.dtype, t.shape) == ((1797, 1, 8, 8), np.float32, (1797,))
    assert np.bincount(t).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    pixels = x * 16
    assert set(np.unique(pixels).tolist()) == set(map(float, range(17)))
    assert pixels[0, 0, 0].tolist() == [0, 0, 5, 13, 9, 1, 0, 0]
    lines = np.column_stack([pixels.reshape(1797, 64).astype(int), t])
    text = "\n".join(",".join(map(str, row)) for row in lines.tolist()).encode()
    assert (
        hashlib.sha256(text).hexdigest() == "63e266dec490e75ef6c22e592ba8e509f5cd6d9536f6a3c84547c959afa1f82a"
    )


def test_every_call_gives_new_arrays():
    x, t = digits()
    x[...], t[...] = 7, 7
    again, labels = digits()
    assert again.max() == 1
    assert set(labels) == set(range(10))


def test_split_is_fixed_complete_and_even():
    x, t = digits()
    d = digits_split()
    assert [len(part) for part in d] == [1442, 1442, 355, 355]
    both = np.concatenate([d.x_train, d.x_test]).reshape(1797, 64)
    order, own = np.lexsort(both.T), np.lexsort(x.reshape(1797, 64).T)
    np.testing.assert_array_equal(both[order], x.reshape(1797, 64)[own])
    np.testing.assert_array_equal(np.bincount(d.t_test), np.bincount(t) // 5)
    for label in range(10):
        np.testing.assert_array_equal(d.x_test[d.t_test == label], x[t == label][4::5])
        assert np.array_equal(d.x_train[d.t_train == label], np.delete(x[t == label], np.s_[4::5], axis=0))


def test_source_and_licence_travel_with_the_file():
    text = (FOLDER / "ATTRIBUTION.txt").read_text(encoding="utf-8")
    for words in ("Alpaydin", "Kaynak", "UCI Machine Learning", "CC BY 4.0", "digits.npz", "Changes"):
        assert words in text
    assert (FOLDER / "digits.npz").stat().st_size < 60_000
