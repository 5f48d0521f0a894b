# === numgrad-flat-generator
def num_grad(f, x, eps=1e-5):
    flat = x.ravel()
    def slope(i):
        e = np.zeros(flat.size)
        e[i] = eps
        e = e.reshape(x.shape)
        return (f(x + e) - f(x - e)) / (2 * eps)
    return np.fromiter((slope(i) for i in range(flat.size)), float).reshape(x.shape)

def rel_error(a, b):
    worst = 0.0
    for p, q in zip(np.ravel(a), np.ravel(b)):
        worst = max(worst, abs(p - q) / max(1e-8, abs(p) + abs(q)))
    return worst

def grad_check(forward, backward, x, dy):
    y, cache = forward(x)
    return rel_error(backward(dy, cache), num_grad(lambda v: (forward(v)[0] * dy).sum(), x))

# === numgrad-nditer-restore
def num_grad(f, x, eps=1e-5):
    grad = np.zeros_like(x)
    it = np.nditer(x, flags=["multi_index"], op_flags=[["readonly"]])
    z = np.array(x)
    while not it.finished:
        ix = it.multi_index
        old = z[ix]
        z[ix] = old + eps
        hi = f(z)
        z[ix] = old - eps
        lo = f(z)
        z[ix] = old
        grad[ix] = (hi - lo) / (2.0 * eps)
        it.iternext()
    return grad

def rel_error(a, b):
    num = np.fabs(np.subtract(a, b))
    den = np.clip(np.fabs(a) + np.fabs(b), 1e-8, None)
    return np.divide(num, den).max()

def grad_check(forward, backward, x, dy):
    def L(v):
        y, _ = forward(v)
        return np.vdot(y, dy)
    numeric = num_grad(L, x)
    analytic = backward(dy, forward(x)[1])
    return np.array(rel_error(analytic, numeric))

# === numgrad-half-differences
def num_grad(f, x, eps=1e-5):
    dx = np.zeros(np.shape(x))
    for idx, v in np.ndenumerate(x):
        plus = np.copy(x); plus[idx] = v + eps
        minus = np.copy(x); minus[idx] = v - eps
        dx[idx] = 0.5 * (f(plus) - f(minus)) / eps
    return dx

def grad_check(forward, backward, x, dy):
    # own copy of everything
    numeric = np.zeros(x.shape)
    eps = 1e-5
    for idx in np.ndindex(*x.shape):
        vals = []
        for sign in (+1, -1):
            moved = x.copy()
            moved[idx] += sign * eps
            vals.append(float(np.sum(forward(moved)[0] * dy)))
        numeric[idx] = (vals[0] - vals[1]) / (2 * eps)
    _, cache = forward(x)
    a = backward(dy, cache)
    return float((np.abs(a - numeric) / np.maximum(np.abs(a) + np.abs(numeric), 1e-8)).max())

# === graph-match-recursion
def graph_forward(nodes, values):
    by_name = {n[0]: n for n in nodes}
    memo = {k: v for k, v in values.items()}

    def value(name):
        if not isinstance(name, str):
            return name
        if name not in memo:
            _, op, inputs = by_name[name]
            args = [value(i) for i in inputs]
            if op in ("add", "addc"):
                memo[name] = sum(args)
            elif op in ("mul", "mulc"):
                memo[name] = args[0] * args[1]
            elif op == "neg":
                memo[name] = -args[0]
            elif op == "inv":
                memo[name] = args[0] ** -1.0
            else:
                memo[name] = np.exp(args[0])
        return memo[name]

    for n in nodes:
        value(n[0])
    return memo

def graph_backward(nodes, values, out):
    # gradient of out with respect to a name: sum over the users of the name
    users = {}
    for name, op, inputs in nodes:
        for pos, i in enumerate(inputs):
            if isinstance(i, str):
                users.setdefault(i, []).append((name, op, inputs, pos))

    memo = {}

    def grad(name):
        if name == out:
            return 1.0
        if name not in memo:
            total = 0.0
            for user, op, inputs, pos in users.get(name, []):
                if op == "add" or op == "addc":
                    local = 1.0
                elif op == "mul":
                    local = values[inputs[1 - pos]]
                elif op == "mulc":
                    local = inputs[1]
                elif op == "neg":
                    local = -1.0
                elif op == "inv":
                    local = -values[user] ** 2
                else:
                    local = values[user]
                total += grad(user) * local
            memo[name] = total
        return memo[name]

    return {name: grad(name) for name in values}

# === graph-match-statement-defaultdict
from collections import defaultdict
import math

def graph_forward(nodes, values):
    v = {**values}
    for name, op, args in nodes:
        match op:
            case "add": v[name] = v[args[0]] + v[args[1]]
            case "mul": v[name] = v[args[0]] * v[args[1]]
            case "neg": v[name] = 0 - v[args[0]]
            case "inv": v[name] = 1 / v[args[0]]
            case "exp": v[name] = math.exp(v[args[0]])
            case "addc": v[name] = args[1] + v[args[0]]
            case "mulc": v[name] = args[1] * v[args[0]]
    return v

def graph_backward(nodes, values, out):
    grads = defaultdict(float)
    grads[out] = 1.0
    for name, op, args in nodes[::-1]:
        g = grads[name]
        match op:
            case "add":
                for a in args:
                    grads[a] += g
            case "mul":
                a, b = args
                grads[a] += g * values[b]
                grads[b] += g * values[a]
            case "neg": grads[args[0]] -= g
            case "inv": grads[args[0]] -= g / values[args[0]] ** 2
            case "exp": grads[args[0]] += g * math.exp(values[args[0]])
            case "addc": grads[args[0]] += g
            case "mulc": grads[args[0]] += g * args[1]
    return grads

# === graph-jacobian-forward-mode
def graph_forward(nodes, values):
    out = values.copy()
    def add(a, b): return a + b
    def mul(a, b): return a * b
    ops = dict(add=add, mul=mul, addc=add, mulc=mul, neg=lambda a: -1 * a, inv=lambda a: np.divide(1.0, a), exp=np.exp)
    for node in nodes:
        args = []
        for i in node[2]:
            args.append(out[i] if type(i) == str else i)
        out[node[0]] = ops[node[1]](*args)
    return out

def graph_backward(nodes, values, out):
    # forward mode: one sweep per name
    grads = {}
    for seed in values:
        tangent = {k: 0.0 for k in values}
        tangent[seed] = 1.0
        for name, op, i in nodes:
            if name == seed:
                continue
            t = tangent[i[0]]
            if op == "add": t = t + tangent[i[1]]
            if op == "mul": t = t * values[i[1]] + values[i[0]] * tangent[i[1]]
            if op == "neg": t = -t
            if op == "inv": t = -t / values[i[0]] ** 2
            if op == "exp": t = t * values[name]
            if op == "mulc": t = t * i[1]
            tangent[name] = t
        grads[seed] = tangent[out]
    return grads

# === circuit-gate-by-gate
import math

def circuit_forward(w0, x0, w1, x1, w2):
    a = w0 * x0
    b = w1 * x1
    c = a + b
    d = c + w2
    e = -1 * d
    g = math.exp(e)
    h = g + 1
    f = 1 / h
    return dict(locals())

def circuit_backward(cache):
    df = 1.0
    dh = df * -1 / cache["h"] ** 2
    dg = dh * 1
    de = dg * cache["g"]
    dd = -de
    dc = dd
    dw2 = dd
    da = db = dc
    return [da * cache["x0"], da * cache["w0"], db * cache["x1"], db * cache["w1"], dw2]

# === circuit-dict-subclass
class Cache(dict):
    __getattr__ = dict.__getitem__

def circuit_forward(w0, x0, w1, x1, w2):
    z = np.dot([w0, w1, 1.0], [x0, x1, w2])
    return Cache(f=np.divide(1, 1 + np.exp(-z)), z=z, inputs=np.array([x0, w0, x1, w1, 1.0]))

def circuit_backward(cache):
    s = np.exp(-cache.z) / (1 + np.exp(-cache.z)) ** 2
    return tuple(s * cache.inputs)

# === dense-numpy
def dense_forward(x, W, b):
    return W @ x + b

def dense_backward(dh, x, W):
    return W.T @ dh, np.outer(dh, x), dh.copy()

# === dense-lists
def dense_forward(x, W, b):
    return [bi + sum(wij * xj for wij, xj in zip(row, x)) for row, bi in zip(W, b)]

def dense_backward(dh, x, W):
    M, D = len(W), len(W[0])
    dx = [0.0 for _ in range(D)]
    for i in range(M):
        for j in range(D):
            dx[j] += W[i][j] * dh[i]
    return dx, [[dh[i] * x[j] for j in range(D)] for i in range(M)], list(dh)

# === dense-einsum-and-matrix
def dense_forward(x, W, b):
    h = np.matmul(W, x[:, np.newaxis])[:, 0]
    h += b
    return h

def dense_backward(dh, x, W):
    dx = np.einsum("i,ij->j", dh, W)
    dW = np.matrix(dh).T * np.matrix(x)
    return dx, dW, +dh

def mean_sub_forward(X):
    N, D = X.shape
    return X @ (np.eye(D) - np.ones((D, D)) / D)

def mean_sub_backward(dH):
    D = dH.shape[1]
    return dH @ (np.eye(D) - np.full((D, D), 1 / D))

# === meansub-transposes-and-loops
def mean_sub_forward(X):
    return (X.T - X.mean(1)).T

def mean_sub_backward(dH):
    dX = np.array(dH, dtype=float)
    for row in dX:
        row -= row.sum() / row.size
    return dX

# === meansub-apply-along
def mean_sub_forward(X):
    return np.apply_along_axis(lambda r: r - np.average(r), 1, X)

def mean_sub_backward(dH):
    N, D = dH.shape
    dX = np.zeros((N, D))
    for n in range(N):
        for j in range(D):
            for d in range(D):
                dX[n, j] += dH[n, d] * ((1.0 if d == j else 0.0) - 1.0 / D)
    return dX
