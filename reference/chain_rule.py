"""The chain rule: along the lecture's circuit by hand, and with one, two and three subscripts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from reference.op import Array, Case, op

__all__ = ["chain_rule_1d", "chain_rule_2d", "chain_rule_3d", "sigmoid_circuit"]


# ------------------------------------------------------------------------------------- sigmoid_circuit


@op("w0[], x0[], w1[], x1[], w2[] -> f[]", source="lecture S0:262-433 (E15)")
def sigmoid_circuit(w0: Array, x0: Array, w1: Array, x1: Array, w2: Array) -> Any:
    """Compute one sigmoid unit with two inputs, the lecture's larger example of a graph.

    f = 1 / (1 + e^-a),   a = w0*x0 + w1*x1 + w2

    df/da = f * (1 - f);   df/dw0 = df/da * x0,  df/dx0 = df/da * w0,  likewise w1 and x1,  df/dw2 = df/da

    What surprises: the whole chain 1/x, c + x, e^x, ax of the lecture is one step, f * (1 - f). The numbers
    of its figure are lost; those of the well-known original are below. Step by step: `SIGMOID_CIRCUIT`.

    >>> f, cache = sigmoid_circuit.forward(2, -1, -3, -2, -3)
    >>> round(float(f), 2), [round(float(g), 2) for g in sigmoid_circuit.backward(cache)]
    (0.73, [-0.2, 0.39, -0.39, -0.59, 0.2])
    """
    a = w0 * x0 + w1 * x1 + w2
    e = np.exp(-np.abs(a))
    return (1 if a >= 0 else e) / (1 + e)


@sigmoid_circuit.gradient
def sigmoid_circuit_backward(saved: Any, df: Array) -> tuple[Any, ...]:
    w0, x0, w1, x1, w2 = saved
    e = np.exp(-np.abs(w0 * x0 + w1 * x1 + w2))
    da = df * (e / (1 + e) ** 2)
    return da * x0, da * w0, da * x1, da * w1, da * 1


@sigmoid_circuit.samples
def sigmoid_circuit_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(name: str, *values: float) -> Case:
        return Case(name, dict(zip(("w0", "x0", "w1", "x1", "w2"), map(np.array, values), strict=True)))

    yield case("the lecture's numbers", 2.0, -1.0, -3.0, -2.0, -3.0)
    yield case("plain", *rng.normal(size=5))
    yield case("far from zero", *rng.uniform(3, 5, size=5))
    yield case("far below zero", 4.0, -5.0, 3.0, -4.0, 1.0)


# ---------------------------------------------------------------------------------------- subscripts


@op("dh[I], jacobian[I,J] -> dx[J]", source="lecture S2:385-410, S2:1097-1171")
def chain_rule_1d(dh: Array, jacobian: Array) -> Array:
    """Carry the gradient of a loss through a layer from vector to vector.

    dL/dx[j] = sum over i of  dL/dh[i] * dh[i]/dx[j],    jacobian[i,j] = dh[i]/dx[j]

    What surprises: L is always one number, so dL/dh has the shape of h. It is the transposed Jacobian that
    is applied. A layer hardly ever writes its Jacobian down: for h = W x, W itself is it, while the one with
    respect to W has M*M*D entries of which all but M*D are 0.

    >>> import numpy as np
    >>> chain_rule_1d(np.array([2.0, -3.0]), np.array([[1.0, 0.0, 2.0], [-1.0, 1.0, 0.5]]))
    array([ 5. , -3. ,  2.5])
    """
    dx = np.zeros(jacobian.shape[1:], dh.dtype)
    for i, j in np.ndindex(jacobian.shape):
        dx[j] += dh[i] * jacobian[i, j]
    return dx


@op("dh[I,J], jacobian[I,J,A,B] -> dx[A,B]", source="lecture S2:412-432")
def chain_rule_2d(dh: Array, jacobian: Array) -> Array:
    """Carry the gradient of a loss through a layer from matrix to matrix.

    dL/dx[a,b] = sum over i, j of  dL/dh[i,j] * dh[i,j]/dx[a,b]

    What surprises: nothing but more subscripts and more sums. Every entry of h counts, not just h[a,b].

    >>> import numpy as np
    >>> twice_the_transpose = np.zeros((2, 2, 2, 2))
    >>> for i, j in np.ndindex(2, 2):
    ...     twice_the_transpose[i, j, j, i] = 2
    >>> chain_rule_2d(np.array([[1.0, 2.0], [3.0, 4.0]]), twice_the_transpose)
    array([[2., 6.],
           [4., 8.]])
    """
    dx = np.zeros(jacobian.shape[2:], dh.dtype)
    for i, j, a, b in np.ndindex(jacobian.shape):
        dx[a, b] += dh[i, j] * jacobian[i, j, a, b]
    return dx


@op("dh[I,J,K], jacobian[I,J,K,A,B,C] -> dx[A,B,C]", source="lecture S2:434-456")
def chain_rule_3d(dh: Array, jacobian: Array) -> Array:
    """Carry the gradient of a loss through a layer from 3-D array to 3-D array, such as an image.

    dL/dx[a,b,c] = sum over i, j, k of  dL/dh[i,j,k] * dh[i,j,k]/dx[a,b,c]

    What surprises: for images of 3x32x32 the Jacobian would have nine million entries. That is why layers
    have a backward formula of their own.

    >>> import numpy as np
    >>> sum_of_all = np.ones((1, 1, 1, 1, 2, 2))
    >>> chain_rule_3d(np.array([[[5.0]]]), sum_of_all)
    array([[[5., 5.],
            [5., 5.]]])
    """
    dx = np.zeros(jacobian.shape[3:], dh.dtype)
    for i, j, k, a, b, c in np.ndindex(jacobian.shape):
        dx[a, b, c] += dh[i, j, k] * jacobian[i, j, k, a, b, c]
    return dx


@chain_rule_1d.fast
@chain_rule_2d.fast
@chain_rule_3d.fast
def chain_rule_forward(dh: Array, jacobian: Array) -> tuple[Array, Any]:
    return np.tensordot(dh, jacobian, axes=dh.ndim), (dh, jacobian)


@chain_rule_1d.gradient
@chain_rule_2d.gradient
@chain_rule_3d.gradient
def chain_rule_backward(saved: Any, ddx: Array) -> tuple[Array, Array]:
    dh, jacobian = saved
    return np.tensordot(jacobian, ddx, axes=ddx.ndim), np.multiply.outer(dh, ddx)


@chain_rule_1d.samples
def chain_rule_1d_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from _jacobians(
        rng, ("plain", (3,), (4,)), ("one number", (1,), (1,)), ("as many as before", (3,), (3,))
    )


@chain_rule_2d.samples
def chain_rule_2d_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from _jacobians(rng, ("plain", (2, 3), (4, 2)), ("same shape", (2, 3), (2, 3)))


@chain_rule_3d.samples
def chain_rule_3d_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from _jacobians(rng, ("plain", (2, 1, 3), (1, 2, 2)), ("same shape", (2, 1, 2), (2, 1, 2)))


def _jacobians(rng: np.random.Generator, *settings: tuple[str, Any, Any]) -> Iterator[Case]:
    for name, h, x in settings:
        yield Case(name, {"dh": rng.normal(size=h), "jacobian": rng.normal(size=(*h, *x))})
