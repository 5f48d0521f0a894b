"""Every item of the lectures is claimed by cells of the assignments, and what a cell claims stands in it.

A cell claims items in its header: `# %% [markdown] covers=["CONV-01"]`. `coverage/<assignment>.toml` holds, for
each item, a phrase that must stand in a claiming cell: dropping the cell, its claim or its phrase fails here.
"""

import tomllib
from pathlib import Path

import jupytext
import pytest

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
SOURCES = sorted((ROOT / "solutions").glob("*.py"))
NAMES = [path.stem for path in SOURCES]


def read(path):
    return tomllib.loads(path.read_text(encoding="utf-8"))


def claims(name):
    """Item -> texts of the cells that claim it."""
    found = {}
    for cell in jupytext.read(ROOT / "solutions" / f"{name}.py").cells:
        for item in cell["metadata"].get("covers", ()):
            found.setdefault(item, []).append(cell["source"])
    return found


INVENTORY = read(HERE / "inventory.toml")


def test_the_inventory_is_whole():
    assert len(INVENTORY) == 219


def test_every_item_of_the_lectures_is_claimed_by_an_assignment():
    claimed = {item for name in NAMES for item in read(HERE / "coverage" / f"{name}.toml")}
    assert sorted(set(INVENTORY) - claimed) == []
    assert sorted(claimed - set(INVENTORY)) == []


@pytest.mark.parametrize("name", NAMES)
def test_what_is_claimed_stands_in_the_claiming_cell(name):
    made, told = claims(name), read(HERE / "coverage" / f"{name}.toml")
    assert sorted(made) == sorted(told), "claims of the cells and of the coverage table differ"
    absent = [item for item, phrase in told.items() if not any(phrase in " ".join(t.split()) or phrase in t for t in made[item])]
    assert absent == []
    assert all(len(phrase) >= 8 for phrase in told.values())


@pytest.mark.parametrize("name", NAMES)
def test_dropping_any_claiming_cell_would_be_noticed(name):
    """A cell that claims items holds at least one phrase that no other claiming cell holds."""
    told = read(HERE / "coverage" / f"{name}.toml")
    idle = []
    for cell in jupytext.read(ROOT / "solutions" / f"{name}.py").cells:
        items = cell["metadata"].get("covers", ())
        others = claims(name)
        held = [i for i in items if told.get(i, "\0") in cell["source"] or told.get(i, "\0") in " ".join(cell["source"].split())]
        alone = [i for i in held if sum(told[i] in t or told[i] in " ".join(t.split()) for t in others[i]) == 1]
        if items and not alone:
            idle.append(cell["source"].split("\n")[0])
    assert idle == []
