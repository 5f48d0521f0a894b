"""Slips nobody thought of are seen; right programs written otherwise are not taken for wrong; tests see sabotage."""

from __future__ import annotations

import ast
import functools
import itertools
import re

import numpy as np
import pytest

from autograder.course import CourseError
from autograder.exercises import EXERCISES
from autograder.keymaking import make_key
from autograder.proving import find_targets, further, mutating, rewrites, rewriting, sabotage, sources
from autograder.proving.done import Done
from autograder.proving.mutants import mutants
from autograder.proving.sources import Program, functions_of
from autograder.proving.trying import first_wrong
from autograder.sandbox import Cell, Limits, Sandbox

PARAMS = """
def conv_params(c_in, k, c_out, bias=True):
    count = c_in * k * k * c_out
    if bias:
        count += c_out
    return count
"""
HARMLESS = """
def conv_params(c_in, k, c_out, bias=True):
    count = max(c_in * k ** 2 * c_out, 0)
    return count + c_out * bool(bias)
"""


# --- changed programs -----------------------------------------------------------------------------


def changes(text):
    return {m.change for m in mutants(f"def f(x, n):\n    {text}")}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("return x + n", {"x + n -> x - n", "x + n -> x", "x + n -> n"}),
        ("return x @ n", {"x @ n -> n @ x", "x @ n -> x"}),
        ("return x < 3", {"x < 3 -> x <= 3", "x < 3 -> x > 3", "3 -> 4", "3 -> 2"}),
        ("return x[1:n]", {"1:n -> :n", "1:n -> 1:", "1:n -> 1:n + 1", "1:n -> 1 + 1:n"}),
        ("return x[n, 0]", {"x[n, 0] -> x[0, n]"}),
        ("return x.sum(axis=0)", {"x.sum(axis=0) -> x.sum()", "x.sum -> x.mean", "0 -> 1"}),
        ("return (x, n)", {"return (x, n) -> return (n, x)"}),
        ("return -x.T", {"-x.T -> x.T", "x.T -> x"}),
        ("x[0] += n", {"x[0] += n -> pass", "x[0] += n -> x[0] = n", "x[0] += n -> x[0] -= n"}),
        ("return [i for i in range(n)]", {"range(n) -> range(n + 1)", "range(n) -> range(0 + 1, n)"}),
        ("return x if n else 0.0", {"x if n else 0.0 -> x if True else 0.0", "0.0 -> -1.0"}),
        ("return max(x, n)", {"max(x, n) -> min(x, n)"}),
    ],
)
def test_slips_are_made_at_every_place(text, wanted):
    assert wanted <= changes(text)


def test_changes_leave_names_and_docstring_alone_and_differ_from_the_program():
    text = 'def f(x, n=1):\n    """Add 1."""\n    return x + n\n'
    made = list(mutants(text))
    assert len({m.text for m in made}) == len(made) > 2
    for mutant in made:
        assert ast.unparse(ast.parse(text)) != mutant.text
        assert mutant.text.startswith(("def f(x, n=1):", "def f(x, n=2):", "def f(x, n=0):"))
        assert '"""Add 1."""' in mutant.text


def test_every_slip_in_a_right_program_is_rejected_or_explained():
    program = Program("params", PARAMS, ("conv_params",))
    score = mutating.mutate(program, list(mutants(PARAMS)), further=200)
    assert score.tried > 10
    assert (score.killed + score.equivalent, score.survivors) == (score.tried, [])


def test_a_slip_that_changes_nothing_needs_a_reason():
    program = Program("params", HARMLESS, ("conv_params",))
    chosen = [m for m in mutants(HARMLESS) if m.change == "0 -> -1"]
    assert len(chosen) == 1
    (sentence,) = mutating.mutate(program, chosen, further=300).survivors
    assert "equal results; no reason is given" in sentence


def test_every_reason_names_a_line_of_a_right_program():
    """Lines that are gone need no reason any more; `backmark prove --mutate` tells whether a reason is missing."""
    lines = {
        (p.name, node.name, line.strip())
        for p in sources.right_programs()
        for node in ast.parse(p.text).body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
        for line in ast.unparse(node).splitlines()
    }
    all_reasons = [*mutating.reasons("equal"), *mutating.reasons("outside")]
    named = [re.match(r"(.*?), (\w+): (.*?) -> ", change).groups() for change in all_reasons]
    assert [name for name in named if name not in lines] == []
    assert len(named) > 100


def test_a_place_is_told_by_whole_lines_and_names_one_change_only():
    text = "def f(x):\n    y = x[0]\n    y = x[0]\n    return y + 1\n"
    places = [m.place for m in mutants(text)]
    assert len(set(places)) == len(places)
    assert "f: return y + 1 -> return y - 1" in places
    assert "f: y = x[0] -> y = x[1] (place 2)" in places


def test_a_run_goes_on_where_the_last_one_stopped(tmp_path, monkeypatch):
    program, log = Program("params", HARMLESS, ("conv_params",)), tmp_path / "log"
    chosen = list(mutants(HARMLESS))[:6]
    first = mutating.mutate(program, chosen, further=50, done=Done(log), workers=1)
    with log.open("a") as file:
        file.write('["half a li')  # stopped while it was written

    def results(workers, do, tasks, at_once=1):
        assert not tasks
        return []

    monkeypatch.setattr(mutating, "_results", results)
    assert mutating.mutate(program, chosen, further=50, done=Done(log)) == first


def test_endless_and_failing_programs_are_rejected(monkeypatch):
    monkeypatch.setattr(mutating, "SECONDS", 0.5)
    text = "def conv_params(c_in, k, c_out, bias=True):\n    while True:\n        pass"
    program = Program("endless", text, ("conv_params",))
    mutant = mutating.Mutant(text, "conv_params", 1, "made")
    score = mutating.mutate(program, [mutant], further=10)
    assert (score.tried, score.killed) == (1, 1)


def test_a_program_that_is_not_right_shows_nothing_and_is_refused(monkeypatch):
    wrong = Program("wrong", PARAMS.replace("return count", "return count + 1"), ("conv_params",))
    monkeypatch.setattr(mutating, "right_programs", lambda _ids: [wrong])
    with pytest.raises(CourseError, match="wrong gets no full marks for conv_params as it stands"):
        next(mutating.mutate_all())


def test_what_a_notebook_gives_is_there_but_no_change_of_it_is_judged(monkeypatch):
    (capstone,) = [p for p in sources.right_programs({"train"}) if p.name == "solution of capstone"]
    assert {"softmax_loss", "Dropout"} <= capstone.given
    assert "softmax_loss" not in capstone.exercises
    monkeypatch.setattr(mutating, "right_programs", lambda _ids: [capstone])
    monkeypatch.setattr(mutating, "see_it_is_right", lambda *_: None)
    judged: list = []
    monkeypatch.setattr(mutating, "mutate", lambda _program, chosen, *_: judged.extend(chosen))
    next(mutating.mutate_all())
    assert {m.where for m in judged} >= {"train", "replace_head"}
    assert not {m.where for m in judged} & capstone.given


def test_programs_that_differ_where_no_key_looks_are_found():
    right = functions_of(PARAMS)
    assert further.difference("conv_params", right, functions_of(HARMLESS), 300) == ""
    wrong = functions_of(PARAMS.replace("return count", "return count + (c_in == 11)"))
    assert "changed to conv_params(" in further.difference("conv_params", right, wrong, 3000)


def test_which_result_is_looked_at_again_is_no_input():
    """The second result of a forward is the program's own cache, which no two programs need to fill alike."""
    trials = [t for t in EXERCISES["mlp_forward"].trials(np.random.default_rng(0)) if t.kind == "behaviour"]
    looks = [t for t in trials if t.calls[-1].do == "first.__getitem__"]
    assert looks
    for seed in range(20):
        varied = [further.vary(t, np.random.default_rng(seed)) for t in looks]
        assert [t.calls[-1].args for t in varied] == [(0,)] * len(looks)


def test_a_slice_of_the_slips_in_the_solutions_is_rejected():
    """`backmark prove --mutate` tries all of them."""
    (first,) = [p for p in sources.right_programs({"corr2d"}) if p.name == "solution of convolution"]
    chosen = [m for m in mutants(first.text) if m.where == "corr2d"][::8]
    score = mutating.mutate(first, chosen, further=20)
    assert score.survivors == []
    assert score.killed > 0.8 * score.tried > 3


# --- right programs, rewritten --------------------------------------------------------------------


def everything():
    """Yield the rewrites of all programs, the first of each before the second of any."""
    made = [[(p, *r) for r in rewriting.rewrites_of(p, 3)] for p in sources.right_programs()]
    return [row for rows in itertools.zip_longest(*made) for row in rows if row is not None]


@pytest.fixture(scope="module")
def programs():
    return everything()[:60]


@pytest.mark.parametrize("number", range(60))
def test_right_programs_written_otherwise_keep_full_marks(programs, number, capsys):
    """One exercise of each; `backmark prove --rewrites` tries more than a thousand, whole."""
    program, text, ways = programs[number]
    one = program.exercises[number % len(program.exercises)]
    assert rewriting.judged(text, [one], 0, " then ".join(ways), key_of_one)[0] == ""


@functools.cache
def key_of_one(exercise):
    return make_key(EXERCISES[exercise], lambda s: np.random.default_rng([7, s]), sets=1)


def test_rewritten_and_split_into_cells_they_keep_full_marks_in_the_sandbox(programs):
    from autograder.checks import judge

    with Sandbox(limits=Limits(seconds=5), allow_weak=True) as box:
        for program, text, _ways in programs[5:60:13]:
            cells = [Cell(i, ast.unparse(node)) for i, node in enumerate(ast.parse(text).body, start=1)]
            keys = {e: key_of_one(e) for e in program.exercises[:2]}
            evidence = box.run(cells, {e: key.script(0, probes=False) for e, key in keys.items()})
            assert all(judge(key, 0, evidence.questions[e]).right for e, key in keys.items())


APPENDS = """
def f(x):
    found = []
    for row in x:
        found.append(row * 2)
    return found
"""


@pytest.fixture(scope="module")
def right_texts():
    return [program.text for program in sources.right_programs()]


@pytest.mark.parametrize("name", sorted(rewrites.WAYS))
def test_every_way_to_rewrite_changes_some_program(name, right_texts):
    """Found in the first program that has a place for it."""
    rng = np.random.default_rng(3)
    assert any(rewrites.rewritten(text, [name], rng)[1] == [name] for text in (APPENDS, *right_texts))


LOOPS = """
def f(x, n):
    y = np.zeros(n)
    for i in range(n):
        for j in range(n):
            y[i] += x[i, j]
    {}
    return y
"""


@pytest.mark.parametrize(
    ("step", "free"),
    [
        ("y[i] = x[i, 0]", True),
        ("y[i] = y[i - 1] + 1", False),
        ("t = x[i, 0]; y[i] = t", True),
        ("t = t + 1; y[i] = t", False),
        ("y[0] = x[i, 0]", False),
        ("y.append(i)", False),
        ("y[i] -= x[i, 0]", False),
        ("y[i] = rng.normal()", False),
        ("y[i] = g(i)", False),
        ("if x[i, 0] > best: best = x[i, 0]", False),
    ],
)
def test_only_loops_whose_order_cannot_matter_are_turned_round(step, free):
    from autograder.proving.rewrites_loops import any_order

    loop = ast.parse(f"for i in range(n):\n    {step}").body[0]
    assert any_order([loop]) is free


# --- a wrong reference ----------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["forward", "backward"])
def test_sabotage_makes_the_op_compute_the_mistake(part, monkeypatch):
    """In a process of its own, so that the right op stays as it is here."""
    import multiprocessing

    context = multiprocessing.get_context("fork")
    with context.Pool(1, maxtasksperchild=1) as pool:
        before, after, expected = pool.apply(_sabotaged, (part,))
    assert not np.allclose(before, after)
    assert np.allclose(after, expected)


def _sabotaged(part):
    from autograder.mistakes import mistakes_of
    from reference import avg_pool2d

    rng = np.random.default_rng(0)
    x, dy = rng.normal(size=(1, 1, 4, 4)), rng.normal(size=(1, 1, 2, 2))

    def run():
        y, cache = avg_pool2d.forward(x, 2)
        return y if part == "forward" else avg_pool2d.backward(cache, dy)[0]

    before = run()
    for mistake in mistakes_of(avg_pool2d, part, "value"):
        given = (x, 2) if part == "forward" else (dy, x, 2)
        expected = mistake(*given)
        expected = expected[0] if isinstance(expected, tuple) else expected
        if (
            expected is not None
            and np.shape(expected) == np.shape(before)
            and not np.allclose(expected, before)
        ):
            sabotage.put(mistake)
            return before, run(), expected
    raise AssertionError("no mistake shows here")


def test_sabotage_reaches_an_op_whose_first_argument_is_no_array():
    import multiprocessing

    with multiprocessing.get_context("fork").Pool(1, maxtasksperchild=1) as pool:
        called, defined = pool.apply(_sabotaged_statistics)
    assert (
        called == defined == [0, 3]
    )  # by hand: W x = 3 and -3, of mean 0 and deviation 3; tanh(3) is below 1


def _sabotaged_statistics():
    from autograder.mistakes import mistakes_of
    from reference import activation_statistics

    sabotage.put(next(m for m in mistakes_of(activation_statistics) if m.name == "stats-before-activation"))
    given = ([np.array([[3.0]])], np.array([[1.0], [-1.0]]))
    runs = (activation_statistics, activation_statistics.definition)
    return [[float(v[0]) for v in run(*given)] for run in runs]


def test_the_tests_of_a_topic_fail_on_a_sabotaged_op(monkeypatch):
    """`backmark prove --sabotage` tries every mistake of every op."""
    found = [m for m in sabotage.all_mistakes() if m.target == "one_hot" and m.kind == "value"][:2]
    monkeypatch.setattr(sabotage, "SECOND", "tests/none.py")  # the topic's own tests are enough here
    score = sabotage._score("one_hot", found)
    assert (score.tried, score.caught, score.survivors) == (2, 2, [])


# --- what there is to prove -----------------------------------------------------------------------


def test_targets_have_the_names_an_author_would_type(tmp_path):
    from autograder.course import CourseError

    assert [t.name for t in find_targets("pooling")] == ["pooling"]
    assert {a.id for a in find_targets("pooling")[0].questions} >= {"maxpool_forward", "max_unpool"}
    assert [a.level for a in find_targets("CARITH-1")[0].questions] == [1, 2, 3]
    assert "convolution" in [t.name for t in find_targets(None)]
    with pytest.raises(CourseError, match="Did you mean pooling"):
        find_targets("poolin")
    (tmp_path / "extra.py").write_text("x = 1\n")
    with pytest.raises(CourseError, match="brings no exercise"):
        find_targets(str(tmp_path / "extra.py"))


def test_an_exercise_keeps_full_marks_only_when_right():
    task, key = EXERCISES["conv_params"], sources.key_of("conv_params")
    assert first_wrong(key, 0, task.truth()) is None
    assert first_wrong(key, 0, {}) is not None

    def forgets(c_in, k, c_out, bias=True):
        return c_out * c_in * k * k

    assert "lectures" in (first_wrong(key, 0, {"conv_params": forgets}) or "")


def test_what_saw_a_mistake_before_is_asked_first(monkeypatch):
    from autograder.proving import trying

    key, asked, judged = sources.key_of("conv_params"), [], trying.judge_trial
    functions = functions_of(PARAMS.replace("if bias", "if True"))  # right until somebody wants no bias

    def noted(key, trial, outcomes):
        asked.append(f"{trial.group}: {trial.name}")
        return judged(key, trial, outcomes)

    monkeypatch.setattr(trying, "judge_trial", noted)
    check = first_wrong(key, 0, functions)
    assert asked[-1] == check
    assert len(asked) > 1
    asked.clear()
    assert first_wrong(key, 0, functions, {check}) == check
    assert asked == [check]
    assert first_wrong(key, 0, EXERCISES["conv_params"].truth(), {check}) is None
