"""Reusing a network: the four cells of the lecture's table, stories that are not ambiguous, wording."""

import numpy as np
import pytest

from autograder.instances import certificate, issue, name_typed
from autograder.questions import QUESTIONS
from reference import transfer_plan

TL = QUESTIONS["TL-1"]


def story(domain, similarity, examples):
    params = {
        "domain": domain,
        "similarity": similarity,
        "kinds": 5,
        "examples": examples,
        "order": [4, 2, 0, 3, 1],
    }
    return TL.pose(params, transfer_plan)


@pytest.mark.parametrize(
    ("domain", "similarity", "examples", "cell", "advice"),
    [
        ("garden birds", "similar", 300, 0, "top layer"),
        ("images of sea-floor sonar", "different", 300, 1, "different, also earlier, stages"),
        ("garden birds", "similar", 60_000, 2, "last few layers"),
        ("images of sea-floor sonar", "different", 60_000, 3, "larger number of layers"),
    ],
)
def test_the_lectures_table(domain, similarity, examples, cell, advice):
    """The four cells of G-TL-01."""
    variant = story(domain, similarity, examples)
    assert variant.truth["cell"] == cell
    assert advice in variant.parts[1].options["choices"][variant.truth["advice"]]
    assert TL.exact(variant.params) == variant.truth


@pytest.mark.parametrize("level", TL.levels)
def test_stories_agree_with_the_table_and_show_four_mistakes(level):
    cells = set()
    for seed in range(60):
        variant = issue(TL, np.random.default_rng(seed), level)
        proof = certificate(TL, variant)
        assert proof.agrees
        assert len(proof.exposed) >= 4
        assert set(TL.must_detect[level]) <= set(proof.exposed)
        assert variant.truth["cell"] != variant.truth["advice"]
        cells.add(variant.truth["cell"])
        assert variant.params["examples"] <= 1_000 or variant.params["examples"] >= 20_000
        if level == 2:
            assert (
                f"{variant.params['examples'] // variant.params['kinds']:,} labelled images of each"
                in variant.prompt
            )
            assert variant.params["examples"] % variant.params["kinds"] == 0
    assert cells == {0, 1, 2, 3}


def test_the_space_is_what_it_says():
    stories = {str(TL.canonical(issue(TL, np.random.default_rng(s), 1).params)) for s in range(1500)}
    assert len(stories) == TL.space[1] == TL.space[2]


def test_the_prompt_says_what_little_and_similar_mean():
    prompt = story("garden birds", "similar", 300).prompt
    for words in (
        "Up to 1,000 images",
        "20,000 or more",
        "*very similar*",
        "*very different*",
        "300 labelled",
    ):
        assert words in prompt


def test_a_wrong_cell_names_the_misreading_and_carries_on():
    variant = story("garden birds", "similar", 300)
    many = variant.params["order"].index(2)
    assert TL.carry(variant.params, "advice", {"cell": 2}) == many
    assert [m.name for m in name_typed(TL, variant, {"cell": 2, "advice": many})] == [
        "amount-of-data-misread"
    ]
    scratch = variant.params["order"].index(4)
    assert [m.name for m in name_typed(TL, variant, {"cell": 0, "advice": scratch})] == [
        "trained-from-scratch"
    ]
