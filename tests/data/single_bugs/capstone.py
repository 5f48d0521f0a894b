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
