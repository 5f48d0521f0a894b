# === residual_forward: relu-after-the-sum
def residual_forward(x, W, P=None):
    a = x @ W.T
    skip = x if P is None else x @ P.T
    return np.maximum(a + skip, 0), (x, W, P, a)

# === residual_forward: branch-without-relu
def residual_forward(x, W, P=None):
    y = np.stack([W @ row for row in x])
    y = y + (x if P is None else np.stack([P @ row for row in x]))
    return y, (x, W, P)

# === residual_backward: gradient-of-skip-forgotten
def residual_forward(x, W, P=None):
    return truth["residual_forward"](x, W, P)[0], (x, W, P)

def residual_backward(dy, cache):
    x, W, P = cache
    g = np.where(x @ W.T > 0, dy, 0)
    if P is None:
        return g @ W, g.T @ x
    return g @ W, g.T @ x, dy.T @ x

# === residual_backward: relu-gate-forgotten
def residual_forward(x, W, P=None):
    return truth["residual_forward"](x, W, P)[0], (x, W, P)

def residual_backward(dy, cache):
    x, W, P = cache
    dW = np.einsum("nm,nd->md", dy, x)
    if P is None:
        return dy @ W + dy, dW
    return dy @ W + dy @ P, dW, dy.T @ x

# === transfer_plan: little-similar-data-fine-tuned
def transfer_plan(n_data, similarity):
    if similarity == "similar":
        return "fine-tune a few layers"
    if n_data >= 10000:
        return "fine-tune many layers"
    return "linear classifier on earlier stages"

# === transfer_plan: the-limit-counts-as-little
def transfer_plan(n_data, similarity):
    table = {
        (True, "similar"): "fine-tune a few layers",
        (True, "different"): "fine-tune many layers",
        (False, "similar"): "linear classifier on top",
        (False, "different"): "linear classifier on earlier stages",
    }
    return table[n_data > 10_000, similarity]

# === freeze: last-layers-frozen
def freeze(model, n_layers):
    for i, layer in enumerate(model.layers[::-1]):
        layer.frozen = i < n_layers

# === freeze: one-layer-more
def freeze(model, n_layers):
    for i in range(len(model.layers)):
        model.layers[i].frozen = i <= n_layers

# === freeze: never-thawed
def freeze(model, n_layers):
    for layer in model.layers[:n_layers]:
        layer.frozen = True

# === summary: filter-without-depth
def summary(layers, input_shape):
    rows, shape = [], tuple(input_shape)
    for layer in layers:
        kind, count = layer[0], 0
        if kind == "conv":
            F, k, s, p = layer[1:]
            count = F * k * k + F
            shape = (F, (shape[1] + 2 * p - k) // s + 1, (shape[2] + 2 * p - k) // s + 1)
        elif kind == "pool":
            shape = (shape[0], shape[1] // layer[1], shape[2] // layer[1])
        elif kind == "bn":
            count = shape[0] + shape[0]
        elif kind == "flatten":
            n = 1
            for side in shape:
                n *= side
            shape = (n,)
        elif kind == "dense":
            count = shape[0] * layer[1] + layer[1]
            shape = (layer[1],)
        rows.append((kind, shape, count))
    return rows

# === summary: dense-biases-forgotten
def summary(layers, input_shape):
    table, shape = [], tuple(input_shape)
    for name, *a in layers:
        n = 0
        if name == "dense":
            n, shape = shape[0] * a[0], (a[0],)
        elif name == "flatten":
            shape = (int(np.prod(shape)),)
        elif name == "bn":
            n = 2 * shape[0]
        elif name == "pool":
            shape = (shape[0],) + tuple(v // a[0] for v in shape[1:])
        elif name == "conv":
            n = a[0] * (shape[0] * a[1] ** 2 + 1)
            shape = (a[0],) + tuple((v - a[1] + 2 * a[3]) // a[2] + 1 for v in shape[1:])
        table.append((name, shape, n))
    return table

# === summary: running-statistics-counted
def summary(layers, input_shape):
    rows, shape = [], tuple(input_shape)
    for name, *a in layers:
        n = 0
        if name == "conv":
            F, k, s, p = a
            n = F * (k * k * shape[0] + 1)
            shape = (F, *((v + 2 * p - k) // s + 1 for v in shape[1:]))
        elif name == "pool":
            shape = (shape[0], *(v // a[0] for v in shape[1:]))
        elif name == "bn":
            n = 4 * shape[0]
        elif name == "flatten":
            shape = (int(np.prod(shape)),)
        elif name == "dense":
            n = (shape[0] + 1) * a[0]
            shape = (a[0],)
        rows.append((name, shape, n))
    return rows

# === summary: pooling-rounds-up
def summary(layers, input_shape):
    rows, shape = [], tuple(input_shape)
    for name, *a in layers:
        n = 0
        if name == "conv":
            F, k, s, p = a
            n = F * (k * k * shape[0] + 1)
            shape = (F, *((v + 2 * p - k) // s + 1 for v in shape[1:]))
        elif name == "pool":
            shape = (shape[0], *(-(-v // a[0]) for v in shape[1:]))
        elif name == "bn":
            n = 2 * shape[0]
        elif name == "flatten":
            shape = (int(np.prod(shape)),)
        elif name == "dense":
            n = (shape[0] + 1) * a[0]
            shape = (a[0],)
        rows.append((name, shape, n))
    return rows

# === summary: shapes-before-the-layer
def summary(layers, input_shape):
    rows, shape = [], tuple(input_shape)
    for name, *a in layers:
        n, before = 0, shape
        if name == "conv":
            F, k, s, p = a
            n = F * (k * k * shape[0] + 1)
            shape = (F, *((v + 2 * p - k) // s + 1 for v in shape[1:]))
        elif name == "pool":
            shape = (shape[0], *(v // a[0] for v in shape[1:]))
        elif name == "bn":
            n = 2 * shape[0]
        elif name == "flatten":
            shape = (int(np.prod(shape)),)
        elif name == "dense":
            n = (shape[0] + 1) * a[0]
            shape = (a[0],)
        rows.append((name, before, n))
    return rows

# === residual_forward: skip-only-without-projection
def residual_forward(x, W, P=None):
    a = x @ W.T
    y = np.maximum(a, 0)
    if P is None:
        y = y + x
    return y, (x, W, P, a)

# === residual_forward: relu-on-the-skip
def residual_forward(x, W, P=None):
    a = x @ W.T
    skip = x if P is None else x @ P.T
    return np.maximum(a, 0) + np.maximum(skip, 0), (x, W, P, a)

# === residual_backward: dP-gated
def residual_forward(x, W, P=None):
    return truth["residual_forward"](x, W, P)[0], (x, W, P)

def residual_backward(dy, cache):
    x, W, P = cache
    g = dy * (x @ W.T > 0)
    if P is None:
        return g @ W + dy, g.T @ x
    return g @ W + dy @ P, g.T @ x, g.T @ x

# === residual_backward: skip-gradient-gated
def residual_forward(x, W, P=None):
    return truth["residual_forward"](x, W, P)[0], (x, W, P)

def residual_backward(dy, cache):
    x, W, P = cache
    g = dy * (x @ W.T > 0)
    if P is None:
        return g @ W + g, g.T @ x
    return g @ W + g @ P, g.T @ x, dy.T @ x

# === Sequential: backward-in-forward-order
class Sequential:
    def __init__(self, layers):
        self.layers = list(layers)
    def forward(self, X, train=True):
        for l in self.layers:
            X = l.forward(X, train)
        return X
    def backward(self, dY):
        for l in self.layers:
            dY = l.backward(dY)
        return dY
    def params(self):
        return [p for l in self.layers for p in l.params()]

# === Sequential: train-flag-not-passed
class Sequential:
    def __init__(self, layers):
        self.layers = list(layers)
    def forward(self, X, train=True):
        for l in self.layers:
            X = l.forward(X)
        return X
    def backward(self, dY):
        for l in reversed(self.layers):
            dY = l.backward(dY)
        return dY
    def params(self):
        return [p for l in self.layers for p in l.params()]

# === Sequential: params-nested
class Sequential:
    def __init__(self, layers):
        self.layers = list(layers)
    def forward(self, X, train=True):
        for l in self.layers:
            X = l.forward(X, train)
        return X
    def backward(self, dY):
        for l in reversed(self.layers):
            dY = l.backward(dY)
        return dY
    def params(self):
        return [l.params() for l in self.layers]

# === train: shuffled-once
def _loss(S, t):
    Z = S - S.max(1, keepdims=True)
    lp = Z - np.log(np.exp(Z).sum(1, keepdims=True))
    d = np.exp(lp)
    d[np.arange(len(t)), t] -= 1
    return -lp[np.arange(len(t)), t].mean(), d / len(t)

def train(model, data, epochs, batch, lr, rng, val=None):
    X, t = data
    h = {"loss": [], "accuracy": []}
    if val is not None:
        h["val_accuracy"] = []
    order = rng.permutation(len(X))
    for _ in range(epochs):
        L = A = 0
        for i in range(0, len(X), batch):
            r = order[i:i + batch]
            S = model.forward(X[r], True)
            l, d = _loss(S, t[r])
            L += l * len(r)
            A += (S.argmax(1) == t[r]).sum()
            model.backward(d)
            for layer in model.layers:
                if not layer.frozen:
                    for p, g in zip(layer.params(), layer.grads()):
                        p -= lr * g
        h["loss"].append(L / len(X))
        h["accuracy"].append(A / len(X))
        if val is not None:
            h["val_accuracy"].append(np.mean(model.forward(val[0], False).argmax(1) == val[1]))
    return h

# === train: loss-averaged-over-batches
def _loss(S, t):
    Z = S - S.max(1, keepdims=True)
    lp = Z - np.log(np.exp(Z).sum(1, keepdims=True))
    d = np.exp(lp)
    d[np.arange(len(t)), t] -= 1
    return -lp[np.arange(len(t)), t].mean(), d / len(t)

def train(model, data, epochs, batch, lr, rng, val=None):
    X, t = data
    h = {"loss": [], "accuracy": []}
    if val is not None:
        h["val_accuracy"] = []
    for _ in range(epochs):
        order = rng.permutation(len(X))
        L, A = [], 0
        for i in range(0, len(X), batch):
            r = order[i:i + batch]
            S = model.forward(X[r], True)
            l, d = _loss(S, t[r])
            L.append(l)
            A += (S.argmax(1) == t[r]).sum()
            model.backward(d)
            for layer in model.layers:
                if not layer.frozen:
                    for p, g in zip(layer.params(), layer.grads()):
                        p -= lr * g
        h["loss"].append(np.mean(L))
        h["accuracy"].append(A / len(X))
        if val is not None:
            h["val_accuracy"].append(np.mean(model.forward(val[0], False).argmax(1) == val[1]))
    return h

# === train: frozen-layers-trained
def _loss(S, t):
    Z = S - S.max(1, keepdims=True)
    lp = Z - np.log(np.exp(Z).sum(1, keepdims=True))
    d = np.exp(lp)
    d[np.arange(len(t)), t] -= 1
    return -lp[np.arange(len(t)), t].mean(), d / len(t)

def train(model, data, epochs, batch, lr, rng, val=None):
    X, t = data
    h = {"loss": [], "accuracy": []}
    if val is not None:
        h["val_accuracy"] = []
    for _ in range(epochs):
        order = rng.permutation(len(X))
        L = A = 0
        for i in range(0, len(X), batch):
            r = order[i:i + batch]
            S = model.forward(X[r], True)
            l, d = _loss(S, t[r])
            L += l * len(r)
            A += (S.argmax(1) == t[r]).sum()
            model.backward(d)
            for layer in model.layers:
                for p, g in zip(layer.params(), layer.grads()):
                    p -= lr * g
        h["loss"].append(L / len(X))
        h["accuracy"].append(A / len(X))
        if val is not None:
            h["val_accuracy"].append(np.mean(model.forward(val[0], False).argmax(1) == val[1]))
    return h

# === train: validated-in-training-mode
def _loss(S, t):
    Z = S - S.max(1, keepdims=True)
    lp = Z - np.log(np.exp(Z).sum(1, keepdims=True))
    d = np.exp(lp)
    d[np.arange(len(t)), t] -= 1
    return -lp[np.arange(len(t)), t].mean(), d / len(t)

def train(model, data, epochs, batch, lr, rng, val=None):
    X, t = data
    h = {"loss": [], "accuracy": []}
    if val is not None:
        h["val_accuracy"] = []
    for _ in range(epochs):
        order = rng.permutation(len(X))
        L = A = 0
        for i in range(0, len(X), batch):
            r = order[i:i + batch]
            S = model.forward(X[r], True)
            l, d = _loss(S, t[r])
            L += l * len(r)
            A += (S.argmax(1) == t[r]).sum()
            model.backward(d)
            for layer in model.layers:
                if not layer.frozen:
                    for p, g in zip(layer.params(), layer.grads()):
                        p -= lr * g
        h["loss"].append(L / len(X))
        h["accuracy"].append(A / len(X))
        if val is not None:
            h["val_accuracy"].append(np.mean(model.forward(val[0], True).argmax(1) == val[1]))
    return h

# === train: accuracy-in-percent
def _loss(S, t):
    Z = S - S.max(1, keepdims=True)
    lp = Z - np.log(np.exp(Z).sum(1, keepdims=True))
    d = np.exp(lp)
    d[np.arange(len(t)), t] -= 1
    return -lp[np.arange(len(t)), t].mean(), d / len(t)

def train(model, data, epochs, batch, lr, rng, val=None):
    X, t = data
    h = {"loss": [], "accuracy": []}
    if val is not None:
        h["val_accuracy"] = []
    for _ in range(epochs):
        order = rng.permutation(len(X))
        L = A = 0
        for i in range(0, len(X), batch):
            r = order[i:i + batch]
            S = model.forward(X[r], True)
            l, d = _loss(S, t[r])
            L += l * len(r)
            A += (S.argmax(1) == t[r]).sum()
            model.backward(d)
            for layer in model.layers:
                if not layer.frozen:
                    for p, g in zip(layer.params(), layer.grads()):
                        p -= lr * g
        h["loss"].append(L / len(X))
        h["accuracy"].append(100 * A / len(X))
        if val is not None:
            h["val_accuracy"].append(100 * np.mean(model.forward(val[0], False).argmax(1) == val[1]))
    return h

# === freeze: parameter-layers-counted
def freeze(model, n_layers):
    k = 0
    for l in model.layers:
        l.frozen = k < n_layers
        k += len(l.params()) > 0

# === replace_head: head-scaled-by-variance
def replace_head(model, C, rng):
    old = model.layers[-1]
    D = old.params()[0].shape[0]
    model.layers[-1] = type(old)(rng.normal(0, 2 / D, (D, C)), np.zeros(C))

# === replace_head: head-appended
def replace_head(model, C, rng):
    old = model.layers[-1]
    D = old.params()[0].shape[1]
    model.layers.append(type(old)(rng.normal(0, np.sqrt(2 / D), (D, C)), np.zeros(C)))

# === transfer_plan: columns-exchanged-with-lots-of-data
def transfer_plan(n_data, similarity):
    if n_data >= 10000:
        return "fine-tune many layers" if similarity == "similar" else "fine-tune a few layers"
    return "linear classifier on top" if similarity == "similar" else "linear classifier on earlier stages"

# === summary: dense-one-bias
def summary(layers, input_shape):
    rows = []
    shape = tuple(input_shape)
    for layer in layers:
        kind = layer[0]
        n = 0
        if kind == "conv":
            _, F, k, s, p = layer
            C, H, W = shape
            shape = (F, (H + 2 * p - k) // s + 1, (W + 2 * p - k) // s + 1)
            n = F * (k * k * C + 1)
        elif kind == "pool":
            C, H, W = shape
            shape = (C, H // layer[1], W // layer[1])
        elif kind == "bn":
            n = 2 * shape[0]
        elif kind == "flatten":
            shape = (int(np.prod(shape)),)
        elif kind == "dense":
            n = shape[0] * layer[1] + 1
            shape = (layer[1],)
        rows.append((kind, shape, n))
    return rows

# === summary: padding-on-one-side
def summary(layers, input_shape):
    table = []
    cur = tuple(input_shape)
    for d in layers:
        params = 0
        if d[0] == "conv":
            F, k, s, p = d[1:]
            params = F * (k ** 2 * cur[0] + 1)
            cur = (F, (cur[1] - k + p) // s + 1, (cur[2] - k + p) // s + 1)
        elif d[0] == "pool":
            cur = (cur[0], cur[1] // d[1], cur[2] // d[1])
        elif d[0] == "bn":
            params = 2 * cur[0]
        elif d[0] == "flatten":
            cur = (int(np.prod(cur)),)
        elif d[0] == "dense":
            params = cur[0] * d[1] + d[1]
            cur = (d[1],)
        table.append((d[0], cur, params))
    return table

# === summary: filter-as-deep-as-its-output
def summary(layers, input_shape):
    table = []
    cur = tuple(input_shape)
    for d in layers:
        params = 0
        if d[0] == "conv":
            F, k, s, p = d[1:]
            cur = (F, (cur[1] - k + 2 * p) // s + 1, (cur[2] - k + 2 * p) // s + 1)
            params = F * (k ** 2 * cur[0] + 1)
        elif d[0] == "pool":
            cur = (cur[0], cur[1] // d[1], cur[2] // d[1])
        elif d[0] == "bn":
            params = 2 * cur[0]
        elif d[0] == "flatten":
            cur = (int(np.prod(cur)),)
        elif d[0] == "dense":
            params = cur[0] * d[1] + d[1]
            cur = (d[1],)
        table.append((d[0], cur, params))
    return table

# === summary: rows-for-columns
def summary(layers, input_shape):
    table = []
    cur = tuple(input_shape)
    for d in layers:
        params = 0
        if d[0] == "conv":
            F, k, s, p = d[1:]
            params = F * (k ** 2 * cur[0] + 1)
            H = (cur[1] - k + 2 * p) // s + 1
            cur = (F, H, H)
        elif d[0] == "pool":
            cur = (cur[0], cur[1] // d[1], cur[2] // d[1])
        elif d[0] == "bn":
            params = 2 * cur[0]
        elif d[0] == "flatten":
            cur = (int(np.prod(cur)),)
        elif d[0] == "dense":
            params = cur[0] * d[1] + d[1]
            cur = (d[1],)
        table.append((d[0], cur, params))
    return table

# === residual_forward: skip-only-with-projection
def residual_forward(x, W, P=None):
    a = np.dot(x, W.T)
    h = np.where(a > 0, a, 0)
    if P is not None:
        h = h + np.dot(x, P.T)
    return h, (x, W, P, a)

# === residual_forward: projection-ignored
def residual_forward(x, W, P=None):
    a = x @ W.T
    y = np.maximum(a, 0)
    if y.shape == x.shape:
        y = y + x
    else:
        y = y + x @ P.T
    return y, (x, W, P, a)

# === residual_backward: projection-ignored-on-the-way-back
def residual_forward(x, W, P=None):
    a = x @ W.T
    return np.maximum(a, 0) + (x if P is None else x @ P.T), (x, W, P, a)

def residual_backward(dy, cache):
    x, W, P, a = cache
    da = dy * (a > 0)
    dx = da @ W
    if dx.shape == dy.shape:
        dx = dx + dy
    else:
        dx = dx + dy @ P
    if P is None:
        return dx, da.T @ x
    return dx, da.T @ x, dy.T @ x

# === residual_backward: dW-and-dP-transposed
def residual_forward(x, W, P=None):
    a = x @ W.T
    return np.maximum(a, 0) + (x if P is None else x @ P.T), (x, W, P, a)

def residual_backward(dy, cache):
    x, W, P, a = cache
    da = dy * (a > 0)
    dW = x.T @ da
    if P is None:
        return dy + da @ W, dW
    return dy @ P + da @ W, dW, x.T @ dy

# === Sequential: first-layer-skipped-on-the-way-back
class Sequential:
    def __init__(self, layers):
        self.layers = list(layers)

    def forward(self, X, train=True):
        for layer in self.layers:
            X = layer.forward(X, train)
        return X

    def backward(self, dY):
        for i in range(len(self.layers) - 1, 0, -1):
            dY = self.layers[i].backward(dY)
        return dY

    def params(self):
        return [p for layer in self.layers for p in layer.params()]

# === Sequential: every-layer-gets-the-last-gradient
class Sequential:
    def __init__(self, layers):
        self.layers = list(layers)

    def forward(self, X, train=True):
        for layer in self.layers:
            X = layer.forward(X, train)
        return X

    def backward(self, dY):
        for layer in reversed(self.layers):
            dX = layer.backward(dY)
        return dX

    def params(self):
        return [p for layer in self.layers for p in layer.params()]

# === Sequential: params-of-layers-not-frozen
class Sequential:
    def __init__(self, layers):
        self.layers = list(layers)

    def forward(self, X, train=True):
        for layer in self.layers:
            X = layer.forward(X, train)
        return X

    def backward(self, dY):
        for layer in reversed(self.layers):
            dY = layer.backward(dY)
        return dY

    def params(self):
        return [p for layer in self.layers if not layer.frozen for p in layer.params()]

# === Sequential: params-in-reverse-order
class Sequential:
    def __init__(self, layers):
        self.layers = list(layers)

    def forward(self, X, train=True):
        for layer in self.layers:
            X = layer.forward(X, train)
        return X

    def backward(self, dY):
        for layer in reversed(self.layers):
            dY = layer.backward(dY)
        return dY

    def params(self):
        ps = []
        for layer in self.layers:
            ps = layer.params() + ps
        return ps

# === train: labels-not-shuffled
def softmax_loss(S, t):
    P = np.exp(S - S.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    rows = np.arange(len(S))
    loss = -np.log(P[rows, t] + 1e-300).mean()
    P[rows, t] -= 1
    return loss, P / len(S)

def train(model, data, epochs, batch, lr, rng, val=None):
    X, t = data
    h = {"loss": [], "accuracy": []}
    if val is not None:
        h["val_accuracy"] = []
    for _ in range(epochs):
        order = rng.permutation(len(X))
        L, A, Ls = 0.0, 0, []
        for i in range(0, len(X), batch):
            r = order[i:i + batch]
            S = model.forward(X[r], True)
            l, dS = softmax_loss(S, t[i:i + batch])
            L += l * len(r)
            Ls.append(l)
            A += (S.argmax(1) == t[i:i + batch]).sum()
            model.backward(dS)
            for layer in model.layers:
                if not layer.frozen:
                    for p, g in zip(layer.params(), layer.grads()):
                        p -= lr * g
        h["loss"].append(L / len(X))
        h["accuracy"].append(A / len(X))
        if val is not None:
            h["val_accuracy"].append(np.mean(model.forward(val[0], False).argmax(1) == val[1]))
    return h

# === train: full-batches-only
def softmax_loss(S, t):
    P = np.exp(S - S.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    rows = np.arange(len(S))
    loss = -np.log(P[rows, t] + 1e-300).mean()
    P[rows, t] -= 1
    return loss, P / len(S)

def train(model, data, epochs, batch, lr, rng, val=None):
    X, t = data
    h = {"loss": [], "accuracy": []}
    if val is not None:
        h["val_accuracy"] = []
    for _ in range(epochs):
        order = rng.permutation(len(X))
        L, A, Ls = 0.0, 0, []
        for i in range(0, len(X) - batch + 1, batch):
            r = order[i:i + batch]
            S = model.forward(X[r], True)
            l, dS = softmax_loss(S, t[r])
            L += l * len(r)
            Ls.append(l)
            A += (S.argmax(1) == t[r]).sum()
            model.backward(dS)
            for layer in model.layers:
                if not layer.frozen:
                    for p, g in zip(layer.params(), layer.grads()):
                        p -= lr * g
        h["loss"].append(L / len(X))
        h["accuracy"].append(A / len(X))
        if val is not None:
            h["val_accuracy"].append(np.mean(model.forward(val[0], False).argmax(1) == val[1]))
    return h

# === train: weights-not-changed-in-place
def softmax_loss(S, t):
    P = np.exp(S - S.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    rows = np.arange(len(S))
    loss = -np.log(P[rows, t] + 1e-300).mean()
    P[rows, t] -= 1
    return loss, P / len(S)

def train(model, data, epochs, batch, lr, rng, val=None):
    X, t = data
    h = {"loss": [], "accuracy": []}
    if val is not None:
        h["val_accuracy"] = []
    for _ in range(epochs):
        order = rng.permutation(len(X))
        L, A, Ls = 0.0, 0, []
        for i in range(0, len(X), batch):
            r = order[i:i + batch]
            S = model.forward(X[r], True)
            l, dS = softmax_loss(S, t[r])
            L += l * len(r)
            Ls.append(l)
            A += (S.argmax(1) == t[r]).sum()
            model.backward(dS)
            for layer in model.layers:
                if not layer.frozen:
                    for p, g in zip(layer.params(), layer.grads()):
                        p = p - lr * g
        h["loss"].append(L / len(X))
        h["accuracy"].append(A / len(X))
        if val is not None:
            h["val_accuracy"].append(np.mean(model.forward(val[0], False).argmax(1) == val[1]))
    return h

# === train: divided-by-batch-twice
def softmax_loss(S, t):
    P = np.exp(S - S.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    rows = np.arange(len(S))
    loss = -np.log(P[rows, t] + 1e-300).mean()
    P[rows, t] -= 1
    return loss, P / len(S)

def train(model, data, epochs, batch, lr, rng, val=None):
    X, t = data
    h = {"loss": [], "accuracy": []}
    if val is not None:
        h["val_accuracy"] = []
    for _ in range(epochs):
        order = rng.permutation(len(X))
        L, A, Ls = 0.0, 0, []
        for i in range(0, len(X), batch):
            r = order[i:i + batch]
            S = model.forward(X[r], True)
            l, dS = softmax_loss(S, t[r])
            L += l * len(r)
            Ls.append(l)
            A += (S.argmax(1) == t[r]).sum()
            model.backward(dS)
            for layer in model.layers:
                if not layer.frozen:
                    for p, g in zip(layer.params(), layer.grads()):
                        p -= lr * g / len(r)
        h["loss"].append(L / len(X))
        h["accuracy"].append(A / len(X))
        if val is not None:
            h["val_accuracy"].append(np.mean(model.forward(val[0], False).argmax(1) == val[1]))
    return h

# === train: batch-losses-added-up
def softmax_loss(S, t):
    P = np.exp(S - S.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    rows = np.arange(len(S))
    loss = -np.log(P[rows, t] + 1e-300).mean()
    P[rows, t] -= 1
    return loss, P / len(S)

def train(model, data, epochs, batch, lr, rng, val=None):
    X, t = data
    h = {"loss": [], "accuracy": []}
    if val is not None:
        h["val_accuracy"] = []
    for _ in range(epochs):
        order = rng.permutation(len(X))
        L, A, Ls = 0.0, 0, []
        for i in range(0, len(X), batch):
            r = order[i:i + batch]
            S = model.forward(X[r], True)
            l, dS = softmax_loss(S, t[r])
            L += l * len(r)
            Ls.append(l)
            A += (S.argmax(1) == t[r]).sum()
            model.backward(dS)
            for layer in model.layers:
                if not layer.frozen:
                    for p, g in zip(layer.params(), layer.grads()):
                        p -= lr * g
        h["loss"].append(sum(Ls))
        h["accuracy"].append(A / len(X))
        if val is not None:
            h["val_accuracy"].append(np.mean(model.forward(val[0], False).argmax(1) == val[1]))
    return h

# === train: accuracy-after-the-epoch
def softmax_loss(S, t):
    P = np.exp(S - S.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    rows = np.arange(len(S))
    loss = -np.log(P[rows, t] + 1e-300).mean()
    P[rows, t] -= 1
    return loss, P / len(S)

def train(model, data, epochs, batch, lr, rng, val=None):
    X, t = data
    h = {"loss": [], "accuracy": []}
    if val is not None:
        h["val_accuracy"] = []
    for _ in range(epochs):
        order = rng.permutation(len(X))
        L, A, Ls = 0.0, 0, []
        for i in range(0, len(X), batch):
            r = order[i:i + batch]
            S = model.forward(X[r], True)
            l, dS = softmax_loss(S, t[r])
            L += l * len(r)
            Ls.append(l)
            A += 0
            model.backward(dS)
            for layer in model.layers:
                if not layer.frozen:
                    for p, g in zip(layer.params(), layer.grads()):
                        p -= lr * g
        h["loss"].append(L / len(X))
        h["accuracy"].append(np.mean(model.forward(X, False).argmax(1) == t))
        if val is not None:
            h["val_accuracy"].append(np.mean(model.forward(val[0], False).argmax(1) == val[1]))
    return h

# === train: shuffled-order-shuffled-again
def softmax_loss(S, t):
    P = np.exp(S - S.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    rows = np.arange(len(S))
    loss = -np.log(P[rows, t] + 1e-300).mean()
    P[rows, t] -= 1
    return loss, P / len(S)

def train(model, data, epochs, batch, lr, rng, val=None):
    X, t = data
    h = {"loss": [], "accuracy": []}
    if val is not None:
        h["val_accuracy"] = []
    for _ in range(epochs):
        order = rng.permutation(len(X)); X, t = X[order], t[order]; order = np.arange(len(X))
        L, A, Ls = 0.0, 0, []
        for i in range(0, len(X), batch):
            r = order[i:i + batch]
            S = model.forward(X[r], True)
            l, dS = softmax_loss(S, t[r])
            L += l * len(r)
            Ls.append(l)
            A += (S.argmax(1) == t[r]).sum()
            model.backward(dS)
            for layer in model.layers:
                if not layer.frozen:
                    for p, g in zip(layer.params(), layer.grads()):
                        p -= lr * g
        h["loss"].append(L / len(X))
        h["accuracy"].append(A / len(X))
        if val is not None:
            h["val_accuracy"].append(np.mean(model.forward(val[0], False).argmax(1) == val[1]))
    return h

# === transfer_plan: similarity-ignored-with-little-data
def transfer_plan(n_data, similarity):
    if n_data < 10_000:
        return "linear classifier on top"
    if similarity == "different":
        return "fine-tune many layers"
    return "fine-tune a few layers"

# === transfer_plan: similar-and-different-exchanged
def transfer_plan(n_data, similarity):
    if n_data >= 10_000:
        return "fine-tune a few layers" if similarity == "different" else "fine-tune many layers"
    return "linear classifier on top" if similarity == "different" else "linear classifier on earlier stages"

# === transfer_plan: another-limit
def transfer_plan(n_data, similarity):
    if n_data >= 1000:
        return "fine-tune a few layers" if similarity == "similar" else "fine-tune many layers"
    return "linear classifier on top" if similarity == "similar" else "linear classifier on earlier stages"

# === freeze: last-slice-frozen
def freeze(model, n_layers):
    for layer in model.layers:
        layer.frozen = False
    for layer in model.layers[-n_layers:]:
        layer.frozen = True

# === freeze: parameterless-layers-passed-over
def freeze(model, n_layers):
    k = 0
    for layer in model.layers:
        if layer.params():
            layer.frozen = k < n_layers
            k += 1
        else:
            layer.frozen = False

# === freeze: parameterless-layers-never-frozen
def freeze(model, n_layers):
    for i, layer in enumerate(model.layers):
        layer.frozen = bool(i < n_layers and len(layer.params()) > 0)

# === replace_head: head-biases-not-zero
def replace_head(model, C, rng):
    D = model.layers[-1].W.shape[0]
    model.layers[-1] = type(model.layers[-1])(rng.normal(0, np.sqrt(2 / D), (D, C)), rng.normal(0, np.sqrt(2 / D), C))

# === replace_head: head-by-xavier
def replace_head(model, C, rng):
    D = model.layers[-1].W.shape[0]
    model.layers[-1] = type(model.layers[-1])(rng.normal(0, np.sqrt(1 / D), (D, C)), np.zeros(C))

# === replace_head: head-from-global-random
def replace_head(model, C, rng):
    D = model.layers[-1].W.shape[0]
    model.layers[-1] = type(model.layers[-1])(np.random.normal(0, np.sqrt(2 / D), (D, C)), np.zeros(C))

# === replace_head: head-frozen-as-before
def replace_head(model, C, rng):
    old = model.layers[-1]
    D = old.W.shape[0]
    new = type(model.layers[-1])(rng.normal(0, np.sqrt(2 / D), (D, C)), np.zeros(C))
    new.frozen = old.frozen
    model.layers[-1] = new

# === replace_head: head-scaled-upside-down
def replace_head(model, C, rng):
    D = model.layers[-1].W.shape[0]
    W = rng.standard_normal((D, C)) * np.sqrt(D / 2)
    model.layers[-1] = type(model.layers[-1])(W, np.zeros(C))

# === summary: pooling-moves-by-one
def summary(layers, input_shape):
    rows, shape = [], tuple(input_shape)
    for name, *how in layers:
        params = 0
        if name == "conv":
            F, k, s, p = how
            params = F * (k * k * shape[0] + 1)
            shape = (F, (shape[1] + 2 * p - k) // s + 1, (shape[2] + 2 * p - k) // s + 1)
        elif name == "pool":
            shape = (shape[0], shape[1] - how[0] + 1, shape[2] - how[0] + 1)
        elif name == "bn":
            params = 2 * shape[0]
        elif name == "flatten":
            shape = (int(np.prod(shape)),)
        elif name == "dense":
            params = (shape[0] + 1) * how[0]
            shape = (how[0],)
        rows.append((name, shape, params))
    return rows

# === summary: convolution-rounds-up
def summary(layers, input_shape):
    rows, shape = [], tuple(input_shape)
    for name, *how in layers:
        params = 0
        if name == "conv":
            F, k, s, p = how
            params = F * (k * k * shape[0] + 1)
            shape = (F, int(np.ceil((shape[1] + 2 * p - k) / s)) + 1, int(np.ceil((shape[2] + 2 * p - k) / s)) + 1)
        elif name == "pool":
            shape = (shape[0], shape[1] // how[0], shape[2] // how[0])
        elif name == "bn":
            params = 2 * shape[0]
        elif name == "flatten":
            shape = (int(np.prod(shape)),)
        elif name == "dense":
            params = (shape[0] + 1) * how[0]
            shape = (how[0],)
        rows.append((name, shape, params))
    return rows

# === train: learning-rate-forgotten
def softmax_loss(S, t):
    P = np.exp(S - S.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    rows = np.arange(len(S))
    loss = -np.log(P[rows, t] + 1e-300).mean()
    P[rows, t] -= 1
    return loss, P / len(S)

def train(model, data, epochs, batch, lr, rng, val=None):
    X, t = data
    h = {"loss": [], "accuracy": []}
    if val is not None:
        h["val_accuracy"] = []
    for _ in range(epochs):
        order = rng.permutation(len(X))
        L, A = 0.0, 0
        for i in range(0, len(X), batch):
            r = order[i:i + batch]
            S = model.forward(X[r], True)
            l, dS = softmax_loss(S, t[r])
            L += l * len(r)
            A += (S.argmax(1) == t[r]).sum()
            model.backward(dS)
            for layer in model.layers:
                if not layer.frozen:
                    for p, g in zip(layer.params(), layer.grads()):
                        p -= g
        h["loss"].append(L / len(X))
        h["accuracy"].append(A / len(X))
        if val is not None:
            h["val_accuracy"].append(np.mean(model.forward(val[0], False).argmax(1) == val[1]))
    return h

# === train: divided-by-examples
def softmax_loss(S, t):
    P = np.exp(S - S.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    rows = np.arange(len(S))
    loss = -np.log(P[rows, t] + 1e-300).mean()
    P[rows, t] -= 1
    return loss, P / len(S)

def train(model, data, epochs, batch, lr, rng, val=None):
    X, t = data
    h = {"loss": [], "accuracy": []}
    if val is not None:
        h["val_accuracy"] = []
    for _ in range(epochs):
        order = rng.permutation(len(X))
        L, A = 0.0, 0
        for i in range(0, len(X), batch):
            r = order[i:i + batch]
            S = model.forward(X[r], True)
            l, dS = softmax_loss(S, t[r])
            L += l * len(r)
            A += (S.argmax(1) == t[r]).sum()
            model.backward(dS)
            for layer in model.layers:
                if not layer.frozen:
                    for p, g in zip(layer.params(), layer.grads()):
                        p -= lr / len(X) * g
        h["loss"].append(L / len(X))
        h["accuracy"].append(A / len(X))
        if val is not None:
            h["val_accuracy"].append(np.mean(model.forward(val[0], False).argmax(1) == val[1]))
    return h

# === train: frozen-layers-only
def softmax_loss(S, t):
    P = np.exp(S - S.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    rows = np.arange(len(S))
    loss = -np.log(P[rows, t] + 1e-300).mean()
    P[rows, t] -= 1
    return loss, P / len(S)

def train(model, data, epochs, batch, lr, rng, val=None):
    X, t = data
    h = {"loss": [], "accuracy": []}
    if val is not None:
        h["val_accuracy"] = []
    for _ in range(epochs):
        order = rng.permutation(len(X))
        L, A = 0.0, 0
        for i in range(0, len(X), batch):
            r = order[i:i + batch]
            S = model.forward(X[r], True)
            l, dS = softmax_loss(S, t[r])
            L += l * len(r)
            A += (S.argmax(1) == t[r]).sum()
            model.backward(dS)
            for layer in model.layers:
                if layer.frozen:
                    for p, g in zip(layer.params(), layer.grads()):
                        p -= lr * g
        h["loss"].append(L / len(X))
        h["accuracy"].append(A / len(X))
        if val is not None:
            h["val_accuracy"].append(np.mean(model.forward(val[0], False).argmax(1) == val[1]))
    return h

# === train: stopped-at-a-frozen-layer
def softmax_loss(S, t):
    P = np.exp(S - S.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    rows = np.arange(len(S))
    loss = -np.log(P[rows, t] + 1e-300).mean()
    P[rows, t] -= 1
    return loss, P / len(S)

def train(model, data, epochs, batch, lr, rng, val=None):
    X, t = data
    h = {"loss": [], "accuracy": []}
    if val is not None:
        h["val_accuracy"] = []
    for _ in range(epochs):
        order = rng.permutation(len(X))
        L, A = 0.0, 0
        for i in range(0, len(X), batch):
            r = order[i:i + batch]
            S = model.forward(X[r], True)
            l, dS = softmax_loss(S, t[r])
            L += l * len(r)
            A += (S.argmax(1) == t[r]).sum()
            model.backward(dS)
            for layer in model.layers:
                if layer.frozen:
                    break
                else:
                    for p, g in zip(layer.params(), layer.grads()):
                        p -= lr * g
        h["loss"].append(L / len(X))
        h["accuracy"].append(A / len(X))
        if val is not None:
            h["val_accuracy"].append(np.mean(model.forward(val[0], False).argmax(1) == val[1]))
    return h

# === residual_backward: dW-not-gated
def residual_forward(x, W, P=None):
    a = x @ W.T
    return np.maximum(a, 0) + (x if P is None else x @ P.T), (x, W, P, a)

def residual_backward(dy, cache):
    x, W, P, a = cache
    da = dy * (a > 0)
    dx, dW = da @ W, dy.T @ x
    if P is None:
        return dx + dy, dW
    return dx + dy @ P, dW, dy.T @ x

# === residual_backward: relu-gate-open-at-zero
def residual_forward(x, W, P=None):
    a = x @ W.T
    return np.maximum(a, 0) + (x if P is None else x @ P.T), (x, W, P, a)

def residual_backward(dy, cache):
    x, W, P, a = cache
    da = dy * (a >= 0)
    dx, dW = da @ W, da.T @ x
    if P is None:
        return dx + dy, dW
    return dx + dy @ P, dW, dy.T @ x

# === residual_backward: dP-not-returned
def residual_forward(x, W, P=None):
    a = x @ W.T
    return np.maximum(a, 0) + (x if P is None else x @ P.T), (x, W, P, a)

def residual_backward(dy, cache):
    x, W, P, a = cache
    da = dy * (a > 0)
    dx, dW = da @ W, da.T @ x
    if P is None:
        return dx + dy, dW
    return dx + dy @ P, dW

# === residual_backward: gradient-times-the-branch
def residual_forward(x, W, P=None):
    a = x @ W.T
    return np.maximum(a, 0) + (x if P is None else x @ P.T), (x, W, P, a)

def residual_backward(dy, cache):
    x, W, P, a = cache
    da = dy * np.maximum(a, 0)
    dx, dW = da @ W, da.T @ x
    if P is None:
        return dx + dy, dW
    return dx + dy @ P, dW, dy.T @ x

# === replace_head: head-small
def replace_head(model, C, rng):
    D = model.layers[-1].W.shape[0]
    model.layers[-1] = type(model.layers[-1])(0.01 * rng.normal(size=(D, C)), np.zeros(C))

# === replace_head: head-uniform-too-narrow
def replace_head(model, C, rng):
    D = model.layers[-1].W.shape[0]
    model.layers[-1] = type(model.layers[-1])(rng.uniform(-1, 1, (D, C)) * np.sqrt(2 / D), np.zeros(C))

# === transfer_plan: lots-of-similar-data-frozen
def transfer_plan(n_data, similarity):
    if n_data < 10000 or similarity == "similar":
        return "linear classifier on top" if similarity == "similar" else "linear classifier on earlier stages"
    return "fine-tune many layers"

# === Sequential: last-layer-skipped-on-the-way-back
class Sequential:
    def __init__(self, layers):
        self.layers = list(layers)
    def forward(self, X, train=True):
        for layer in self.layers:
            X = layer.forward(X, train)
        return X
    def backward(self, dY):
        for layer in self.layers[:-1][::-1]:
            dY = layer.backward(dY)
        return dY
    def params(self):
        return [p for layer in self.layers for p in layer.params()]

# === Sequential: last-layer-params-only
class Sequential:
    def __init__(self, layers):
        self.layers = list(layers)
    def forward(self, X, train=True):
        for layer in self.layers:
            X = layer.forward(X, train)
        return X
    def backward(self, dY):
        for layer in self.layers[::-1]:
            dY = layer.backward(dY)
        return dY
    def params(self):
        for layer in self.layers:
            out = list(layer.params())
        return out

# === Sequential: every-layer-gets-the-input
class Sequential:
    def __init__(self, layers):
        self.layers = list(layers)
    def forward(self, X, train=True):
        for layer in self.layers:
            Y = layer.forward(X, train)
        return Y
    def backward(self, dY):
        for layer in self.layers[::-1]:
            dY = layer.backward(dY)
        return dY
    def params(self):
        return [p for layer in self.layers for p in layer.params()]

# === Sequential: test-mode-by-default
class Sequential:
    def __init__(self, layers):
        self.layers = list(layers)
    def forward(self, X, train=False):
        for layer in self.layers:
            X = layer.forward(X, train)
        return X
    def backward(self, dY):
        for layer in self.layers[::-1]:
            dY = layer.backward(dY)
        return dY
    def params(self):
        return [p for layer in self.layers for p in layer.params()]

# === Sequential: layers-reversed-for-good
class Sequential:
    def __init__(self, layers):
        self.layers = list(layers)
    def forward(self, X, train=True):
        for l in self.layers: X = l.forward(X, train)
        return X
    def backward(self, dY):
        self.layers.reverse()
        for l in self.layers: dY = l.backward(dY)
        return dY
    def params(self):
        return [p for l in self.layers for p in l.params()]

# === replace_head: other-layers-frozen
def replace_head(model, C, rng):
    D = model.layers[-1].W.shape[0]
    for l in model.layers: l.frozen = True
    model.layers[-1] = type(model.layers[-1])(rng.normal(0, np.sqrt(2 / D), (D, C)), np.zeros(C))
