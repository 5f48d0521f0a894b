"""Every golden record, played on the ops: numbers the course has worked out by hand or by plain loops.

Each of a record's expected values is compared exactly once (or left out with a reason), with the absolute
tolerance of the record; 0 means equal. A record that no function plays is listed here with its reason.
"""

import json
import re
from pathlib import Path

import numpy as np
import pytest

GOLDEN = json.loads((Path(__file__).parents[1] / "data" / "golden.json").read_text(encoding="utf-8"))
MODULES = ("golden_layers", "golden_counts", "golden_chains", "golden_search")

WITHOUT = {"G-EVAL-05": "a table of sentences about schemes of evaluation: nothing is computed"}
"""Records that have no op."""

PLAYED = sorted(set(GOLDEN) - set(WITHOUT))
UNDEFINED = {
    "G-POOL-05", "G-POOL-06", "G-POOL-07", "G-POOL-08", "G-DIL-07", "G-DIL-08", "G-CONV-04", "G-CONV-10",
    "G-BN-02", "G-GRAPH-03", "G-MLP-05", "G-LOSS-10", "G-NORM-05", "G-OPT-01", "G-OPT-02", "G-OPT-03",
    "G-OPT-04", "G-OPT-06", "G-OPT-07", "G-OPT-09", "G-EVAL-01", "G-EVAL-02", "G-EVAL-04", "G-TL-01",
    "G-TRAIN-01", "G-INIT-02",
}  # fmt: skip
"""Records of backward passes and of functions that are no ops: there is no definition to play them on."""
LONG = {"G-MLP-04"}
"""Thousands of steps; its single steps are played on the definitions by other records."""


class Ledger:
    """The expected values of one record, and which of them have been compared."""

    def __init__(self, record):
        self.record, self.expected, self.done = record, record["expected"], set()

    def compare(self, key, got):
        """Hold a value against the expected one, shapes included."""
        assert key not in self.done, f"{key} is compared twice"
        expected = np.asarray(self.expected[key])
        # Numbers that carry one axis more than the record writes (one unit, one channel) are still one number.
        got = np.asarray(got).reshape(expected.shape) if expected.ndim == 0 else np.asarray(got)
        assert got.shape == expected.shape
        assert (got.dtype.kind == "b") == (expected.dtype.kind == "b")
        if expected.dtype.kind == "U":
            np.testing.assert_array_equal(got, expected)
        else:
            np.testing.assert_allclose(got, expected, rtol=0, atol=self.record["tol"])
        self.done.add(key)

    def compare_each(self, key, got):
        """Hold a list of arrays of different shapes against the expected one."""
        assert len(got) == len(self.expected[key])
        for one, expected in zip(got, self.expected[key], strict=True):
            assert one.shape == np.shape(expected)
            np.testing.assert_allclose(one, expected, rtol=0, atol=self.record["tol"])
        self.done.add(key)

    def agree(self, key, holds):
        """Note that an expected value agrees in another way than by a number."""
        assert holds
        assert key in self.expected
        self.done.add(key)

    def leave(self, key, reason):
        """Note that no op computes this value."""
        assert reason
        assert key in self.expected
        self.done.add(key)


@pytest.fixture(scope="module")
def players(load_module):
    """The functions that play records, by record."""
    found = {}
    for module in map(load_module, MODULES):
        for name, function in vars(module).items():
            if re.fullmatch(r"[a-z]+_\d\d", name):
                record = f"G-{name.replace('_', '-').upper()}"
                assert record not in found
                found[record] = function
    return found


def test_every_record_is_played_or_listed(players):
    assert len(GOLDEN) == 103
    assert set(players) == set(PLAYED)
    assert set(WITHOUT) | UNDEFINED | LONG <= set(GOLDEN)


@pytest.mark.parametrize("record", PLAYED)
def test_record(players, record):
    ledger = Ledger(GOLDEN[record])
    players[record](GOLDEN[record], ledger, lambda op: op)
    assert ledger.done == set(GOLDEN[record]["expected"])


@pytest.mark.parametrize("record", sorted(set(PLAYED) - UNDEFINED - LONG))
def test_record_by_definition(players, record):
    used = []

    def definition(op):
        used.append(op.name)
        return op.definition

    ledger = Ledger(GOLDEN[record])
    players[record](GOLDEN[record], ledger, definition)
    assert ledger.done == set(GOLDEN[record]["expected"])
    assert used


@pytest.mark.parametrize("record", sorted(UNDEFINED))
def test_there_is_no_definition_to_play(players, record):
    used = []
    players[record](GOLDEN[record], Ledger(GOLDEN[record]), lambda op: used.append(op) or op)
    assert used == []
