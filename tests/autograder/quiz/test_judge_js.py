"""The browser's judge against the grader's: the same texts are read, refused, and found right."""

import dataclasses
import itertools
import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from py_mini_racer import MiniRacer

from autograder import quiz
from autograder.answers import KINDS, Unreadable
from autograder.instances import issue, lookalikes
from autograder.model import Part
from autograder.questions import QUESTIONS
from autograder.quiz.engine import judged
from autograder.quiz.page import _plain

JUDGE = (Path(quiz.__file__).parent / "page_files" / "judge.js").read_text(encoding="utf-8")
ASK = """
function ask(text, part, truth) {
  try { return Judge.same(Judge.read(text, part), truth, part) ? "right" : "wrong"; }
  catch (problem) { if (problem instanceof Judge.Unreadable) return "unreadable"; throw problem; }
}
function nameAll(texts, parts, lookalikes) {
  const values = Object.fromEntries(parts.map((part) => [part.id, Judge.read(texts[part.id], part)]));
  const wrong = parts.filter((part) => !Judge.same(values[part.id], part.truth, part));
  return JSON.stringify(
    Judge.named(lookalikes, values, wrong).map((one) => [one.part, one.mistakes.map((each) => each.what)]));
}
"""
COLUMNS = [{"kind": "int"}, {"kind": "num", "options": {"places": 1}}, {"kind": "shape"}]
CASES = {
    "int": (Part("a", "", "int"), -13),
    "num": (Part("a", "", "num", {"places": 2}), 0.37),
    "frac": (Part("a", "", "frac"), "-3/7"),
    "vec": (Part("a", "", "vec"), [3, -1, 4]),
    "vec of decimals": (Part("a", "", "vec", {"places": 2}), [0.5, -1.25, 2.0]),
    "mat": (Part("a", "", "mat"), [[1, -2], [3, 4], [5, 6]]),
    "mat of decimals": (Part("a", "", "mat", {"places": 1}), [[1.5, -2.5]]),
    "ten": (Part("a", "", "ten"), [[[1, 2], [3, 4]], [[5, 6], [7, -8]]]),
    "shape": (Part("a", "", "shape"), [3, 32, 31]),
    "mc1": (Part("a", "", "mc1", {"choices": ["one", "two", "three"]}), 1),
    "mcN": (Part("a", "", "mcN", {"choices": ["one", "two", "three"]}), [0, 2]),
    "none of mcN": (Part("a", "", "mcN", {"choices": ["one", "two", "three"]}), []),
    "order": (Part("a", "", "order", {"choices": ["one", "two", "three"]}), [2, 0, 1]),
    "text": (Part("a", "", "text", {"choices": ["relu", "sigmoid"], "synonyms": {"logistic": "sigmoid"}}), "sigmoid"),
    "trace": (Part("a", "", "trace", {"columns": COLUMNS}), [[1, 0.5, [3, 2]], [-2, 1.5, [4, 4]]]),
}  # fmt: skip


@pytest.fixture(scope="module")
def engine():
    engine = MiniRacer()
    engine.eval(JUDGE + ASK)
    return engine


@pytest.fixture(scope="module")
def browser(engine):
    return lambda text, part, truth: engine.call(
        "ask", text, {"kind": part.kind, "options": _plain(dict(part.options))}, _plain(truth)
    )


def grader(text, part, truth):
    try:
        value = KINDS[part.kind].parse(text, part)
    except Unreadable:
        return "unreadable"
    return "right" if KINDS[part.kind].judge(value, truth, part).score == 1 else "wrong"


@pytest.mark.parametrize("name", CASES)
def test_samples_are_judged_as_the_grader_judges_them(name, browser):
    part, truth = CASES[name]
    samples = KINDS[part.kind].samples(part, truth)
    for text in samples.right + samples.wrong + samples.unreadable:
        assert browser(text, part, truth) == grader(text, part, truth), text[:80]
    assert {browser(text, part, truth) for text in samples.right} == {"right"}
    assert "right" not in {browser(text, part, truth) for text in samples.wrong}
    assert {browser(text, part, truth) for text in samples.unreadable} == {"unreadable"}


FRAGMENTS = [
    *"12-.,;[]()abc|/x+$ \n\t", "0.5", "1/3", "1e1", "\n\n", "none", "×", "−", "½", "np.array(", "array([", "...",
    "relu", "3,5", "1,234,567",
]  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_random_texts_are_judged_alike(name, browser):
    part, truth = CASES[name]
    rng = np.random.default_rng(len(name))
    seen = set()
    for _ in range(200):
        text = "".join(rng.choice(FRAGMENTS, size=rng.integers(1, 9)))
        found = browser(text, part, truth)
        seen.add(found)
        assert found == grader(text, part, truth), repr(text)
    assert "unreadable" in seen


def test_a_truth_with_fractions_reaches_the_page_exactly():
    assert json.dumps(_plain({"p": [Fraction(1, 3), np.int64(4), (1.5,)]})) == '{"p": ["1/3", 4, [1.5]]}'


@pytest.mark.parametrize("text", ["9.67", "29/3", "9,67", "9.6", "9", "10"])
def test_a_fraction_is_compared_with_what_a_mistake_answers(text, browser):
    part = CASES["int"][0]
    assert browser(text, part, 29 / 3) == grader(text, part, 29 / 3)


@pytest.mark.parametrize("id", ["COUNT-1", "NORM-1", "SPLIT-2"])
def test_the_page_names_as_grading_does(id, engine, monkeypatch):
    """All pairs of mistakes, the first part answered with one of them and the others with the other.

    Nothing is carried forward, for the page cannot.
    """
    monkeypatch.setitem(QUESTIONS, id, dataclasses.replace(QUESTIONS[id], carry=None))
    variant = issue(QUESTIONS[id], np.random.default_rng(1), 2)
    seen = lookalikes(QUESTIONS[id], variant)
    parts = [
        {"id": p.id, "kind": p.kind, "options": _plain(dict(p.options)), "truth": _plain(variant.truth[p.id])}
        for p in variant.parts
    ]
    page = [{"what": m.what, "answers": {k: _plain(v) for k, v in gives.items()}} for m, gives in seen]
    apart = 0
    for (_, one), (_, other) in itertools.product(seen, repeat=2):
        mixed = {p.id: (one if p is variant.parts[0] else other)[p.id] for p in variant.parts}
        texts = {p.id: KINDS[p.kind].show(mixed[p.id]) for p in variant.parts}
        told = [[part, [m.what for m in mistakes]] for part, mistakes in judged(variant, texts).explained()]
        shown = json.loads(engine.call("nameAll", texts, parts, page))
        assert [mistakes for _, mistakes in shown] == [mistakes for _, mistakes in told], texts
        apart += len(told) > 1
    assert apart
