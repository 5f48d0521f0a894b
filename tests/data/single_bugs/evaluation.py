# === mse: mse-root
def mse(y, yhat):
    return np.linalg.norm(y - yhat) / np.sqrt(len(y))

# === mse: mse-absolute
def mse(y, yhat):
    return float(np.mean(np.abs(np.asarray(y) - yhat)))

# === mse: mse-divides-by-r-minus-1
def mse(y, yhat):
    return np.sum((y - yhat) ** 2) / (len(y) - 1)

# === fit_poly: fit-degree-one-less
def fit_poly(x, y, degree):
    A = np.stack([x ** k for k in range(degree)], axis=1)
    return np.linalg.lstsq(A, y, rcond=None)[0]

def predict_poly(coef, x):
    return sum(c * x ** k for k, c in enumerate(coef))

# === predict_poly: predict-order-reversed
def predict_poly(coef, x):
    return truth["predict_poly"](coef[::-1], x)

# === join_dots: join-dots-extrapolates
def join_dots(xt, yt, xq):
    o = np.argsort(xt)
    xs, ys = xt[o], yt[o]
    i = np.clip(np.searchsorted(xs, xq) - 1, 0, len(xs) - 2)
    t = (xq - xs[i]) / (xs[i + 1] - xs[i])
    return ys[i] + t * (ys[i + 1] - ys[i])

# === join_dots: join-dots-nearest
def join_dots(xt, yt, xq):
    return np.array([yt[np.argmin(np.abs(xt - q))] for q in xq])

# === train_test_split: split-swapped
def train_test_split(R, frac, rng):
    idx = rng.permutation(R)
    n = int(round(frac * R))
    return idx[:n], idx[n:]

# === train_test_split: split-not-shuffled
def train_test_split(R, frac, rng):
    n_test = int(round(frac * R))
    idx = np.arange(R)
    return idx[:-n_test], idx[-n_test:]

# === test_set_score: test-set-sum-not-divided
def test_set_score(fit, predict, x, y, test_idx):
    keep = np.setdiff1d(np.arange(len(x)), test_idx)
    model = fit(x[keep], y[keep])
    return sum((predict(model, x[test_idx]) - y[test_idx]) ** 2)

# === loocv_score: loocv-last-point-missing
def loocv_score(fit, predict, x, y):
    total = 0.0
    R = len(x)
    for i in range(R - 1):
        xs, ys = np.delete(x, i), np.delete(y, i)
        total += float(predict(fit(xs, ys), x[i:i + 1])[0] - y[i]) ** 2
    return total / (R - 1)

# === loocv_score: loocv-leaks-test
def loocv_score(fit, predict, x, y):
    errors = []
    for i in range(len(x)):
        model = fit(x, y)
        errors.append((predict(model, x[[i]])[0] - y[i]) ** 2)
    return np.mean(errors)

# === kfold_indices: kfold-rest-in-last-fold
def kfold_indices(R, k, rng):
    p, n = rng.permutation(R), R // k
    folds = [p[i * n:(i + 1) * n] for i in range(k - 1)]
    return folds + [p[(k - 1) * n:]]

# === kfold_score: kfold-mean-of-fold-means
def kfold_score(fit, predict, x, y, folds):
    scores = []
    for test in folds:
        mask = np.ones(len(x), bool)
        mask[test] = False
        m = fit(x[mask], y[mask])
        scores.append(np.mean((predict(m, x[test]) - y[test]) ** 2))
    return np.mean(scores)

# === kfold_score: kfold-trains-on-the-fold-divided-by-r
def kfold_score(fit, predict, x, y, folds):
    total = 0.0
    for fold in folds:
        rest = np.array([i for i in range(len(x)) if i not in set(fold.tolist())])
        m = fit(x[fold], y[fold])
        total += np.sum((predict(m, x[rest]) - y[rest]) ** 2)
    return total / len(x)

# === select_model: select-highest-score
def select_model(models, x, y, scheme):
    scores = {name: scheme(fit, predict, x, y) for name, (fit, predict) in models.items()}
    return sorted(scores, key=scores.get)[-1]

# === mse: mse-square-of-mean
def mse(y, yhat):
    return np.mean(y - yhat) ** 2

# === fit_poly: no-intercept
def fit_poly(x, y, degree):
    A = np.column_stack([x ** (k + 1) for k in range(degree)])
    return np.append(0.0, np.linalg.lstsq(A, y, rcond=None)[0])

def predict_poly(coef, x):
    return np.polyval(coef[::-1], x)

# === predict_poly: predict-highest-power-missing
def predict_poly(coef, x):
    return sum(coef[k] * x ** k for k in range(len(coef) - 1))

def fit_poly(x, y, degree):
    return np.polyfit(x, y, degree)[::-1]

# === join_dots: join-dots-left-neighbour
def join_dots(xt, yt, xq):
    o = np.argsort(xt)
    i = np.clip(np.searchsorted(xt[o], xq, side="right") - 1, 0, len(xt) - 1)
    return yt[o][i]

# === train_test_split: split-test-with-replacement
def train_test_split(R, frac, rng):
    n = round(R * frac)
    test = rng.choice(R, n)
    return np.setdiff1d(np.arange(R), test), test

# === kfold_indices: kfold-rest-dropped
def kfold_indices(R, k, rng):
    p = rng.permutation(R)
    n = R // k
    return [p[i * n:(i + 1) * n] for i in range(k)]

# === kfold_indices: kfold-training-folds
def kfold_indices(R, k, rng):
    p = rng.permutation(R)
    return [np.concatenate([f for j, f in enumerate(np.array_split(p, k)) if j != i]) for i in range(k)]

# === kfold_score: kfold-divides-by-k
def kfold_score(fit, predict, x, y, folds):
    t = 0.0
    for f in folds:
        r = np.setdiff1d(np.arange(len(x)), f)
        t += ((predict(fit(x[r], y[r]), x[f]) - y[f]) ** 2).sum()
    return t / len(folds)

# === loocv_score: loocv-training-error
def loocv_score(fit, predict, x, y):
    out = []
    for i in range(len(x)):
        m = np.arange(len(x)) != i
        out.append(np.mean((predict(fit(x[m], y[m]), x[m]) - y[m]) ** 2))
    return np.mean(out)

# === loocv_score: loocv-neighbour-left-out
def loocv_score(fit, predict, x, y):
    t = 0.0
    for i in range(len(x)):
        m = np.arange(len(x)) != (i + 1) % len(x)
        t += (predict(fit(x[m], y[m]), x[i:i + 1])[0] - y[i]) ** 2
    return t / len(x)

# === test_set_score: test-set-training-error
def test_set_score(fit, predict, x, y, test_idx):
    m = np.ones(len(x), bool)
    m[test_idx] = False
    return np.mean((predict(fit(x[m], y[m]), x[m]) - y[m]) ** 2)

# === select_model: select-returns-score
def select_model(models, x, y, scheme):
    return min(scheme(f, p, x, y) for f, p in models.values())

# === mse: mse-sum
def mse(y, yhat):
    return sum((a - b) ** 2 for a, b in zip(y, yhat))

# === join_dots: join-dots-zero-beyond
def join_dots(xt, yt, xq):
    o = np.argsort(xt)
    return np.interp(xq, xt[o], yt[o], left=0, right=0)

# === kfold_score: kfold-last-fold-only
def kfold_score(fit, predict, x, y, folds):
    for f in folds:
        r = np.setdiff1d(np.arange(len(x)), f)
        s = np.mean((predict(fit(x[r], y[r]), x[f]) - y[f]) ** 2)
    return s

# === loocv_score: loocv-not-squared
def loocv_score(fit, predict, x, y):
    return np.mean([abs(predict(fit(np.delete(x, i), np.delete(y, i)), x[i:i + 1])[0] - y[i]) for i in range(len(x))])

# === fit_poly: fit-sorts-x-only
def fit_poly(x, y, degree):
    return np.polyfit(np.sort(x), y, degree)

def predict_poly(coef, x):
    return np.polyval(coef, x)

# === train_test_split: split-beginning-for-testing
def train_test_split(R, frac, rng):
    n = round(R * frac)
    return np.arange(n, R), np.arange(n)

# === test_set_score: test-set-leaks-test
def test_set_score(fit, predict, x, y, test_idx):
    m = fit(x, y)
    return np.mean((predict(m, x[test_idx]) - y[test_idx]) ** 2)

# === test_set_score: test-set-trains-on-the-test-set
def test_set_score(fit, predict, x, y, test_idx):
    m = fit(x[test_idx], y[test_idx])
    r = np.setdiff1d(np.arange(len(x)), test_idx)
    return np.mean((predict(m, x[r]) - y[r]) ** 2)

# === loocv_score: loocv-sum-not-divided
def loocv_score(fit, predict, x, y):
    t = 0
    for i in range(len(x)):
        m = fit(np.delete(x, i), np.delete(y, i))
        t += (predict(m, x[i:i + 1])[0] - y[i]) ** 2
    return t

# === kfold_score: kfold-last-fold-only-divided-by-r
def kfold_score(fit, predict, x, y, folds):
    for f in folds:
        r = np.setdiff1d(np.arange(len(x)), f)
        m = fit(x[r], y[r])
        t = np.sum((predict(m, x[f]) - y[f]) ** 2)
    return t / len(x)

# === select_model: select-last-of-ties
def select_model(models, x, y, scheme):
    best, low = None, float("inf")
    for n, (f, p) in models.items():
        s = scheme(f, p, x, y)
        if s <= low:
            best, low = n, s
    return best
