"""Scripts: what the interpreter passes in, what it reports, and that later changes cannot reach back."""

import random

import numpy as np
import pytest

from autograder.sandbox import Call, Foreign, Handle, Outcome, Rng, Source, _script, play
from autograder.sandbox._dice import dice_at_start

X = np.arange(6.0).reshape(2, 3)


def run(source: str, *calls: Call) -> list[Outcome]:
    namespace: dict = {"np": np}
    exec(compile(source, "<cell 7>", "exec"), namespace)
    return list(play(calls, namespace))


def one(source: str, *args, **settings) -> Outcome:
    return run(source, Call("f", args, **settings))[0]


def test_result_is_a_copy_taken_at_once():
    source = "kept = np.zeros(2)\ndef f(v):\n    kept[:] = v\n    return kept\n"
    first, second = run(source, Call("f", (1.0,)), Call("f", (2.0,)))
    np.testing.assert_array_equal(first.value, [1, 1])
    np.testing.assert_array_equal(second.value, [2, 2])


def test_generators_start_alike_in_every_play_and_are_put_back():
    """Also where somebody has them stand at the start already, around many plays."""
    draws = "import random\ndef f():\n    return np.random.rand(), np.random.normal(), random.random()\n"
    python, numpy = random.getstate(), np.random.get_state(legacy=False)  # noqa: NPY002
    alone = one(draws)
    with dice_at_start():
        within = [one(draws) for _ in range(3)]
        assert [one("def f():\n    return 1\n").global_random_touched for _ in range(2)] == [False, False]
    assert [o.value for o in within] == [alone.value] * 3
    assert all(o.global_random_touched for o in (alone, *within))
    assert random.getstate() == python
    np.testing.assert_equal(np.random.get_state(legacy=False), numpy)  # noqa: NPY002


def test_a_helper_is_compiled_once_and_made_anew_for_every_call():
    helper = Source("kept = []\ndef g(v):\n    kept.append(v)\n    return len(kept)", "g")
    before = _script._compiled.cache_info().misses
    assert [o.value for o in run("def f(g):\n    return g(1)\n", *[Call("f", (helper,))] * 3)] == [1, 1, 1]
    assert _script._compiled.cache_info().misses == before + 1


def test_arguments_are_fresh_for_every_call():
    source = "def f(x, d):\n    x += 1\n    d['a'].append(9)\n    return x.sum(), len(d['a'])\n"
    call = Call("f", (np.zeros(3), {"a": [1]}))
    outcomes = run(source, call, call)
    assert [o.value for o in outcomes] == [(3.0, 2), (3.0, 2)]
    assert call.args[0].sum() == 0
    assert call.args[1] == {"a": [1]}


@pytest.mark.parametrize(
    "body",
    [
        "x += 1",
        "x.shape = (3, 2)",
        "x[0, 0] = np.nan",
        "x.strides = (0, 0)",
        "x[0, 0] = -0.0",
        "x.dtype = np.int64",
        "x.sort(); x[:] = x[::-1]",
    ],
)
@pytest.mark.filterwarnings("ignore:Setting the:DeprecationWarning")
def test_changed_array_is_reported(body):
    x = X + 0.0
    assert one(f"def f(x):\n    {body}\n", x).changed == ("args[0]",)


@pytest.mark.parametrize(
    ("argument", "body"),
    [
        ({"mean": np.zeros(2)}, "a['mean'] += 1"),
        ({"mean": np.zeros(2)}, "a['new'] = 1"),
        ({"mean": np.zeros(2)}, "del a['mean']"),
        ([np.zeros(2), [1, 2]], "a[1].append(3)"),
        ([np.zeros(2), [1, 2]], "a.reverse()"),
        ((1, {"deep": [np.ones(2)]}), "a[1]['deep'][0][1] = 5"),
        ([1, 2], "a[0] = 1.0"),
        ([True], "a[0] = 1"),
    ],
)
def test_changed_containers_are_reported(argument, body):
    assert one(f"def f(a):\n    {body}\n", argument).changed == ("args[0]",)
    assert run(f"def f(a):\n    {body}\n", Call("f", (), {"a": argument}))[0].changed == ("a",)


@pytest.mark.parametrize(
    "argument", [X, [1, {"a": X}], {"k": (1, None, "s", 2.5, float("nan"))}, [np.array([np.nan])]]
)
def test_unchanged_arguments_are_not_reported(argument):
    assert one("def f(a):\n    return repr(a) != ''\n", argument).changed == ()


def test_may_change_reports_the_value_after():
    source = "def f(x, running):\n    running['mean'] = running['mean'] * 0.5\n    x *= 2\n    return 0\n"
    call = Call("f", (X,), {"running": {"mean": np.ones(2)}}, may_change=("running",))
    (outcome,) = run(source, call)
    assert outcome.changed == ("args[0]",)
    np.testing.assert_array_equal(outcome.after["running"]["mean"], [0.5, 0.5])
    (positional,) = run(source, Call("f", (X, {"mean": np.ones(2)}), may_change=("args[0]", "args[1]")))
    assert positional.changed == ()
    np.testing.assert_array_equal(positional.after["args[0]"], 2 * X)


@pytest.mark.parametrize(
    ("layout", "c_order", "f_order", "writable"),
    [
        ("C", True, False, True),
        ("F", False, True, True),
        ("strided", False, False, True),
        ("readonly", True, False, False),
    ],
)
def test_layouts(layout, c_order, f_order, writable):
    source = "def f(x):\n    return x.flags.c_contiguous, x.flags.f_contiguous, x.flags.writeable, x + 0\n"
    (outcome,) = run(source, Call("f", (X,), layouts={"args[0]": layout}))
    assert outcome.value[:3] == (c_order, f_order, writable)
    np.testing.assert_array_equal(outcome.value[3], X)
    (everywhere,) = run(source.replace("x)", "x)"), Call("f", (X,), layouts={"*": layout}))
    assert everywhere.value[:3] == (c_order, f_order, writable)


def test_layout_reaches_arrays_inside_lists_and_zero_dimensional_ones():
    source = "def f(xs):\n    return [x.flags.f_contiguous for x in xs]\n"
    assert one(source, [X, np.array(1.0)], layouts={"args[0]": "F"}).value == [True, True]
    assert one("def f(x):\n    return x.shape\n", np.array(1.0), layouts={"*": "strided"}).value == ()


def test_writing_to_a_read_only_array_is_the_students_exception():
    outcome = one("def f(x):\n    x += 1\n", X, layouts={"*": "readonly"})
    assert outcome.status == "exception"
    assert outcome.error["type"] == "ValueError"
    assert outcome.error["line"] == 2


def test_opaque_cache_stays_a_handle():
    source = """
class Cache:
    def __init__(self, x): self.x = x
def forward(x): return x * 2, Cache(x)
def backward(dy, cache): return dy * cache.x
"""
    first, second = run(
        source,
        Call("forward", (X,), save="fwd", show=(0,)),
        Call("backward", (np.ones((2, 3)), Handle("fwd", 1))),
    )
    np.testing.assert_array_equal(first.value[0], 2 * X)
    assert first.value[1] == Foreign("kept")
    np.testing.assert_array_equal(second.value, X)


@pytest.mark.parametrize("brackets", ["()", "[]"])
def test_items_of_tuples_and_lists(brackets):
    source = f"def f(x): return {brackets[0]}x, x + 1{brackets[1]}\ndef g(x): return x\n"
    _, last = run(source, Call("f", (1,), save="r"), Call("g", (Handle("r", 1),)))
    assert last.value == 2


@pytest.mark.parametrize(
    ("result", "item"), [("x", 1), ("(x,)", 1), ("{1: x}", 1), ("np.ones(3)", 1), ("None", 0)]
)
def test_item_that_is_not_there_is_unreachable(result, item):
    source = f"def f(x): return {result}\ndef g(x): return x\n"
    first, second = run(source, Call("f", (1,), save="r"), Call("g", (Handle("r", item),)))
    assert first.status == "ok"
    assert second.status == "unreachable"


def test_everything_after_a_failed_call_that_needs_it_is_unreachable():
    source = "def f(): 1 / 0\ndef g(x): return x\ndef h(): return 5\n"
    calls = [
        Call("f", save="r"),
        Call("g", (Handle("r"),)),
        Call("r.method"),
        Call("g", ([Handle("r")],)),
        Call("h"),
    ]
    calls.append(Call("g", (Source("def k(a): return a", "k", (Handle("r"),)),)))
    statuses = [o.status for o in run(source, *calls)]
    assert statuses == ["exception", "unreachable", "unreachable", "unreachable", "ok", "unreachable"]


def test_a_failed_call_takes_its_old_handle_away():
    source = "def f(x): return 1 / x\ndef g(x): return x\n"
    calls = [
        Call("f", (1,), save="r"),
        Call("g", (Handle("r"),)),
        Call("f", (0,), save="r"),
        Call("g", (Handle("r"),)),
    ]
    assert [o.status for o in run(source, *calls)] == ["ok", "ok", "exception", "unreachable"]


def test_objects_methods_and_attributes():
    source = """
class Net:
    size = 3
    def __init__(self, n): self.n = n
    def forward(self, x): return x * self.n
    @property
    def broken(self): raise ValueError("secret")
"""
    outcomes = run(
        source,
        Call("Net", (4,), save="net", show="none"),
        Call("net.forward", (2,)),
        Call("net.n", attribute=True),
        Call("net.n"),
        Call("net.missing"),
        Call("net.broken", attribute=True),
        Call("Net.size", attribute=True),
        Call("nothing"),
    )
    assert [o.status for o in outcomes] == [
        *("ok", "ok", "ok", "not-callable", "missing", "exception", "ok", "missing"),
    ]
    assert [o.value for o in outcomes[:3]] == [None, 8, 4]


def test_generators_are_built_from_their_seed():
    source = "def f(rng): return rng.random(3)\n"
    for outcome in run(source, Call("f", (Rng(5),)), Call("f", (Rng(5),))):
        np.testing.assert_array_equal(outcome.value, np.random.default_rng(5).random(3))
        assert outcome.changed == ()
        assert not outcome.global_random_touched


def test_source_helpers():
    source = "def f(g, x): return g(x)\n"
    plain = Source("def square(x):\n    return x ** 2\n", "square")
    made = Source("def maker(a, n):\n    return lambda x: np.sum(a) + n * x\n", "maker", (np.ones(2), 10))
    nested = Source("def outer(inner):\n    return lambda x: inner(x) + 1\n", "outer", (plain,))
    assert [o.value for o in run(source, *(Call("f", (s, 3)) for s in (plain, made, nested)))] == [
        9,
        32.0,
        10,
    ]


def test_a_source_can_be_called_itself():
    helper = Source("def shift(model):\n    model.bias += 1\n", "shift")
    source = "class M:\n    bias = 0\n"
    outcomes = run(
        source, Call("M", save="m", show="none"), Call(helper, (Handle("m"),)), Call("m.bias", attribute=True)
    )
    assert outcomes[-1].value == 1


def test_errors_name_type_and_own_line_only():
    source = "def g(x):\n    raise ValueError('the input was %s' % x)\ndef f(x):\n    return g(x)\n"
    error = one(source, 12345).error
    assert error["type"] == "ValueError"
    assert (error["cell"], error["line"]) == (7, 2)
    assert "12345" not in repr(error)


def test_error_below_numpy_points_to_the_students_line():
    error = one("def f(x):\n    y = x\n    return np.linalg.inv(y)\n", np.zeros((2, 2))).error
    assert (error["type"], error["line"]) == ("LinAlgError", 3)


def test_own_exception_types_are_named_after_what_they_derive_from():
    source = "class Mine(KeyError): pass\ndef f(x): raise Mine\n"
    assert one(source, 1).error["type"] == "KeyError"


@pytest.mark.parametrize(
    "name", ["SystemExit", "KeyboardInterrupt", "GeneratorExit", "MemoryError", "StopIteration"]
)
def test_no_exception_of_student_code_comes_through(name):
    first, second = run(f"def f(): raise {name}\ndef g(): return 1\n", Call("f"), Call("g"))
    assert (first.status, first.error["type"]) == ("exception", name)
    assert second.value == 1


def test_endless_recursion_is_an_exception():
    assert one("def f(x): return f(x)\n", 1).error["type"] == "RecursionError"


@pytest.mark.parametrize(
    ("expression", "value", "fact"),
    [
        ("(i * i for i in range(3))", [0, 1, 4], "generator"),
        ("iter([1, 2])", [1, 2], "generator"),
        ("map(abs, [-1])", [1], "generator"),
        ("range(3)", [0, 1, 2], "range"),
        ("{'a': 1}.keys()", ["a"], "dict_keys"),
        ("{2, 1}", [1, 2], "set"),
        ("np.float32(0.5)", 0.5, "numpy float32"),
        ("np.longdouble(0.5)", 0.5, "numpy longdouble"),
        ("np.int64(3)", 3, "numpy int64"),
        ("np.bool_(True)", True, "numpy bool"),
        ("np.array([[1], [2, 3]], dtype=object)", [[1], [2, 3]], "object array"),
        ("np.array(['a', 'b'])", ["a", "b"], "string array"),
        ("type('F', (float,), {})(2.5)", 2.5, "subclass"),
        ("__import__('collections').namedtuple('P', 'x y')(1, 2)", (1, 2), "subclass"),
        ("__import__('collections').OrderedDict(a=1)", {"a": 1}, "subclass"),
    ],
)
def test_facts_about_odd_results(expression, value, fact):
    outcome = one(f"def f(x):\n    return {expression}\n", 1)
    assert outcome.value == value
    assert type(outcome.value) is type(value)
    names = [name for _, name in outcome.facts]
    assert fact in names or (fact == "numpy longdouble" and any(n.startswith("numpy float1") for n in names))


@pytest.mark.parametrize(
    ("expression", "fact"),
    [
        ("np.matrix([[1., 2.]])", "matrix"),
        ("np.ma.array([[1., 2.]], mask=[[0, 1]])", "masked"),
        ("np.array([[1., 2.]]).view(type('A', (np.ndarray,), {}))", "subclass"),
        ("np.array([[1., 2.]], dtype='>f8')", "byte order"),
        ("np.array([[1., 2.]], dtype=np.longdouble)", "longdouble"),
    ],
)
def test_odd_arrays_come_back_plain(expression, fact):
    outcome = one(f"def f(x):\n    return [{expression}]\n", 1)
    assert type(outcome.value[0]) is np.ndarray
    assert outcome.value[0].dtype == np.float64
    np.testing.assert_array_equal(outcome.value[0], [[1, 2]])
    assert outcome.facts == (("[0]", fact),)


def test_view_of_an_argument_is_a_fact():
    assert one("def f(x): return x[:1]\n", X).facts == (("", "view"),)
    assert one("def f(x): return {'a': x.T}\n", X).facts == (("['a']", "view"),)
    assert one("def f(x): return x.copy()\n", X).facts == ()


@pytest.mark.parametrize(
    "expression", ["np.zeros(9_000_000)", "1 << 100_000", "'x' * 1_000_000", "[[0] * 1000] * 1000"]
)
def test_results_over_budget_are_not_shown(expression):
    outcome = one(f"def f(x): return {expression}\n", 1)
    assert outcome.value == Foreign("too large")
    assert outcome.facts == (("", "too large"),)


def test_endless_results_are_cut():
    source = "def f():\n    n = 0\n    while True:\n        yield n\n        n += 1\n"
    assert len(run(source, Call("f"))[0].value) == 2_000


def test_foreign_results():
    assert one("def f(x): return [f, np, object(), b'x', {(1, 2): 3}]\n", 1).value == [
        *map(Foreign, ("function", "module", "object", "bytes", "dict")),
    ]


def test_touching_the_global_generators_is_seen():
    for body in (
        "np.random.rand()",
        "np.random.seed(0)",
        "random.random()",
        "random.seed(3)",
        "random.shuffle([1, 2])",
    ):
        assert one(f"import random\ndef f(x):\n    {body}\n", 1).global_random_touched, body
    for body in (
        "np.random.default_rng(0).random()",
        "random.Random(1).random()",
        "np.random.RandomState(2).rand()",
    ):
        assert not one(f"import random\ndef f(x):\n    {body}\n", 1).global_random_touched, body


def test_global_generators_are_put_back():
    np.random.seed(11)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    one("def f(x):\n    np.random.seed(5)\n    return np.random.rand(3)\n", 1)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_handle_that_was_changed_is_a_fact_not_a_fault():
    source = "def f(x): return x, [x]\ndef g(c): c.append(1)\n"
    _, second = run(source, Call("f", (X,), save="r"), Call("g", (Handle("r", 1),)))
    assert second.changed == ()
    assert ("args[0]", "handle changed") in second.facts


def test_warnings_and_numpy_error_settings_do_not_matter():
    source = "import warnings\ndef f(x):\n    warnings.warn('odd')\n    return np.log(x) / 0\nnp.seterr(all='raise')\n"
    with np.errstate():  # put back what the source sets: the next tests run in this process, too
        outcome = one(source, np.zeros(1))
    assert outcome.status == "ok"
    assert outcome.value[0] == -np.inf


def test_a_key_error_in_student_code_is_not_a_missing_name():
    source = "class M:\n    @property\n    def p(self):\n        return {}['x']\n"
    outcomes = run(source, Call("M", save="m", show="none"), Call("m.p", attribute=True))
    assert (outcomes[1].status, outcomes[1].error["type"]) == ("exception", "KeyError")
