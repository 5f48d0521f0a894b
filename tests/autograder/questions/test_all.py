"""What every question must do, whatever it asks: a new type is tested here without a line of its own."""

import re

import numpy as np
import pytest

from autograder.answers import KINDS, Unreadable
from autograder.instances import certificate, issue, lookalikes, name_typed, separated, usual
from autograder.questions import QUESTIONS

INSTANCES = [(id, level) for id in sorted(QUESTIONS) for level in QUESTIONS[id].levels]
SEEDS = (0, 1)


@pytest.fixture(scope="module")
def drawn():
    kept = {}

    def of(id, level):
        if (id, level) not in kept:
            taken = set()
            kept[id, level] = [issue(id, np.random.default_rng(seed), level, taken) for seed in SEEDS]
        return kept[id, level]

    return of


@pytest.mark.parametrize(("id", "level"), INSTANCES)
class TestEveryQuestion:
    def test_the_independent_evaluator_agrees_and_the_mistakes_show(self, id, level, drawn):
        for variant in drawn(id, level):
            why = certificate(id, variant)
            assert why.agrees, "no independent evaluator, or it disagrees"
            assert set(QUESTIONS[id].must_detect[level]) <= set(why.exposed)

    def test_typed_answers_prove_themselves(self, id, level, drawn):
        for variant in drawn(id, level):
            for part in variant.parts:
                truth, kind = variant.truth[part.id], KINDS[part.kind]
                samples = kind.samples(part, truth)
                for text in samples.right:
                    assert kind.judge(kind.parse(text, part), truth, part).score == 1, text
                for text in samples.wrong:
                    assert kind.judge(kind.parse(text, part), truth, part).score < 1, text

    def test_every_mistake_to_detect_is_named(self, id, level, drawn):
        variant = drawn(id, level)[0]
        for mistake, answer in lookalikes(id, variant):
            if mistake.name in QUESTIONS[id].must_detect[level] and separated(variant, answer, variant.truth):
                assert mistake.name in [m.name for m in name_typed(id, variant, answer)]

    def test_typing_what_a_mistake_answers_in_one_part_names_it(self, id, level, drawn):
        variant = drawn(id, level)[0]
        parts = {part.id: part for part in variant.parts}
        for trial in certificate(id, variant).lookalikes:
            if trial.mistake in QUESTIONS[id].must_detect[level]:
                part, kind = parts[trial.part], KINDS[parts[trial.part].kind]
                try:
                    value = kind.parse(kind.show(trial.answer), part)
                except Unreadable:  # a fraction where whole numbers are asked for
                    continue
                assert trial.mistake in [m.name for m in name_typed(id, variant, {part.id: value})]
                assert kind.judge(value, variant.truth[part.id], part).score < 1

    def test_the_statement_is_whole(self, id, level, drawn):
        for variant in drawn(id, level):
            text = variant.prompt + "".join(part.prompt for part in variant.parts)
            assert variant.question == id
            assert variant.level == level
            assert text.count("$") % 2 == 0
            assert not re.search(r"\b(nan|inf|None|array\(|np\.)", text + "".join(variant.solution))
            assert variant.solution
            assert all(step.strip() for step in variant.solution)

    def test_posing_again_gives_the_same(self, id, level, drawn):
        for variant in drawn(id, level):
            again = QUESTIONS[id].pose(dict(variant.params), QUESTIONS[id].op)
            assert (again.prompt, again.truth, again.solution) == (
                variant.prompt,
                variant.truth,
                variant.solution,
            )


def test_no_two_types_share_their_wording(drawn):
    told = {}
    for id, level in INSTANCES:
        words = re.sub(r"[\d\s.,;()\[\]-]+", " ", drawn(id, level)[0].prompt)
        told.setdefault(words, set()).add(id)
    assert [ids for ids in told.values() if len(ids) > 1] == []


def test_levels_of_a_type_get_harder_or_stay():
    odd = [
        id
        for id in QUESTIONS
        for low, high in zip(QUESTIONS[id].levels, QUESTIONS[id].levels[1:])
        if usual(QUESTIONS[id], high).difficulty < 0.7 * usual(QUESTIONS[id], low).difficulty
    ]
    assert odd == []
