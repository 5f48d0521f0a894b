"""Every item of the lectures is claimed by cells of the assignments, and what a cell claims stands in it.

A cell claims items in its header: `# %% [markdown] covers=["CONV-01"]`. `coverage/<assignment>.toml` holds, for
each item, a phrase that must stand in a claiming cell: dropping the cell, its claim or its phrase fails here.
"""

import json
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


def test_every_claim_is_on_record():
    """`claims.json` counts the cells that claim each item, so that dropping any of them is noticed.

    After a change that is meant, write it anew: python tests/assignments/test_coverage.py
    """
    recorded = json.loads((HERE / "coverage" / "claims.json").read_text(encoding="utf-8"))
    assert counted() == recorded


def counted():
    return {name: {item: len(texts) for item, texts in sorted(claims(name).items())} for name in NAMES}


if __name__ == "__main__":
    (HERE / "coverage" / "claims.json").write_text(json.dumps(counted(), indent=1) + "\n", encoding="utf-8")
