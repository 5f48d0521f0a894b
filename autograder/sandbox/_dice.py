"""The two global generators, numpy's legacy one and that of ``random``: seen, put at a fixed start, put back.

Like the scripts it is used beside student code and as text in the student kit, so it needs numpy only.
"""

import contextlib
import ctypes
import random
import struct

import numpy as np

_STATE_BYTES = 2500  # of a Mersenne twister: 624 words and its place among them


@contextlib.contextmanager
def dice_at_start():
    """Let the global generators start from a fixed state, and put them back at the end.

    Where they stand there already, nothing is done that takes time: whoever plays often opens this once around all.
    """
    before = mark_of_dice()
    there = all(before) and before == _START_MARK
    states = _START if there else _states()
    if there:
        _forget_halves()
    else:
        put_dice_at_start()
    try:
        yield
    finally:
        if not there or mark_of_dice() != before:
            _put(states)


def put_dice_at_start():
    """Leave the global generators where `dice_at_start` puts them, which then has nothing to do."""
    _put(_START)


def mark_of_dice():
    """Take a cheap mark of both global generators.

    Every draw and every seeding moves the place or the first words of a Mersenne twister.
    """
    legacy = _numpy_dice()
    numpy_words = _LEGACY_WORDS.raw if _LEGACY_WORDS else b""
    if legacy is not _LEGACY:  # another was put in: it counts that this is so, and what is drawn from either
        numpy_words += b"%x" % id(legacy)
        numpy_words += _words(legacy.ctypes.state_address).raw if type(legacy) is _Mersenne else b""
    return numpy_words, _PYTHON_WORDS.raw if _PYTHON_WORDS else _python_state()[1]


def _words(address):
    return (ctypes.c_char * _STATE_BYTES).from_address(address)


def _address_of_state():
    """Find where the generator of ``random`` keeps its place and its words; 0 where they cannot be made out."""
    place = id(_python_state.__self__) + object.__basicsize__  # type: ignore[attr-defined]
    *words, index = _python_state()[1]
    return place if _words(place).raw == struct.pack("=625I", index, *words) else 0


def _states():
    """Return both generators' states and numpy's bit generator; where another was put in, it is out after this."""
    try:
        generator = _numpy_dice()
        if generator is not _LEGACY:
            _put_numpy(_LEGACY)
        return _python_state(), _numpy_state(), generator
    except Exception:  # the called code has spoilt them
        return _START


def _put(states):
    _set_python(states[0])
    with contextlib.suppress(Exception):
        if _numpy_dice() is not _LEGACY:
            _put_numpy(_LEGACY)
        _set_numpy(states[1])
        if states[2] is not _LEGACY:
            _put_numpy(states[2])


def _forget_halves():
    """Drop what each keeps of a pair of normal numbers: using that up would leave no mark."""
    _python_state.__self__.gauss_next = None  # type: ignore[attr-defined]
    _put_numpy(_LEGACY)


def _mark_of_start():
    states = _states()
    put_dice_at_start()
    mark = mark_of_dice()
    _put(states)
    return mark


# Kept from before any student code ran, so that replacing them in the modules changes nothing here.
_python_state, _set_python = random.getstate, random.setstate
_numpy_state, _set_numpy, _Mersenne = np.random.get_state, np.random.set_state, np.random.MT19937
_numpy_dice, _put_numpy = np.random.get_bit_generator, np.random.set_bit_generator  # type: ignore[attr-defined]
_LEGACY = _numpy_dice()
_LEGACY_WORDS = _words(_LEGACY.ctypes.state_address) if type(_LEGACY) is _Mersenne else None
_PYTHON_WORDS = _words(_AT) if (_AT := _address_of_state()) else None
_SEED = 20240229  # one that nobody would choose: seeding with it leaves no mark
_START = random.Random(_SEED).getstate(), np.random.RandomState(_SEED).get_state(), _LEGACY
_START_MARK = _mark_of_start()
