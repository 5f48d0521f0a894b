"""Networks: a chain of layers that keeps their weights.

Forward, a chain hands the result of each layer to the next and keeps the caches; backward, it hands the gradient
from the last layer to the first and collects what belongs to the weights. That is all of backpropagation.
Training is in `reference/training.py`, the table of shapes and parameters in `reference/summaries.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from typing import Any

import numpy as np

from reference.activations import softmax
from reference.blocks import all_weights, run, run_back, sizes_along
from reference.checking.arguments import generator
from reference.layers import Dense, Layer, Shape, Weights
from reference.linear import predict_class
from reference.op import Array, InputError, ShapeError, flag, whole
from reference.shapes import as_float, short

__all__ = ["Chain", "ChainCache"]


@dataclass(frozen=True, repr=False, eq=False)
class ChainCache:
    """What a chain's forward pass hands to its backward pass, and what the layers measured on the way."""

    layers: tuple[Layer, ...]
    caches: list[Any]
    measured: dict[str, Array]
    shape: Shape

    def __repr__(self) -> str:
        return f"<cache of a chain of {len(self.layers)} layers, result of shape {self.shape}>"


@dataclass(frozen=True, repr=False, eq=False)
class Chain:
    """A network: layers one after the other, "start with the layer closest to the input".

    layers       list of layers (`Conv2D`, `Dense`, `MaxPooling2D`, `Residual` ...)
    input_shape  shape of one example: (channels, rows, columns) or (features,)
    rng          Generator that draws the first weights
    dtype        float32 (default) or float64; inputs are converted to it
    parameters   the learned arrays by name, "0.w" is w of the first layer; drawn from rng unless given
    measured     running statistics of batch normalisation, by name

    A chain ends in scores; softmax belongs to the loss (`cross_entropy`). `model(x)` gives scores at test time.
    Forward and backward change nothing; `train` changes the arrays in `parameters` and `measured` in place.

    Raises ShapeError naming the layer that cannot take what comes in.

    What surprises: given arrays are used themselves, not copied, unless they are read-only or of another type.
    Source: lecture S4:1102-1135, S3:13-29.

    >>> import numpy as np
    >>> from reference import Conv2D, Dense, Flatten
    >>> model = Chain([Conv2D(4, 3, activation="relu"), Flatten(), Dense(10)], (1, 8, 8), np.random.default_rng(0))
    >>> model
    Chain(Conv2D(4,3x3), Flatten, Dense(10); 1490 parameters)
    >>> y, cache = model.forward(np.ones((5, 1, 8, 8)))
    >>> dx, gradients = model.backward(cache, np.ones((5, 10)))
    >>> y.shape, dx.shape, {name: g.shape for name, g in gradients.items()}["2.w"]
    ((5, 10), (5, 1, 8, 8), (10, 144))
    """

    layers: Sequence[Layer]
    input_shape: Shape
    rng: InitVar[np.random.Generator | None] = None
    dtype: Any = np.float32
    parameters: dict[str, Array] = field(default_factory=dict)
    measured: dict[str, Array] = field(default_factory=dict)

    def __post_init__(self, rng: np.random.Generator | None) -> None:
        """Check the layers, and draw the weights that were not given."""
        try:
            needed = all_weights(self.layers, self.input_shape)
            dtype = _float_type(self.dtype, self.parameters)
            learned = {name: w for name, w in needed.items() if w.learned}
            other = {name: w for name, w in needed.items() if not w.learned}
            parameters = _filled("parameters", learned, self.parameters, dtype, rng)
            measured = _filled("measured", other, self.measured, dtype, rng)
        except InputError as error:
            raise type(error)(error.fact, error.do, "Chain") from None
        for name, value in (
            ("layers", tuple(self.layers)),
            ("input_shape", tuple(self.input_shape)),
            ("dtype", dtype),
            ("parameters", parameters),
            ("measured", measured),
        ):
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        titles = ", ".join(layer.title for layer in self.layers)
        return f"Chain({titles}; {self.count} parameters)"

    @property
    def count(self) -> int:
        """Number of learned parameters."""
        return sum(p.size for p in self.parameters.values())

    @property
    def output_shape(self) -> Shape:
        """Shape of the result for one example."""
        return sizes_along(self.layers, self.input_shape)[-1].output

    def forward(
        self,
        x: Array,
        training: bool = False,
        rng: np.random.Generator | None = None,
        parameters: Mapping[str, Array] | None = None,
    ) -> tuple[Array, ChainCache]:
        """Return the scores of a batch x[N,...], and the cache which backward needs.

        In training, dropout drops (and needs `rng`) and batch normalisation uses the batch; otherwise not. With
        `parameters`, these are used in place of the chain's own.

        Raises ShapeError when x is no batch of examples of `input_shape`.
        """
        x = self._batch(x)
        values = {**self.parameters, **self.measured}
        if parameters is not None:
            values.update(self._replaced(parameters))
        y, caches, measured = run(self.layers, x, values, flag("training", training), rng)
        return y, ChainCache(tuple(self.layers), caches, measured, y.shape)

    def backward(self, cache: ChainCache, dy: Array) -> tuple[Array, dict[str, Array]]:
        """Return the gradient of the input, and those of all parameters by name."""
        if not isinstance(cache, ChainCache) or cache.layers != self.layers:
            raise self._wrong(
                InputError, f"cache is {short(cache)}.", "pass the cache which forward returned."
            )
        dy = as_float("dy", dy)
        if dy.shape != cache.shape:
            raise self._wrong(
                ShapeError,
                f"dy has shape {dy.shape}, but the result of the forward pass has shape {cache.shape}.",
                "give one upstream gradient for each entry of the result.",
            )
        dx, gradients = run_back(self.layers, cache.caches, dy)
        return dx, {name: gradients[name] for name in self.parameters}

    def __call__(self, x: Array, batch: int = 256) -> Array:
        """Return the scores at test time, computed in batches to save memory."""
        x, step = self._batch(x), whole("batch", batch, 1)
        return np.concatenate([self.forward(x[i : i + step])[0] for i in range(0, len(x), step)])

    def probabilities(self, x: Array) -> Array:
        """Return the softmax of the scores at test time."""
        return softmax(self(x))

    def predict(self, x: Array) -> Array:
        """Return the class with the highest score of each example (lecture S4:1135)."""
        return predict_class(self(x))

    def remember(self, cache: ChainCache) -> None:
        """Take over the running statistics that a forward pass in training has measured."""
        for name, value in cache.measured.items():
            self.measured[name][...] = value

    def copy(self) -> Chain:
        """Return a chain with the same layers and copies of all arrays."""
        arrays = {name: value.copy() for name, value in self.parameters.items()}
        seen = {name: value.copy() for name, value in self.measured.items()}
        return Chain(self.layers, self.input_shape, None, self.dtype, arrays, seen)

    def split(self, n: int) -> tuple[Chain, Chain]:
        """Cut after the first n layers: into a chain that extracts features, and one that goes on from there.

        Both go on sharing the arrays with this one. To train with the first n layers frozen, as in transfer
        learning, compute features once and train the rest: `train(head, (features(x), t), ...)`.
        Source: lecture S3:427-435, S0:965-982.
        """
        n = whole("n", n, 1)
        if n >= len(self.layers):
            raise self._wrong(
                ShapeError, f"n = {n} of {len(self.layers)} layers leaves none.", "choose a smaller n."
            )
        middle = sizes_along(self.layers, self.input_shape)[n - 1].output
        first, rest = self.layers[:n], self.layers[n:]
        head = (_later(self.parameters, n), _later(self.measured, n))
        front = (
            {k: v for k, v in a.items() if int(k.split(".")[0]) < n} for a in (self.parameters, self.measured)
        )
        return (
            Chain(first, self.input_shape, None, self.dtype, *front),
            Chain(rest, middle, None, self.dtype, *head),
        )

    def replace_head(self, classes: int, rng: np.random.Generator) -> Chain:
        """Return a chain with a new last layer for other classes, all else copied (lecture S0:965-982)."""
        last = f"{len(self.layers) - 1}."
        if f"{last}w" not in self.parameters or len(self.output_shape) != 1:
            raise self._wrong(
                InputError, "the last layer is not Dense.", "replace the head of a chain that ends in one."
            )
        kept = {k: v.copy() for k, v in self.parameters.items() if not k.startswith(last)}
        seen = {k: v.copy() for k, v in self.measured.items()}
        fresh = Chain(
            [*self.layers[:-1], Dense(classes)], self.input_shape, generator(rng), self.dtype, {}, seen
        )
        return Chain(fresh.layers, self.input_shape, None, self.dtype, {**fresh.parameters, **kept}, seen)

    def _batch(self, x: Any) -> Array:
        x = as_float("x", x)
        if x.shape[1:] != self.input_shape or x.ndim == 0 or len(x) == 0:
            wanted = ", ".join(map(str, ("N", *self.input_shape)))
            raise self._wrong(
                ShapeError,
                f"x has shape {x.shape}, expected x[{wanted}].",
                "give a batch of one or more examples.",
            )
        return x.astype(self.dtype, copy=False)

    def _replaced(self, given: Any) -> dict[str, Array]:
        if not isinstance(given, Mapping) or not set(given) <= set(self.parameters):
            raise self._wrong(
                InputError,
                f"parameters are {short(list(given) if isinstance(given, Mapping) else given)}.",
                f"use the names {', '.join(self.parameters)}.",
            )
        for name, value in given.items():
            if np.shape(value) != self.parameters[name].shape:
                fact = f"{name} has shape {np.shape(value)}, expected {self.parameters[name].shape}."
                raise self._wrong(ShapeError, fact, "give it that shape.")
        return dict(given)

    def _wrong(self, kind: type[InputError], fact: str, do: str) -> InputError:
        return kind(fact, do, "Chain")


def _later(arrays: Mapping[str, Array], n: int) -> dict[str, Array]:
    """Rename the arrays from layer n on so that layer n becomes the first."""
    split = {name: name.split(".", 1) for name in arrays}
    return {f"{int(at) - n}.{rest}": arrays[k] for k, (at, rest) in split.items() if int(at) >= n}


def _float_type(wanted: Any, given: Any) -> np.dtype[Any]:
    if not isinstance(given, Mapping):
        raise InputError(f"parameters are {short(given)}.", "give arrays by name, or leave them to rng.")
    found = {as_float(str(name), value).dtype for name, value in given.items()}
    if len(found) > 1:
        raise InputError("parameters mix float32 and float64.", "convert them to one type.")
    try:
        dtype = found.pop() if found else np.dtype(wanted)
    except TypeError:
        dtype = np.dtype(object)
    if dtype not in (np.float32, np.float64):
        raise InputError(f"dtype is {short(wanted)}.", "choose np.float32 or np.float64.")
    return dtype


def _filled(what: str, needed: Mapping[str, Weights], given: Any, dtype: Any, rng: Any) -> dict[str, Array]:
    """Return the needed arrays: the given ones if there are any, else new ones."""
    if not isinstance(given, Mapping):
        raise InputError(f"{what} are {short(given)}.", "give arrays by name.")
    if given and set(given) != set(needed):
        raise InputError(f"{what} are {short(sorted(given))}.", f"use the names {', '.join(needed)}.")
    if not given and what == "parameters" and needed:
        rng = generator(rng)
    return {
        name: _fitting(name, w, given[name], dtype) if given else np.array(w.start(w.shape, rng), dtype)
        for name, w in needed.items()
    }


def _fitting(name: str, w: Weights, value: Any, dtype: Any) -> Array:
    array = as_float(name, value).astype(dtype, copy=False)
    if array.shape != w.shape:
        raise ShapeError(f"{name} has shape {array.shape}, expected {w.shape}.", "give it that shape.")
    return array if array.flags.writeable else array.copy()
