# === recursion-and-match
def summary(layers, input_shape):
    if not layers:
        return []
    name, *args = layers[0]
    match name:
        case "conv":
            f, k, s, p = args
            c, h, w = input_shape
            out = (f, (h - k + 2 * p) // s + 1, (w - k + 2 * p) // s + 1)
            n = f * k ** 2 * c + f
        case "pool":
            c, h, w = input_shape
            out, n = (c, h // args[0], w // args[0]), 0
        case "bn":
            out, n = input_shape, 2 * input_shape[0]
        case "flatten":
            total = 1
            for v in input_shape:
                total *= v
            out, n = (total,), 0
        case "dense":
            out, n = (args[0],), input_shape[0] * args[0] + args[0]
        case _:
            out, n = input_shape, 0
    return [(name, tuple(out), n)] + summary(layers[1:], out)

# === numpy-ints-and-lists
def summary(layers, input_shape):
    table = []
    shape = np.array(input_shape)
    for spec in layers:
        params = np.int64(0)
        if spec[0] == "conv":
            params = np.prod([spec[1], spec[2], spec[2], shape[0]]) + spec[1]
            hw = np.floor((shape[1:] + 2 * spec[4] - spec[2]) / spec[3]).astype(int) + 1
            shape = np.concatenate([[spec[1]], hw])
        elif spec[0] == "pool":
            shape = np.r_[shape[:1], (shape[1:] - spec[1]) // spec[1] + 1]
        elif spec[0] == "flatten":
            shape = np.array([shape.prod()])
        elif spec[0] == "dense":
            params = spec[1] * (shape[0] + 1)
            shape = np.array([spec[1]])
        elif spec[0] == "bn":
            params = shape[0] * 2
        table.append([spec[0], list(shape), params])
    return table

# === namedtuple-rows-dispatch-dict
from collections import namedtuple
import math
Row = namedtuple("Row", "name out_shape params")

def _conv(shape, F, k, s, p):
    side = lambda n: math.floor((n + 2 * p - k) / s) + 1
    return (F, side(shape[1]), side(shape[2])), (k * k * shape[0] + 1) * F

RULES = {
    "conv": _conv,
    "pool": lambda shape, k: ((shape[0], shape[1] // k, shape[2] // k), 0),
    "bn": lambda shape: (shape, shape[0] * 2),
    "relu": lambda shape: (shape, 0),
    "dropout": lambda shape, q: (shape, 0),
    "flatten": lambda shape: ((math.prod(shape),), 0),
    "dense": lambda shape, M: ((M,), (shape[0] + 1) * M),
}

def summary(layers, input_shape):
    rows = []
    shape = tuple(input_shape)
    for layer in layers:
        shape, params = RULES[layer[0]](shape, *layer[1:])
        rows.append(Row(layer[0], shape, params))
    return rows

# === generator-summary
def _walk(layers, shape):
    for kind, *a in layers:
        weights = 0
        if kind == "dense":
            weights = a[0] + a[0] * shape[0]
            shape = (a[0],)
        if kind == "flatten":
            shape = (int(np.prod(np.array(shape))),)
        if kind == "pool":
            shape = (shape[0], int(shape[1] / a[0]), int(shape[2] / a[0]))
        if kind == "conv":
            count, side, stride, zeros = a
            weights = count * (side * side * shape[0]) + count
            # count the windows one by one
            rows = len(range(0, shape[1] + 2 * zeros - side + 1, stride))
            cols = len(range(0, shape[2] + 2 * zeros - side + 1, stride))
            shape = (count, rows, cols)
        if kind == "bn":
            weights = sum(1 for _ in range(shape[0])) * 2
        yield kind, shape, weights

def summary(layers, input_shape):
    return list(_walk(layers, tuple(input_shape)))

# === residual-loops
def residual_forward(x, W, P=None):
    N, D = x.shape
    M = W.shape[0]
    y = np.zeros((N, M))
    gate = np.zeros((N, M))
    for n in range(N):
        for m in range(M):
            s = 0.0
            for d in range(D):
                s += W[m, d] * x[n, d]
            if s > 0:
                y[n, m] += s
                gate[n, m] = 1.0
            if P is None:
                y[n, m] += x[n, m]
            else:
                for d in range(D):
                    y[n, m] += P[m, d] * x[n, d]
    return y, {"x": x, "W": W, "P": P, "gate": gate}

def residual_backward(dy, cache):
    x, W, P, gate = cache["x"], cache["W"], cache["P"], cache["gate"]
    N, D = x.shape
    M = W.shape[0]
    dx = np.zeros((N, D))
    dW = np.zeros((M, D))
    dP = np.zeros((M, D))
    for n in range(N):
        for m in range(M):
            for d in range(D):
                dx[n, d] += dy[n, m] * gate[n, m] * W[m, d]
                dW[m, d] += dy[n, m] * gate[n, m] * x[n, d]
                if P is not None:
                    dx[n, d] += dy[n, m] * P[m, d]
                    dP[m, d] += dy[n, m] * x[n, d]
            if P is None:
                dx[n, m] += dy[n, m]
    if P is None:
        return dx, dW
    return dx, dW, dP

# === residual-closure-cache
def residual_forward(x, W, P=None):
    a = np.einsum("nd,md->nm", x, W)
    skip = x if P is None else np.einsum("nd,md->nm", x, P)
    y = np.where(a > 0, a, 0.0) + skip

    def back(dy):
        g = np.where(a > 0, dy, 0.0)
        dx = np.einsum("nm,md->nd", g, W)
        dW = np.einsum("nm,nd->md", g, x)
        if P is None:
            return (dx + dy, dW)
        return (dx + np.einsum("nm,md->nd", dy, P), dW, np.einsum("nm,nd->md", dy, x))
    return y, back

def residual_backward(dy, cache):
    return cache(dy)

# === residual-dataclass-recompute
from dataclasses import dataclass
from typing import Optional

@dataclass
class BlockCache:
    x: np.ndarray
    W: np.ndarray
    P: Optional[np.ndarray] = None

    @property
    def on(self):
        return (self.x @ self.W.T > 0).astype(np.float64)

def residual_forward(x, W, P=None):
    c = BlockCache(x=x.copy(), W=W.copy(), P=None if P is None else P.copy())
    pre = x @ W.T
    if P is None:
        return [pre * c.on + x, c]
    return [pre * c.on + x @ P.T, c]

def residual_backward(dy, cache):
    g = dy * cache.on
    grads = [g @ cache.W, g.T @ cache.x]
    if cache.P is None:
        grads[0] = grads[0] + dy
    else:
        grads[0] = grads[0] + dy @ cache.P
        grads.append(dy.T @ cache.x)
    return grads

# === residual-identity-as-projection
def residual_forward(x, W, P=None):
    Q = np.eye(x.shape[1]) if P is None else P
    A = W @ x.T
    return (np.clip(A, 0, None) + Q @ x.T).T, (x, W, Q, A > 0, P is None)

def residual_backward(dy, cache):
    x, W, Q, on, plain = cache
    G = on * dy.T
    dX = W.T @ G + Q.T @ dy.T
    out = dX.T, sum(np.outer(G[:, n], x[n]) for n in range(len(x)))
    return out if plain else out + (dy.T @ x,)

# === sequential-reduce
from functools import reduce
import itertools

class Sequential:
    def __init__(self, layers):
        self.layers = list(layers)

    def forward(self, X, train=True):
        return reduce(lambda h, layer: layer.forward(h, train), self.layers, X)

    def backward(self, dY):
        return reduce(lambda g, layer: layer.backward(g), self.layers[::-1], dY)

    def params(self):
        return list(itertools.chain.from_iterable(layer.params() for layer in self.layers))

# === sequential-while-kwargs
class Sequential:
    """my chain"""
    def __init__(self, layers):
        self.layers = [*layers]
        self.trace = []

    def __len__(self):
        return len(self.layers)

    def forward(self, X, train=True):
        self.trace = [X]
        i = 0
        while i < len(self):
            self.trace.append(self.layers[i].forward(self.trace[-1], train=train))
            i += 1
        return self.trace[-1]

    def backward(self, dY):
        for i in range(len(self) - 1, -1, -1):
            dY = self.layers[i].backward(dY)
        return dY

    def params(self):
        out = []
        for layer in self.layers:
            out += list(layer.params())
        return tuple(out)

# === sequential-recursive
class Sequential:
    def __init__(self, layers):
        self.layers = list(layers)
    def _go(self, X, rest, train):
        return X if not rest else self._go(rest[0].forward(X, train), rest[1:], train)
    def forward(self, X, train=True):
        return self._go(X, self.layers, train)
    def backward(self, dY):
        stack = list(self.layers)
        while stack:
            dY = stack.pop().backward(dY)
        return dY
    def params(self):
        return sum([list(l.params()) for l in self.layers], [])

# === train-verbose-llm-style
def softmax_loss(S, t):
    Z = S - S.max(axis=1, keepdims=True)
    logP = Z - np.log(np.exp(Z).sum(axis=1, keepdims=True))
    dS = np.exp(logP)
    dS[np.arange(len(t)), t] -= 1
    return -logP[np.arange(len(t)), t].mean(), dS / len(t)

def train(model, data, epochs, batch, lr, rng, val=None):
    """Train the model using mini-batch gradient descent.

    Args:
        model: the network.
    Returns:
        dict: history.
    """
    # Unpack the data
    X, t = data
    num_examples = X.shape[0]
    history = {"loss": [], "accuracy": []}
    if val:
        history["val_accuracy"] = []
    for epoch in range(epochs):
        # Shuffle
        order = rng.permutation(num_examples)
        epoch_losses = np.zeros(num_examples)
        epoch_hits = np.zeros(num_examples, dtype=bool)
        num_batches = int(np.ceil(num_examples / batch))
        for batch_index in range(num_batches):
            lo, hi = batch_index * batch, min((batch_index + 1) * batch, num_examples)
            idx = order[lo:hi]
            scores = model.forward(X[idx], True)
            # per-example losses
            m = scores.max(axis=1)
            epoch_losses[idx] = m + np.log(np.exp(scores - m[:, None]).sum(axis=1)) - scores[np.arange(len(idx)), t[idx]]
            epoch_hits[idx] = np.argmax(scores, axis=1) == t[idx]
            _, grad = softmax_loss(scores, t[idx])
            model.backward(grad)
            for layer in model.layers:
                if layer.frozen:
                    continue
                for param, gradient in zip(layer.params(), layer.grads()):
                    param[...] = param - lr * gradient
        history["loss"].append(epoch_losses.mean())
        history["accuracy"].append(epoch_hits.mean())
        if val:
            Xv, tv = val
            predictions = np.argmax(model.forward(Xv, train=False), axis=1)
            history["val_accuracy"].append((predictions == tv).mean())
        print(f"epoch {epoch + 1}/{epochs}: loss {history['loss'][-1]:.4f}")
    return history

# === train-array-split-defaultdict
from collections import defaultdict

def _xent(S, t):
    P = np.exp(S - S.max(1, keepdims=True))
    P /= P.sum(1, keepdims=True)
    rows = np.arange(len(t))
    losses = -np.log(P[rows, t])
    P[rows, t] -= 1.0
    return losses.sum(), P / len(t)

def _step(model, lr):
    for layer in filter(lambda l: not l.frozen, model.layers):
        for p, g in zip(layer.params(), layer.grads()):
            np.subtract(p, lr * g, out=p)

def train(model, data, epochs, batch, lr, rng, val=None):
    X, t = data
    N = len(t)
    h = defaultdict(list)
    for _ in range(epochs):
        order = rng.permutation(N)
        Xs, ts = X[order], t[order]
        total, hits = 0.0, 0
        for Xb, tb in zip(np.split(Xs, range(batch, N, batch)), np.split(ts, range(batch, N, batch))):
            S = model.forward(Xb, train=True)
            loss, dS = _xent(S, tb)
            model.backward(dS)
            _step(model, lr)
            total += loss
            hits += int((S.argmax(-1) == tb).sum())
        h["loss"].append(total / N)
        h["accuracy"].append(hits / N)
        if val is not None:
            h["val_accuracy"].append(float((model.forward(val[0], train=False).argmax(-1) == val[1]).mean()))
    return dict(h)

# === train-numpy-history
def train(model, data, epochs, batch, lr, rng, val=None):
    X, t = data
    n = X.shape[0]
    losses = np.empty(epochs)
    accs = np.empty(epochs)
    vals = np.empty(epochs)
    T = np.eye(int(t.max()) + 1)
    for e in range(epochs):
        perm = rng.permutation(n)
        acc_loss = 0.0
        acc_hit = 0.0
        pos = 0
        while pos < n:
            take = perm[pos:pos + batch]
            pos += batch
            F = model.forward(X[take], True)
            F = F - np.max(F, 1, keepdims=True)
            Z = np.exp(F)
            P = Z / np.sum(Z, 1, keepdims=True)
            hot = (np.arange(P.shape[1]) == t[take][:, None]).astype(float)
            acc_loss -= np.sum(hot * np.log(P))
            acc_hit += np.sum(np.argmax(P, 1) == t[take])
            model.backward((P - hot) / len(take))
            for layer in model.layers:
                if getattr(layer, "frozen", False) == False:
                    grads = layer.grads()
                    for k, p in enumerate(layer.params()):
                        p += -lr * grads[k]
        losses[e] = acc_loss / n
        accs[e] = acc_hit / n
        if val is not None:
            vals[e] = np.mean(np.argmax(model.forward(val[0], False), 1) == val[1])
    out = {"loss": losses, "accuracy": accs}
    if val is not None:
        out["val_accuracy"] = vals
    return out

# === transfer-plan-dict
ADVICE = {
    ("little", "similar"): "linear classifier on top",
    ("little", "different"): "linear classifier on earlier stages",
    ("lots", "similar"): "fine-tune a few layers",
    ("lots", "different"): "fine-tune many layers",
}

def transfer_plan(n_data, similarity):
    amount = "little" if n_data < 10000 else "lots"
    return ADVICE[amount, similarity]

def freeze(model, n_layers):
    k = 0
    for layer in model.layers:
        setattr(layer, "frozen", k < n_layers)
        k += 1
    return model

def replace_head(model, C, rng):
    old = model.layers.pop()
    W = old.params()[0]
    D = len(W)
    new = old.__class__(rng.standard_normal((D, C)) * (2 / D) ** 0.5, np.zeros((C,)))
    new.frozen = False
    model.layers.append(new)

# === transfer-plan-matrix-enum
from enum import Enum

class Similarity(Enum):
    SIMILAR = "similar"
    DIFFERENT = "different"

def transfer_plan(n_data: int, similarity: str) -> str:
    kind = Similarity(similarity)
    if n_data >= 1e4 and kind is Similarity.SIMILAR:
        return "fine-tune a few layers"
    elif n_data >= 1e4:
        return "fine-tune many layers"
    elif kind is Similarity.SIMILAR:
        return "linear classifier on top"
    else:
        return "linear classifier on earlier stages"

def freeze(model, n_layers):
    for l in model.layers[:n_layers]:
        l.frozen = True
    for l in model.layers[n_layers:]:
        l.frozen = False

class Dense:
    """Y = X W + b"""
    def __init__(self, W, b):
        self.W, self.b = W, b
        self.frozen = False
    def forward(self, X, train=True):
        self.X = X
        return X @ self.W + self.b
    def backward(self, dY):
        self.dW, self.db = self.X.T @ dY, dY.sum(axis=0)
        return dY @ self.W.T
    def params(self):
        return [self.W, self.b]
    def grads(self):
        return [self.dW, self.db]

def replace_head(model, C, rng):
    D, _ = model.layers[-1].W.shape
    std = np.sqrt(2.0 / D)
    model.layers[-1] = Dense(W=rng.normal(loc=0.0, scale=std, size=(D, C)), b=np.zeros(C))

# === freeze-bools-head-column-wise
def transfer_plan(n_data, similarity):
    much = n_data >= 10_000
    similar = similarity == "similar"
    options = [["linear classifier on earlier stages", "linear classifier on top"],
               ["fine-tune many layers", "fine-tune a few layers"]]
    return options[much][similar]

def freeze(model, n_layers):
    flags = np.arange(len(model.layers)) < n_layers
    for layer, flag in zip(model.layers, flags):
        layer.frozen = flag

def replace_head(model, C, rng):
    head = model.layers[-1]
    W, b = head.params()
    D = W.shape[0]
    new_W = np.column_stack([rng.normal(0, np.sqrt(2 / D), D) for _ in range(C)])
    import copy
    fresh = copy.copy(head)
    fresh.W, fresh.b, fresh.frozen = new_W, np.zeros(C), False
    model.layers = model.layers[:-1] + [fresh]
