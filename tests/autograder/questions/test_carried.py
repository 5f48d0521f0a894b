"""Questions whose parts follow from each other: one slip costs its points once, as the judge marks it."""

import numpy as np

from autograder.answers import KINDS
from autograder.assignment import issued
from autograder.instances import issue
from autograder.typed import judge_typed


def points(id, level, slip):
    """Judge the truth after `slip` changed it, with 10 points in all; return the points of each part."""
    variant = issue(id, np.random.default_rng(3), level)
    values = slip(variant, dict(variant.truth))
    raw = {part.id: KINDS[part.kind].show(values[part.id]) for part in variant.parts}
    return [verdict.points for verdict in judge_typed(issued("ada", id, variant), raw, 10.0)]


def test_a_wrong_span_of_a_dilated_kernel_costs_a_third():
    def slip(variant, values):
        span = values["span"] + 2
        room = variant.params["n"] + 2 * variant.params["padding"] - span
        size = room // variant.params["stride"] + 1
        return {"span": span, "size": size, "keep": values["keep"] + 1}

    assert points("DIL-1", 3, slip)[0] == 0
    assert sum(points("DIL-1", 3, slip)) > 6.6


def test_a_wrong_position_costs_the_positions_only():
    def slip(variant, values):
        wrong = np.array(values["positions"])
        free = next(place for place in range(16) if place not in wrong)
        width, value = len(variant.params["map"][0]), variant.params["values"][0][0]
        result = np.array(values["result"])
        result[result == value] = 0
        result[free // width, free % width] = value
        wrong[0, 0] = free
        return {"positions": wrong.tolist(), "result": result.tolist()}

    positions, result = points("UNPOOL-2", 2, slip)
    assert positions < 5
    assert result == 5


def test_a_wrong_row_of_a_chain_costs_one_row():
    def slip(variant, values):
        channels, *sizes = values["shapes"][0][0]
        rows = [[[channels, *(n + 2 for n in sizes)]]]  # too large by 2; the layers after it are right
        for layer in variant.params["layers"][1:]:
            channels, *sizes = rows[-1][0]
            reach = [n + 2 * layer["padding"] - layer["k"] for n in sizes]
            rows.append([[layer["filters"] or channels, *(r // layer["stride"] + 1 for r in reach)]])
        assert all(row != right for row, right in zip(rows[:2], values["shapes"]))
        return {"shapes": rows}

    assert points("CARITH-6", 2, slip) == [7.5]
