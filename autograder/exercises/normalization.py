"""Write normalisation: of data with statistics of the training set, of batches with running statistics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.exercises import (
    Functions,
    Implementation,
    Trial,
    exercise,
    kept,
    own_gradient,
    repeated,
    same_object,
)
from autograder.sandbox._script import Call, Handle, Source
from reference import batch_norm, standardize_apply, standardize_fit

TOPIC = "normalization"

# --- data ----------------------------------------------------------------------------------------


def _fit(impl: Implementation) -> Functions:
    return {"fit_normalizer": lambda X, ddof: impl.forward(X, ddof=ddof)}


def _apply(impl: Implementation) -> Functions:
    return {"apply_normalizer": lambda X, mu, sigma: impl.forward(X, mu, sigma)}


_EIGHT = np.array([2.0, 4, 4, 4, 5, 5, 7, 9])[:, None]
_TRAIN = np.array([[0, 0], [1, 1000], [0.5, 500]])
_TEST = np.array([[0.5, 1000], [2, 0]])


def _columns(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Draw columns of different mean and spread."""
    return rng.normal(size=shape) * rng.uniform(0.5, 4.0, size=shape[-1]) + rng.uniform(
        1.0, 5.0, size=shape[-1]
    ) * rng.choice([-1.0, 1.0], size=shape[-1])


def _fit_trials(rng: np.random.Generator) -> Sequence[Trial]:
    rows = [
        ("divide by N", "several features", (6, 3), 0, "C"),
        ("divide by N", "a square table", (4, 4), 0, "F"),
        ("divide by N", "one feature", (5, 1), 0, "strided"),
        ("divide by N - 1", "several features", (4, 3), 1, "readonly"),
        ("divide by N - 1", "more features than examples", (3, 5), 1, "C"),
        ("divide by N - 1", "a square table", (3, 3), 1, "F"),
    ]
    made = [
        Trial("eight numbers", (Call("fit_normalizer", (_EIGHT, 0)),), "worked example", public=True),
        Trial("the slide's columns", (Call("fit_normalizer", (_TRAIN, 1)),), "worked example", public=True),
    ]
    for group, name, shape, ddof, layout in rows:
        call = Call("fit_normalizer", (_columns(rng, *shape), ddof), layouts={"*": layout})
        made.append(Trial(f"{name} (ddof = {ddof})", (call,), group))
    call = Call("fit_normalizer", (_columns(rng, 5, 2), 1))
    return [*made, repeated("the same call twice", call)]


def _apply_trials(rng: np.random.Generator) -> Sequence[Trial]:
    mu, sigma = np.array([0.5, 500.0]), np.array([0.5, 500.0])
    made = [
        Trial(
            "the slide's test data",
            (Call("apply_normalizer", (_TEST, mu, sigma)),),
            "worked example",
            public=True,
        )
    ]
    rows = [
        ("several examples", "5 examples, 3 features", (5, 3), "C"),
        ("several examples", "a square table", (4, 4), "F"),
        ("several examples", "one feature", (6, 1), "strided"),
        ("several examples", "inputs that may not be written to", (3, 5), "readonly"),
        ("one example", "a test point alone", (1, 4), "C"),
    ]
    for group, name, shape, layout in rows:
        given = _statistics(rng, shape)
        made.append(Trial(name, (Call("apply_normalizer", given, layouts={"*": layout}),), group))
    x, mu, sigma = _statistics(rng, (4, 3))

    def call(x: Any, save: str | None, show: Any) -> Call:
        return Call("apply_normalizer", (x, mu, sigma), save=save, show="all" if show is None else show)

    made.append(repeated("the same call twice", call(x, None, None)))
    made.append(kept("a second call must not change the first result", call, x, x + 1.0, item=""))
    made.append(same_object("the same array object with new content", call, x))
    return made


def _statistics(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Any, Any, Any]:
    mu = rng.uniform(1.0, 5.0, size=shape[1]) * rng.choice([-1.0, 1.0], size=shape[1])
    return _columns(rng, *shape), mu, rng.uniform(1.5, 4.0, size=shape[1])


exercise(
    "fit_normalizer", title="Mean and standard deviation of the training data", topic=TOPIC, op=standardize_fit,
    functions=_fit, trials=_fit_trials, results=("mu", "sigma"),
)  # fmt: skip
exercise(
    "apply_normalizer", title="Normalise with given statistics", topic=TOPIC, op=standardize_apply,
    functions=_apply, trials=_apply_trials, results=("Z",),
)  # fmt: skip


# --- batches -------------------------------------------------------------------------------------


def _norm_functions(stem: str) -> Any:
    """Define forward and backward as a submission does; rows and images differ in the name only."""

    def functions(impl: Implementation) -> Functions:
        def forward(
            X: Any, gamma: Any, beta: Any, eps: float, running: Any, momentum: float, train: bool
        ) -> Any:
            inputs = (X, running["mean"], running["var"], gamma, beta)
            params = {"training": bool(train), "momentum": momentum, "eps": eps}
            found = impl.forward(*inputs, **params, return_running=True)
            if found is None:
                return None
            cache = ([np.array(a) for a in inputs], params)
            Y, running["mean"], running["var"] = found
            return Y, cache

        def backward(dY: Any, cache: Any) -> Any:
            inputs, params = cache
            return impl.backward(dY, *inputs, **params)

        return {f"{stem}_forward": forward, f"{stem}_backward": backward}

    return functions


_MAKE = Source("def make(mean, var):\n    return {'mean': mean, 'var': var}", "make")
# Found after the call: the entries of `running`, numbered as in the names of the results.
_LOOK = Source("def look(running):\n    return [0, 0, running.get('mean'), running.get('var')]", "look")
_RESULTS = ("Y", "cache", "running['mean']", "running['var']")


@dataclass(frozen=True)
class Setting:
    """One call of bn_forward: sizes, mode and numbers, named after what it exercises."""

    group: str
    name: str
    shape: tuple[int, ...]
    train: bool = True
    eps: float = 0.01
    momentum: float = 0.1
    layout: str = "C"
    spread: float = 1.0

    def draw(self, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        """Draw x, gamma, beta, running mean and variance."""
        C = self.shape[1]
        tall = [1] * (len(self.shape) - 2)
        scale = self.spread * rng.uniform(0.7, 2.5, size=C).reshape(C, *tall)
        shift = (rng.uniform(1.0, 4.0, size=C) * rng.choice([-1.0, 1.0], size=C)).reshape(C, *tall)
        x = rng.normal(size=self.shape) * scale + shift
        gamma, beta = rng.uniform(1.2, 2.5, size=C) * rng.choice([-1.0, 1.0], size=C), rng.normal(size=C)
        return x, gamma, beta, rng.normal(size=C), rng.uniform(0.5, 3.0, size=C)

    def call(self, do: str, x: Any, gamma: Any, beta: Any, running: Any, **more: Any) -> Call:
        """Call the forward; `running` is the dict or a handle of it."""
        layouts = {f"args[{i}]": self.layout for i in range(3)}
        args = (x, gamma, beta, self.eps, running, self.momentum, self.train)
        return Call(do, args, may_change=("args[4]",), layouts=layouts, **{"show": (0,), **more})


ROWS = (
    Setting("training", "4 examples, 3 features", (4, 3)),
    Setting("training", "more features than examples", (3, 5), layout="F", momentum=0.3),
    Setting("training", "as many features as examples", (4, 4), layout="strided"),
    Setting("training", "one feature", (6, 1), momentum=0.9),
    Setting("training", "inputs that may not be written to", (5, 2), layout="readonly"),
    Setting("eps", "features that vary little", (5, 3), eps=0.1, spread=0.2),
    Setting("eps", "one example only", (1, 3), eps=0.1),
    Setting("test mode", "4 examples in test mode", (4, 3), train=False, layout="F"),
    Setting("test mode", "one example in test mode", (1, 4), train=False, eps=0.1),
    Setting("test mode", "features that vary little, in test mode", (3, 2), train=False, eps=0.2, spread=0.2),
)
MAPS = (
    Setting("training", "2 images, 3 channels", (2, 3, 2, 4)),
    Setting("training", "one image", (1, 2, 3, 2), layout="F", momentum=0.3),
    Setting("training", "one channel", (3, 1, 2, 3), layout="strided"),
    Setting("training", "all axes of one length", (2, 2, 2, 2), layout="readonly", momentum=0.9),
    Setting("eps", "channels that vary little", (2, 3, 3, 2), eps=0.1, spread=0.2),
    Setting("test mode", "2 images in test mode", (2, 3, 2, 3), train=False, layout="F"),
    Setting("test mode", "one image in test mode", (1, 2, 2, 3), train=False, eps=0.1, spread=0.2),
)


def _forward_trials(stem: str, settings: tuple[Setting, ...]) -> Any:
    do = f"{stem}_forward"

    def trials(rng: np.random.Generator) -> Sequence[Trial]:
        made = [_lecture(do), *(_with_running(do, s, s.draw(rng)) for s in settings)]
        return [*made, _two_batches(do, settings[0], rng), *_same_result(do, settings[0], rng)]

    return trials


_ONE_TO_FOUR = np.array([[1.0], [2.0], [3.0], [4.0]])
_PAIR = np.arange(16.0).reshape(2, 2, 2, 2)


def _lecture(do: str) -> Trial:
    if do == "bn2d_forward":
        x, gamma, beta, name = _PAIR, np.ones(2), np.zeros(2), "two images of two channels"
    else:
        x, gamma, beta, name = _ONE_TO_FOUR, np.array([2.0]), np.array([1.0]), "the batch 1, 2, 3, 4"
    example = Setting("worked example", name, x.shape, eps=0.0, momentum=0.25)
    return _with_running(do, example, (x, gamma, beta, np.zeros(len(gamma)), np.ones(len(gamma))), True)


def _with_running(do: str, s: Setting, drawn: Any, public: bool = False) -> Trial:
    """Judge the result, then what `running` holds afterwards."""
    x, gamma, beta, mean, var = drawn
    calls = (
        Call(_MAKE, (mean, var), save="running", show="none"),
        s.call(do, x, gamma, beta, Handle("running")),
        Call(_LOOK, (Handle("running"),), show=(2, 3)),
    )
    return Trial(s.name, calls, s.group, judged=(1, 2), public=public)


def _two_batches(do: str, s: Setting, rng: np.random.Generator) -> Trial:
    """Train on two batches, then test on a third: the statistics must have travelled."""
    x, gamma, beta, mean, var = s.draw(rng)
    second, third = s.draw(rng)[0], s.draw(rng)[0]
    running = Handle("running")
    test = Setting(s.group, s.name, s.shape, False, s.eps, s.momentum)
    calls = (
        Call(_MAKE, (mean, var), save="running", show="none"),
        s.call(do, x, gamma, beta, running, show="none"),
        s.call(do, second, gamma, beta, running),
        Call(_LOOK, (running,), show=(2, 3)),
        test.call(do, third, gamma, beta, running),
        Call(_LOOK, (running,), show=(2, 3)),
    )
    return Trial("two batches in training, then a test", calls, "running statistics", (2, 3, 4, 5))


def _same_result(do: str, s: Setting, rng: np.random.Generator) -> list[Trial]:
    x, gamma, beta, mean, var = s.draw(rng)

    def call(x: Any, save: str | None, show: Any) -> Call:
        running = {"mean": mean, "var": var}
        return s.call(do, x, gamma, beta, running, save=save, show=(0,) if show is None else show)

    return [
        repeated("the same call twice", call(x, None, None)),
        kept("a second call must not change the first result", call, x, s.draw(rng)[0]),
        same_object("the same array object with new content", call, x),
    ]


# --- gradients -----------------------------------------------------------------------------------


def _backward_trials(stem: str, settings: tuple[Setting, ...]) -> Any:
    settings = tuple(s for s in settings if s.train and s.shape[0] * len(s.shape) > 2)

    def trials(rng: np.random.Generator) -> Sequence[Trial]:
        made = [] if stem == "bn2d" else [_lecture_pair()]
        made += [_pair(stem, s, s.draw(rng), rng.normal(size=s.shape)) for s in settings]
        s = settings[0]
        a, b, dy = s.draw(rng), s.draw(rng), rng.normal(size=s.shape)
        first, second = (_call(stem, s, inputs, save=save) for inputs, save in ((a, "a"), (b, "b")))
        back = _backward(stem, dy, Handle("a", 1))
        made.append(
            Trial(
                "another batch went forward in between",
                (first, second, back),
                "independent of other calls",
                (2,),
                "behaviour",
                0,
            )
        )
        made.append(
            Trial(
                "backward twice from one cache",
                (first, back, back),
                "same result twice",
                (1, 2),
                "behaviour",
                0,
            )
        )
        made.append(_probe(stem, s, a, dy, rng))
        return made

    return trials


def _call(stem: str, s: Setting, inputs: Any, **more: Any) -> Call:
    x, gamma, beta, mean, var = inputs
    return s.call(f"{stem}_forward", x, gamma, beta, {"mean": mean, "var": var}, **more)


def _backward(stem: str, dy: np.ndarray, cache: Handle, layout: str = "C") -> Call:
    return Call(f"{stem}_backward", (dy, cache), layouts={"args[0]": layout})


def _pair(stem: str, s: Setting, inputs: Any, dy: np.ndarray, public: bool = False) -> Trial:
    calls = (_call(stem, s, inputs, save="f"), _backward(stem, dy, Handle("f", 1), s.layout))
    return Trial(s.name, calls, s.group, judged=(1,), forward=0, public=public)


def _lecture_pair() -> Trial:
    x = np.array([[1.0, 2], [3, 0], [2, 4], [6, 2]])
    dy = np.array([[1.0, 0], [0, 1], [-1, 2], [2, -1]])
    inputs = (x, np.array([1.5, -0.5]), np.array([0.0, 1.0]), np.zeros(2), np.ones(2))
    example = Setting("worked example", "four examples of two features", x.shape, eps=1e-5)
    return _pair("bn", example, inputs, dy, public=True)


def _probe(stem: str, s: Setting, inputs: Any, dy: np.ndarray, rng: np.random.Generator) -> Trial:
    x, gamma, beta, mean, var = inputs

    def forward(x: Any, gamma: Any, beta: Any, *, save: str | None, show: Any) -> Call:
        return _call(stem, s, (x, gamma, beta, mean, var), save=save, show=show)

    return own_gradient(
        forward, lambda h: _backward(stem, dy, h), (x, gamma, beta), dy, rng, steps=(0.02, 0.01)
    )


_FLAT = "there are no images"
for _stem, _title, _settings in (
    ("bn", "Batch normalisation", ROWS),
    ("bn2d", "Batch normalisation of images", MAPS),
):
    exercise(
        f"{_stem}_forward", title=f"{_title}, forward", topic=TOPIC, op=batch_norm, part="forward",
        functions=_norm_functions(_stem), trials=_forward_trials(_stem, _settings), results=_RESULTS,
        outside=dict.fromkeys((
            "reshape-without-transpose", "result-not-transposed-back", "statistics-per-pixel",
            "statistics-per-image", "statistics-per-image-stored", "statistics-over-channels",
            "statistics-of-first-image",
        ), _FLAT) if _stem == "bn" else {"statistics-over-features": "features are channels here"},
    )  # fmt: skip
    exercise(
        f"{_stem}_backward", title=f"{_title}, backward", topic=TOPIC, op=batch_norm, part="backward",
        functions=_norm_functions(_stem), trials=_backward_trials(_stem, _settings),
        results=("dX", "dgamma", "dbeta"), needs=(f"{_stem}_forward",),
        outside={"m-is-the-number-of-images": _FLAT} if _stem == "bn" else {},
    )  # fmt: skip
