# === num_grad: one-sided-difference
def num_grad(f, x, eps=1e-5):
    g = np.zeros(x.shape)
    y0 = f(x)
    for i in np.ndindex(x.shape):
        z = x.copy()
        z[i] += eps
        g[i] = (f(z) - y0) / eps
    return g

# === num_grad: divides-by-eps
def num_grad(f, x, eps=1e-5):
    flat = x.ravel().copy()
    out = []
    for i in range(len(flat)):
        up, down = flat.copy(), flat.copy()
        up[i] += eps
        down[i] -= eps
        out.append((f(up.reshape(x.shape)) - f(down.reshape(x.shape))) / eps)
    return np.array(out).reshape(x.shape)

# === num_grad: half-step-full-width
def num_grad(f, x, eps=1e-5):
    g = np.zeros_like(x)
    for i in np.ndindex(*x.shape):
        e = np.zeros_like(x)
        e[i] = eps / 2
        g[i] = (f(x + e) - f(x - e)) / (2 * eps)
    return g

# === num_grad: rows-moved-together
def num_grad(f, x, eps=1e-5):
    g = np.zeros_like(x)
    for i in range(len(x)):
        a, b = x.copy(), x.copy()
        a[i] += eps
        b[i] -= eps
        g[i] = (f(a) - f(b)) / (2 * eps)
    return g

# === rel_error: error-averaged
def rel_error(a, b):
    a, b = np.asarray(a), np.asarray(b)
    top = np.abs(a - b)
    return float(np.mean(top / np.maximum(np.abs(a) + np.abs(b), 1e-8)))

# === rel_error: divided-by-the-larger
def rel_error(a, b):
    worst = 0.0
    for p, q in zip(np.ravel(a), np.ravel(b)):
        scale = max(abs(p), abs(q), 1e-8)
        worst = max(worst, abs(p - q) / scale)
    return worst

# === graph_forward: constant-ignored
def graph_forward(nodes, values):
    env = dict(values)
    for name, op, ins in nodes:
        a = env[ins[0]]
        if op == "add":
            r = a + env[ins[1]]
        elif op == "mul":
            r = a * env[ins[1]]
        elif op == "neg":
            r = -a
        elif op == "inv":
            r = 1 / a
        elif op == "exp":
            r = np.exp(a)
        else:
            r = a
        env[name] = r
    return env

# === graph_forward: neg-forgotten
import operator

TABLE = {
    "add": operator.add, "mul": operator.mul, "addc": operator.add, "mulc": operator.mul,
    "neg": lambda a: +a, "inv": lambda a: a ** -1.0, "exp": np.exp,
}

def graph_forward(nodes, values):
    known = {**values}
    for name, op, inputs in nodes:
        known[name] = TABLE[op](*[known[i] if isinstance(i, str) else i for i in inputs])
    return known

# === graph_backward: reuse-overwrites
def graph_backward(nodes, values, out):
    grad = {name: 0.0 for name in values}
    grad[out] = 1.0
    for name, op, ins in nodes[::-1]:
        g = grad[name]
        if op == "add":
            grad[ins[0]] = g
            grad[ins[1]] = g
        elif op == "mul":
            grad[ins[0]] = g * values[ins[1]]
            grad[ins[1]] = g * values[ins[0]]
        elif op == "neg":
            grad[ins[0]] = -g
        elif op == "inv":
            grad[ins[0]] = -g / values[ins[0]] ** 2
        elif op == "exp":
            grad[ins[0]] = g * values[name]
        elif op == "addc":
            grad[ins[0]] = g
        elif op == "mulc":
            grad[ins[0]] = g * ins[1]
    return grad

# === graph_backward: exp-derivative-input
def graph_backward(nodes, values, out):
    grad = dict.fromkeys(values, 0.0)
    grad[out] = 1.0
    for name, op, ins in reversed(nodes):
        g, a = grad[name], ins[0]
        if op == "add":
            for i in ins:
                grad[i] += g
        if op == "mul":
            grad[a] += g * values[ins[1]]
            grad[ins[1]] += g * values[a]
        if op == "neg":
            grad[a] -= g
        if op == "inv":
            grad[a] -= g * values[name] ** 2
        if op == "exp":
            grad[a] += g * values[a]
        if op == "addc":
            grad[a] += g
        if op == "mulc":
            grad[a] += g * ins[1]
    return grad

# === circuit_backward: slope-is-f
def circuit_forward(w0, x0, w1, x1, w2):
    a = w0 * x0 + w1 * x1 + w2
    return {"f": 1 / (1 + np.exp(-a)), "in": (w0, x0, w1, x1, w2)}

def circuit_backward(cache):
    w0, x0, w1, x1, w2 = cache["in"]
    d = cache["f"]
    return d * x0, d * w0, d * x1, d * w1, d

# === circuit_backward: bias-gradient-one
def circuit_forward(w0, x0, w1, x1, w2):
    a = w0 * x0 + w1 * x1 + w2
    return {"f": 1 / (1 + np.exp(-a)), "in": (w0, x0, w1, x1, w2)}

def circuit_backward(cache):
    w0, x0, w1, x1, w2 = cache["in"]
    d = cache["f"] * (1 - cache["f"])
    return d * x0, d * w0, d * x1, d * w1, 1.0

# === mean_sub_forward: mean-sub-of-all
def mean_sub_forward(X):
    m = X.sum() / X.size
    return np.array([[x - m for x in row] for row in X])

# === mean_sub_backward: mean-sub-backward-identity
def mean_sub_backward(dH):
    dX = dH.copy()
    return dX

# === dense_forward: dense-no-bias
def dense_forward(x, W, b):
    h = np.zeros(len(b))
    for m in range(W.shape[0]):
        for d in range(W.shape[1]):
            h[m] += W[m, d] * x[d]
    return h

# === dense_backward: dense-dW-transposed
def dense_backward(dh, x, W):
    return W.T @ dh, np.outer(x, dh), dh.copy()

# === dense_backward: dense-dx-last-output
def dense_backward(dh, x, W):
    dx, dW, db = np.zeros(len(x)), np.zeros(W.shape), np.zeros(len(dh))
    for m in range(len(dh)):
        db[m] = dh[m]
        for d in range(len(x)):
            dW[m, d] = dh[m] * x[d]
            dx[d] = dh[m] * W[m, d]
    return dx, dW, db

# === grad_check: ones-on-both-sides
def grad_check(forward, backward, x, dy):
    y, cache = forward(x)
    mine = backward(np.ones_like(y), cache)
    num = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        e = np.zeros_like(x)
        e[i] = 1e-5
        num[i] = np.sum(forward(x + e)[0] - forward(x - e)[0]) / 2e-5
    return float(np.max(np.abs(mine - num) / np.maximum(np.abs(mine) + np.abs(num), 1e-8)))

# === num_grad: eps-fixed
def num_grad(f, x, eps=1e-5):
    h = 1e-5
    g = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        a, b = x.copy(), x.copy()
        a[i] += eps
        b[i] -= eps
        g[i] = (f(a) - f(b)) / (2 * h)
    return g

# === num_grad: backward-difference
def num_grad(f, x, eps=1e-5):
    g = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        b = x.copy()
        b[i] -= eps
        g[i] = (f(x) - f(b)) / eps
    return g

# === rel_error: divided-by-one-side
def rel_error(a, b):
    return float(np.max(np.abs(a - b) / np.maximum(1e-8, np.abs(a))))

# === graph_forward: mul-adds
def graph_forward(nodes, values):
    v = dict(values)
    for name, op, ins in nodes:
        x = v[ins[0]]
        y = v[ins[1]] if len(ins) > 1 and isinstance(ins[1], str) else (ins[1] if len(ins) > 1 else None)
        if op in ("add", "mul", "addc"):
            v[name] = x + y
        elif op == "mulc":
            v[name] = x * y
        elif op == "neg":
            v[name] = -x
        elif op == "inv":
            v[name] = 1.0 / x
        else:
            v[name] = np.exp(x)
    return v

# === graph_backward: inv-derivative-no-minus
def graph_backward(nodes, values, out):
    g = {k: 0.0 for k in values}
    g[out] = 1.0
    for name, op, ins in reversed(nodes):
        d = g[name]
        if op == "add":
            g[ins[0]] += d
            g[ins[1]] += d
        elif op == "mul":
            g[ins[0]] += d * values[ins[1]]
            g[ins[1]] += d * values[ins[0]]
        elif op == "neg":
            g[ins[0]] += -d
        elif op == "inv":
            g[ins[0]] += d / values[ins[0]] ** 2
        elif op == "exp":
            g[ins[0]] += d * np.exp(values[ins[0]])
        elif op == "addc":
            g[ins[0]] += d
        else:
            g[ins[0]] += d * ins[1]
    return g

# === graph_backward: mulc-derivative-one
def graph_backward(nodes, values, out):
    g = {k: 0.0 for k in values}
    g[out] = 1.0
    rules = {
        "add": lambda v, i: [1.0, 1.0], "mul": lambda v, i: [v[i[1]], v[i[0]]], "neg": lambda v, i: [-1.0],
        "inv": lambda v, i: [-1 / v[i[0]] ** 2], "exp": lambda v, i: [np.exp(v[i[0]])],
        "addc": lambda v, i: [1.0], "mulc": lambda v, i: [1.0],
    }
    for name, op, ins in nodes[::-1]:
        for i, slope in zip(ins, rules[op](values, ins)):
            g[i] += slope * g[name]
    return g

# === graph_backward: first-node-left-out
def graph_backward(nodes, values, out):
    g = {k: 0.0 for k in values}
    g[out] = 1.0
    for name, op, ins in nodes[:0:-1]:
        d = g[name]
        a = ins[0]
        if op in ("add", "addc"):
            g[a] += d
            if op == "add":
                g[ins[1]] += d
        elif op == "mul":
            g[a] += d * values[ins[1]]
            g[ins[1]] += d * values[a]
        elif op == "neg":
            g[a] -= d
        elif op == "inv":
            g[a] -= d / values[a] ** 2
        elif op == "exp":
            g[a] += d * values[name]
        else:
            g[a] += d * ins[1]
    return g

# === circuit_backward: mul-own-value
def circuit_forward(w0, x0, w1, x1, w2):
    return {"f": 1 / (1 + np.exp(-(w0 * x0 + w1 * x1 + w2))), "a": (w0, x0, w1, x1)}

def circuit_backward(cache):
    w0, x0, w1, x1 = cache["a"]
    s = cache["f"] * (1 - cache["f"])
    return s * w0, s * x0, s * w1, s * x1, s

# === mean_sub_backward: mean-sub-sum
def mean_sub_backward(dH):
    return dH - dH.sum(1)[:, None]

# === dense_backward: dense-db-summed
def dense_backward(dh, x, W):
    return dh @ W, dh[:, None] * x[None, :], np.sum(dh)

# === dense_backward: dense-dW-no-dh
def dense_backward(dh, x, W):
    return W.T @ dh, np.array([x for _ in dh]), dh.copy()

# === mean_sub_forward: mean-sub-divided-by-n
def mean_sub_forward(X):
    N = len(X)
    return X - X.sum(axis=1, keepdims=True) / N

# === mean_sub_backward: mean-sub-over-batch
def mean_sub_backward(dH):
    return dH - np.mean(dH, 0)

# === dense_forward: dense-bias-per-product
def dense_forward(x, W, b):
    h = np.zeros(W.shape[0])
    for i in range(W.shape[0]):
        for j in range(W.shape[1]):
            h[i] += W[i, j] * x[j] + b[i]
    return h

# === graph_backward: add-splits
def graph_backward(nodes, values, out):
    g = dict.fromkeys(values, 0.0)
    g[out] = 1.0
    for name, op, ins in nodes[::-1]:
        d = g[name]
        if op == "add":
            for i in ins:
                g[i] += d / 2
        elif op == "mul":
            g[ins[0]] += d * values[ins[1]]
            g[ins[1]] += d * values[ins[0]]
        elif op == "neg":
            g[ins[0]] -= d
        elif op == "inv":
            g[ins[0]] -= d * values[name] * values[name]
        elif op == "exp":
            g[ins[0]] += d * values[name]
        elif op == "addc":
            g[ins[0]] += d
        else:
            g[ins[0]] += d * ins[1]
    return g

# === graph_backward: second-input-left-out
def graph_backward(nodes, values, out):
    g = dict.fromkeys(values, 0.0)
    g[out] = 1.0
    for name, op, ins in nodes[::-1]:
        d = g[name]
        slope = {"add": 1, "neg": -1, "inv": -values[name] ** 2, "exp": values[name], "addc": 1}.get(op)
        if op == "mul":
            slope = values[ins[1]]
        if op == "mulc":
            slope = ins[1]
        g[ins[0]] += d * slope
    return g

# === num_grad: all-entries-moved
def num_grad(f, x, eps=1e-5):
    return np.full(x.shape, (f(x + eps) - f(x - eps)) / (2 * eps))

# === num_grad: sign-swapped
def num_grad(f, x, eps=1e-5):
    g = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        u, d = x.copy(), x.copy()
        u[i] += eps
        d[i] -= eps
        g[i] = (f(d) - f(u)) / (2 * eps)
    return g

# === rel_error: maxima-divided
def rel_error(a, b):
    return float(np.max(np.abs(a - b)) / max(1e-8, np.max(np.abs(a) + np.abs(b))))

# === rel_error: signs-cancel
def rel_error(a, b):
    return float(np.max(np.abs(a - b) / np.maximum(1e-8, np.abs(a + b))))

# === rel_error: difference-keeps-its-sign
def rel_error(a, b):
    return float(np.max((a - b) / np.maximum(1e-8, np.abs(a) + np.abs(b))))

# === grad_check: upstream-ignored
def grad_check(forward, backward, x, dy):
    ng = truth["num_grad"](lambda v: forward(v)[0].sum(), x)
    return truth["rel_error"](backward(dy, forward(x)[1]), ng)

# === grad_check: ones-as-upstream
def grad_check(forward, backward, x, dy):
    ng = truth["num_grad"](lambda v: (forward(v)[0] * dy).sum(), x)
    return truth["rel_error"](backward(np.ones_like(dy), forward(x)[1]), ng)

# === graph_forward: values-changed
def graph_forward(nodes, values):
    for name, op, i in nodes:
        a = values[i[0]]
        if op == "add": values[name] = a + values[i[1]]
        elif op == "mul": values[name] = a * values[i[1]]
        elif op == "neg": values[name] = -a
        elif op == "inv": values[name] = 1 / a
        elif op == "exp": values[name] = np.exp(a)
        elif op == "addc": values[name] = a + i[1]
        elif op == "mulc": values[name] = a * i[1]
    return values

# === graph_forward: leaves-missing
def graph_forward(nodes, values):
    v = dict(values)
    new = {}
    for name, op, i in nodes:
        a = v[i[0]]
        if op == "add": r = a + v[i[1]]
        elif op == "mul": r = a * v[i[1]]
        elif op == "neg": r = -a
        elif op == "inv": r = 1 / a
        elif op == "exp": r = np.exp(a)
        elif op == "addc": r = a + i[1]
        else: r = a * i[1]
        v[name] = new[name] = r
    return new

# === graph_backward: nodes-in-forward-order
def graph_backward(nodes, values, out):
    g = {k: 0.0 for k in values}
    g[out] = 1.0
    for name, op, i in nodes:
        u = g[name]
        if op == "add": g[i[0]] += u; g[i[1]] += u
        elif op == "mul": g[i[0]] += u * values[i[1]]; g[i[1]] += u * values[i[0]]
        elif op == "neg": g[i[0]] -= u
        elif op == "inv": g[i[0]] -= u / values[i[0]] ** 2
        elif op == "exp": g[i[0]] += u * values[name]
        elif op == "addc": g[i[0]] += u
        elif op == "mulc": g[i[0]] += u * i[1]
    return g

# === graph_backward: addc-derivative-constant
def graph_backward(nodes, values, out):
    g = {k: 0.0 for k in values}
    g[out] = 1.0
    for name, op, i in reversed(nodes):
        u = g[name]
        if op == "add": g[i[0]] += u; g[i[1]] += u
        elif op == "mul": g[i[0]] += u * values[i[1]]; g[i[1]] += u * values[i[0]]
        elif op == "neg": g[i[0]] -= u
        elif op == "inv": g[i[0]] -= u / values[i[0]] ** 2
        elif op == "exp": g[i[0]] += u * values[name]
        elif op in ("addc", "mulc"): g[i[0]] += u * i[1]
    return g

# === graph_backward: out-taken-as-last
def graph_backward(nodes, values, out):
    g = {k: 0.0 for k in values}
    g[nodes[-1][0]] = 1.0
    for name, op, i in reversed(nodes):
        u = g[name]
        if op == "add": g[i[0]] += u; g[i[1]] += u
        elif op == "mul": g[i[0]] += u * values[i[1]]; g[i[1]] += u * values[i[0]]
        elif op == "neg": g[i[0]] -= u
        elif op == "inv": g[i[0]] -= u / values[i[0]] ** 2
        elif op == "exp": g[i[0]] += u * values[name]
        elif op == "addc": g[i[0]] += u
        elif op == "mulc": g[i[0]] += u * i[1]
    return g

# === circuit_forward: bias-subtracted
def circuit_forward(w0, x0, w1, x1, w2):
    f = 1 / (1 + np.exp(-(w0 * x0 + w1 * x1 - w2)))
    return {"f": f, "in": (w0, x0, w1, x1, w2)}

# === circuit_backward: bias-gradient-times-itself
def circuit_forward(w0, x0, w1, x1, w2):
    f = 1 / (1 + np.exp(-(w0 * x0 + w1 * x1 + w2)))
    return {"f": f, "in": (w0, x0, w1, x1, w2)}

def circuit_backward(cache):
    f, (w0, x0, w1, x1, w2) = cache["f"], cache["in"]
    g = f * (1 - f)
    return g * x0, g * w0, g * x1, g * w1, g * w2

# === circuit_backward: slope-not-squared
def circuit_forward(w0, x0, w1, x1, w2):
    f = 1 / (1 + np.exp(-(w0 * x0 + w1 * x1 + w2)))
    return {"f": f, "in": (w0, x0, w1, x1, w2)}

def circuit_backward(cache):
    f, (w0, x0, w1, x1, w2) = cache["f"], cache["in"]
    g = 1 - f
    return g * x0, g * w0, g * x1, g * w1, g

# === dense_forward: dense-bias-subtracted
def dense_forward(x, W, b):
    return W @ x - b

# === dense_backward: dense-db-ones
def dense_backward(dh, x, W):
    return W.T @ dh, np.outer(dh, x), np.ones(len(dh))

# === mean_sub_forward: mean-sub-standardised
def mean_sub_forward(X):
    return (X - X.mean(1, keepdims=True)) / X.std(1, keepdims=True)

# === mean_sub_forward: mean-sub-over-batch
def mean_sub_forward(X):
    return X - X.mean(axis=0)

# === mean_sub_backward: mean-sub-backward-diagonal
def mean_sub_backward(dH):
    return dH * (1 - 1 / dH.shape[1])
