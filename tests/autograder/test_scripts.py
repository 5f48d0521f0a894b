"""Exercises beyond plain arrays, through the real sandbox: opaque cache, callable, generator, object."""

import inspect
import textwrap

import numpy as np
import pytest

from autograder.assignment import available, read_assignment
from autograder.checks import judge
from autograder.exercises import EXERCISES, wrong_submissions
from autograder.naming import name_mistakes
from autograder.sandbox import Cell
from autograder.verdicts import verdicts


@pytest.fixture(scope="module")
def sandboxed(box, make_key_of):
    """sandboxed(exercise, source): run source as a student's cell and judge what comes back, out of 10."""

    def run(exercise, source, part=0):
        key = make_key_of(exercise)
        evidence = box.run(
            [Cell(1, "import numpy as np"), Cell(2, textwrap.dedent(source))], {exercise: key.script(part)}
        )
        judgement = judge(key, part, evidence.questions[exercise])
        named = name_mistakes(judgement)
        found = verdicts(judgement, key.title, 10.0, named)
        return sum(v.points for v in found), [n.name for n in named], found

    return run


RIGHT = {
    "num_grad": """
        def num_grad(f, x, eps=1e-5):
            dx = np.zeros_like(x, dtype=float)
            it = np.nditer(x, flags=["multi_index"])
            for _ in it:
                i = it.multi_index
                up, down = x.copy(), x.copy()
                up[i] += eps
                down[i] -= eps
                dx[i] = (f(up) - f(down)) / (2 * eps)
            return dx
    """,
    "minibatches": """
        def minibatches(N, batch, rng):
            order = rng.permutation(N)
            return [order[i:i + batch] for i in range(0, N, batch)]
    """,
    "Sequential": """
        class Sequential:
            def __init__(self, layers):
                self.layers = layers
            def forward(self, X, train=True):
                for layer in self.layers:
                    X = layer.forward(X, train)
                return X
            def backward(self, dY):
                for layer in self.layers[::-1]:
                    dY = layer.backward(dY)
                return dY
            def params(self):
                return [p for layer in self.layers for p in layer.params()]
    """,
    "conv_backward": """
        class Cache:
            def __init__(self, **kept):
                self.__dict__.update(kept)

        def conv_forward(X, W, b, s, p, d=1):
            span = d * (W.shape[-1] - 1) + 1
            Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
            windows = np.lib.stride_tricks.sliding_window_view(Xp, (span, span), (2, 3))[:, :, ::s, ::s, ::d, ::d]
            Y = np.einsum("ncijuv,fcuv->nfij", windows, W) + b[:, None, None]
            return Y, Cache(X=X, Xp=Xp, W=W, s=s, p=p, d=d, later=lambda: windows)

        def conv_backward(dY, cache):
            s, p, d, W = cache.s, cache.p, cache.d, cache.W
            dXp = np.zeros_like(cache.Xp)
            for u in range(W.shape[-1]):
                for v in range(W.shape[-1]):
                    rows = slice(u * d, u * d + s * (dY.shape[2] - 1) + 1, s)
                    cols = slice(v * d, v * d + s * (dY.shape[3] - 1) + 1, s)
                    dXp[:, :, rows, cols] += np.einsum("nfij,fc->ncij", dY, W[:, :, u, v])
            dW = np.einsum("nfij,ncijuv->fcuv", dY, cache.later())
            return dXp[:, :, p:p + cache.X.shape[2], p:p + cache.X.shape[3]], dW, dY.sum((0, 2, 3))
    """,
}


@pytest.mark.parametrize("exercise", RIGHT)
@pytest.mark.parametrize("part", [0, 1, 2])
def test_right_code_gets_full_marks(sandboxed, exercise, part):
    points, names, found = sandboxed(exercise, RIGHT[exercise], part)
    assert [v.message for v in found if v.status != "right"] == []
    assert points == pytest.approx(10)
    assert names == []


WRONG = [
    ("num_grad", "f(up) - f(down)) / (2 * eps)", "f(up) - f(x)) / eps", "one-sided-difference"),
    ("num_grad", "(2 * eps)", "eps", "divides-by-eps"),
    ("num_grad", "return dx", "return dx.ravel()", "numgrad-flat-result"),
    ("num_grad", "return dx", "x += eps\n            return dx", "x-left-changed"),
    ("minibatches", "rng.permutation(N)", "np.arange(N)", "minibatch-not-shuffled"),
    ("minibatches", "rng.permutation(N)", "np.random.permutation(N)", "global-random-used"),
    ("minibatches", "rng.permutation(N)", "np.random.default_rng(1).permutation(N)", "rng-reseeded"),
    ("minibatches", "range(0, N, batch)", "range(0, N - N % batch, batch)", "last-batch-dropped"),
    ("Sequential", "self.layers[::-1]", "self.layers", "backward-in-forward-order"),
    ("Sequential", "layer.forward(X, train)", "layer.forward(X)", "train-flag-not-passed"),
    (
        "Sequential",
        "[p for layer in self.layers for p in layer.params()]",
        "[layer.params() for layer in self.layers]",
        "params-nested",
    ),
    ("conv_backward", "dXp[:, :, rows, cols] +=", "dXp[:, :, rows, cols] =", ""),
    ("conv_backward", "dY.sum((0, 2, 3))", "dY.mean((0, 2, 3))", "db-mean"),
]


@pytest.mark.parametrize(("exercise", "old", "new", "name"), WRONG)
def test_wrong_code_loses_marks_and_is_named(sandboxed, exercise, old, new, name):
    assert old in RIGHT[exercise]
    points, names, _ = sandboxed(exercise, RIGHT[exercise].replace(old, new))
    assert points < 10
    assert name in (*names, "")


def test_objects_of_two_networks_are_kept_apart(sandboxed):
    shared = (
        RIGHT["Sequential"]
        .replace("class Sequential:", "KEPT = []\n        class Sequential:")
        .replace("self.layers = layers", "KEPT[:] = layers; self.layers = KEPT")
    )
    points, names, found = sandboxed("Sequential", shared)
    assert names == ["layers-shared"]
    (wrong,) = [v for v in found if v.status == "wrong"]
    assert wrong.check == "independent of other calls"
    assert points == pytest.approx(10 - wrong.out_of, abs=1e-3)
    assert wrong.out_of > 0.5


@pytest.mark.parametrize(
    ("exercise", "source", "says"),
    [
        ("num_grad", "def num_grad(f, x, eps=1e-5):\n    return f", "got a"),
        ("num_grad", "def num_grad(f, x, eps=1e-5):\n    return f(None)", "TypeError"),
        (
            "minibatches",
            "def minibatches(N, batch, rng):\n    while True:\n        yield np.arange(N)",
            "list",
        ),
        ("minibatches", "def minibatches(N, batch, rng):\n    return rng", "list"),
        ("minibatches", "def minibatches(N, batch):\n    return []", "TypeError"),
        ("Sequential", "Sequential = 3", "not a function"),
        ("Sequential", "def Sequential(layers):\n    return None", "forward"),
        ("Sequential", "class Sequential:\n    def __init__(self, layers):\n        pass", "forward"),
        ("Sequential", "class Sequential:\n    def __init__(self):\n        pass", "TypeError"),
    ],
)
def test_broken_code_is_told_in_a_sentence(sandboxed, exercise, source, says):
    points, _, found = sandboxed(exercise, source)
    assert points < 5
    wrong = [v for v in found if v.status in ("wrong", "skipped")]
    assert any(says in v.message for v in wrong), [v.message for v in wrong]


def test_no_expected_value_goes_to_the_child(make_key_of):
    """What a script carries are inputs: no array of the key's results is among them."""
    for exercise in ("conv_forward", "conv_backward", "corr2d", "local_forward", "num_grad"):
        for trial in (
            t for part in make_key_of(exercise).sets for t in part if t.kind == "value" and not t.public
        ):
            sent = {a.tobytes() for call in trial.calls for a in arrays((call.args, call.kwargs))}
            expected = {e.tobytes() for e in arrays(trial.expected) if e.size > 4}
            assert not sent & expected, (exercise, trial.name)


def arrays(value):
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, (tuple, list)):
        for v in value:
            yield from arrays(v)
    elif isinstance(value, dict):
        yield from arrays(list(value.values()))


def test_signatures_are_the_courses():
    """The names of the arguments are those the notebook gives."""
    wanted = {
        "conv_out": "(n, k, s=1, p=0, d=1)",
        "conv_forward": "(X, W, b, s, p, d=1)",
        "conv_backward": "(dY, cache)",
        "local_forward": "(X, W, b, s, p)",
        "local_backward": "(dY, cache)",
        "num_grad": "(f, x, eps=1e-05)",
        "minibatches": "(N, batch, rng)",
    }
    for name, signature in wanted.items():
        plain = [
            str(p).split(":")[0] + (f"={p.default}" if p.default is not p.empty else "")
            for p in inspect.signature(EXERCISES[name].truth()[name]).parameters.values()
        ]
        assert f"({', '.join(plain)})" == signature


def test_every_exercise_has_mistakes_of_its_own():
    """Those of the assignments that come along, and the four that show what scripts can do."""
    shipped = [q.id for folder in available().values() for q in read_assignment(folder).code()]
    for exercise in {*shipped, "num_grad", "minibatches", "Sequential"}:
        assert len(list(wrong_submissions(EXERCISES[exercise]))) >= 5, exercise
