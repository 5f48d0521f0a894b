# === polyfit-and-horner
def mse(y, yhat):
    return ((y - yhat) ** 2).mean()

def fit_poly(x, y, degree):
    return np.polyfit(x, y, degree)

def predict_poly(coef, x):
    out = np.zeros(len(x))
    for c in coef:
        out = out * x + c
    return out

def join_dots(xt, yt, xq):
    pairs = sorted(zip(xt, yt))
    xs = [p[0] for p in pairs]
    ys = [p[1] for p in pairs]
    out = []
    for q in xq:
        if q <= xs[0]:
            out.append(ys[0])
        elif q >= xs[-1]:
            out.append(ys[-1])
        else:
            i = 0
            while xs[i + 1] < q:
                i += 1
            t = (q - xs[i]) / (xs[i + 1] - xs[i])
            out.append((1 - t) * ys[i] + t * ys[i + 1])
    return out

# === normal-equations-centred
def mse(y, yhat):
    total = 0
    for a, b in zip(y, yhat):
        total += (a - b) * (a - b)
    return total / len(y)

def fit_poly(x, y, degree):
    # QR
    A = np.vander(x, degree + 1, increasing=True)
    Q, R = np.linalg.qr(A)
    return np.linalg.solve(R, Q.T @ y)

def predict_poly(coef, x):
    return np.vander(x, len(coef), increasing=True) @ coef

def join_dots(xt, yt, xq):
    i = np.argsort(xt)
    xs, ys = np.take(xt, i), np.take(yt, i)
    right = np.clip(np.searchsorted(xs, xq), 1, len(xs) - 1)
    left = right - 1
    t = np.clip((xq - xs[left]) / (xs[right] - xs[left]), 0, 1)
    return ys[left] + t * (ys[right] - ys[left])

# === pinv-and-polyval
import operator

def mse(y, yhat):
    d = np.subtract(y, yhat)
    return np.dot(d, d) / d.size

def fit_poly(x, y, degree):
    A = np.array([[xi ** p for p in range(degree, -1, -1)] for xi in x])
    return np.linalg.pinv(A) @ y

def predict_poly(coef, x):
    return np.polyval(coef, x)

def join_dots(xt, yt, xq):
    table = dict(zip(xt.tolist(), yt.tolist()))
    xs = sorted(table)
    return np.interp(xq, xs, [table[x] for x in xs])

# === polynomial-module
from numpy.polynomial import polynomial as poly

def mse(y, yhat):
    return np.linalg.norm(yhat - y) ** 2 / len(y)

def fit_poly(x, y, degree):
    return poly.polyfit(x, y, degree)

def predict_poly(coef, x):
    return poly.polyval(x, coef)

# === chebyshev-object-as-coefficients
def fit_poly(x, y, degree):
    p = np.polynomial.Polynomial.fit(x, y, degree).convert()
    c = np.zeros(degree + 1)
    c[:len(p.coef)] = p.coef
    return c

def predict_poly(coef, x):
    return np.polynomial.Polynomial(coef)(x)

# === split-with-sets
def train_test_split(R, frac, rng):
    size = int(R * frac)
    test = rng.choice(R, size, replace=False)
    train = np.array(sorted(set(range(R)) - set(test.tolist())))
    return train, test

def kfold_indices(R, k, rng):
    return np.array_split(rng.permutation(R), k)

def test_set_score(fit, predict, x, y, test_idx):
    train_idx = np.setdiff1d(np.arange(len(x)), test_idx)
    m = fit(x[train_idx], y[train_idx])
    err = predict(m, x[test_idx]) - y[test_idx]
    return float(err @ err / len(test_idx))

def kfold_score(fit, predict, x, y, folds):
    pred = np.empty(len(y))
    for fold in folds:
        rest = np.delete(np.arange(len(y)), fold)
        pred[fold] = predict(fit(x[rest], y[rest]), x[fold])
    return np.mean((pred - y) ** 2)

def loocv_score(fit, predict, x, y):
    return kfold_score(fit, predict, x, y, [[i] for i in range(len(x))])

def select_model(models, x, y, scheme):
    return min(models, key=lambda name: scheme(*models[name], x, y))

# === split-ceil-and-masks
import math

def train_test_split(R, frac, rng):
    idx = np.arange(R)
    rng.shuffle(idx)
    cut = R - math.ceil(R * frac)
    return idx[:cut], idx[cut:]

def kfold_indices(R, k, rng):
    idx = list(range(R))
    rng.shuffle(idx)
    folds = [[] for _ in range(k)]
    for pos, i in enumerate(idx):
        folds[pos % k].append(i)
    return [np.array(f) for f in folds]

def test_set_score(fit, predict, x, y, test_idx):
    test = np.isin(np.arange(len(x)), test_idx)
    model = fit(x[~test], y[~test])
    return np.square(predict(model, x[test]) - y[test]).sum() / test.sum()

def loocv_score(fit, predict, x, y):
    errors = []
    for i in range(len(x)):
        model = fit(np.delete(x, i), np.delete(y, i))
        yhat = predict(model, np.array([x[i]]))
        errors.append((yhat[0] - y[i]) ** 2)
    return sum(errors) / len(errors)

def kfold_score(fit, predict, x, y, folds):
    errors = []
    for k in range(len(folds)):
        train = np.concatenate([folds[j] for j in range(len(folds)) if j != k])
        model = fit(x[train], y[train])
        errors.extend((predict(model, x[folds[k]]) - y[folds[k]]) ** 2)
    return np.mean(errors)

def select_model(models, x, y, scheme):
    scores = {name: scheme(fit, predict, x, y) for name, (fit, predict) in models.items()}
    return sorted(scores, key=scores.get)[0]

# === split-argsort-random-keys
def train_test_split(R, frac, rng):
    keys = rng.random(R)
    order = np.argsort(keys)
    n_test = max(1, round(frac * R))
    return np.sort(order[n_test:]), np.sort(order[:n_test])

def kfold_indices(R, k, rng):
    order = rng.permutation(R)
    folds, start = [], 0
    for f in range(k):
        size = R // k + (1 if f < R % k else 0)
        folds.append(order[start:start + size])
        start += size
    return tuple(folds)

def test_set_score(fit, predict, x, y, test_idx):
    xs = [v for i, v in enumerate(x) if i not in set(test_idx.tolist())]
    ys = [v for i, v in enumerate(y) if i not in set(test_idx.tolist())]
    model = fit(np.array(xs), np.array(ys))
    yhat = predict(model, x[test_idx])
    return sum((a - b) ** 2 for a, b in zip(yhat, y[test_idx])) / len(test_idx)

def loocv_score(fit, predict, x, y):
    R = len(x)
    def error(i):
        keep = [j for j in range(R) if j != i]
        return float((predict(fit(x[keep], y[keep]), x[[i]]) - y[i])[0]) ** 2
    return np.mean([error(i) for i in range(R)])

def kfold_score(fit, predict, x, y, folds):
    sizes = np.array([len(f) for f in folds])
    mses = []
    for fold in folds:
        rest = np.array([i for i in range(len(x)) if i not in fold])
        mses.append(np.mean((predict(fit(x[rest], y[rest]), x[fold]) - y[fold]) ** 2))
    return np.average(mses, weights=sizes)

def select_model(models, x, y, scheme):
    names = list(models)
    scores = [scheme(models[n][0], models[n][1], x, y) for n in names]
    return names[int(np.argmin(scores))]

# === split-iterative-draws
def train_test_split(R, frac, rng):
    pool = list(range(R))
    test = []
    for _ in range(int(round(R * frac))):
        test.append(pool.pop(int(rng.integers(len(pool)))))
    return pool, test

def kfold_indices(R, k, rng):
    labels = rng.permutation(np.arange(R) % k)
    return [np.flatnonzero(labels == f) for f in range(k)]

def mse(y, yhat):
    y = np.asarray(y); yhat = np.asarray(yhat)
    assert y.shape == yhat.shape
    return np.mean(np.abs(y - yhat) ** 2, dtype=np.float64)
