# === perceptron: bias-subtracted
def perceptron(x, w, b):
    return int(np.dot(w, x) > b)

# === perceptron: threshold-includes-zero
def perceptron(x, w, b):
    score = b
    for i in range(len(x)):
        score += x[i] * w[i]
    if score < 0:
        return 0
    return 1

# === perceptron_slide: last-window-missing
def perceptron_slide(x, w, b):
    out = []
    for t in range(len(x) - len(w)):
        out.append(int(x[t:t + len(w)] @ w + b > 0))
    return np.array(out)

# === linear_scores: first-example-for-all
def linear_scores(X, W, b):
    S = np.zeros((X.shape[0], W.shape[0]))
    for c in range(W.shape[0]):
        S[:, c] = np.sum(X[0] * W[c]) + b[c]
    return S

# === one_hot: one-hot-classes-from-labels
def one_hot(y, C):
    T = np.zeros((len(y), y.max() + 1))
    T[np.arange(len(y)), y] = 1
    return T

# === predict: predict-over-examples
def predict(F):
    return F.argmax(0)

# === svm_loss: hinge-own-class-counted
def svm_loss(S, y):
    n = len(S)
    right = S[range(n), y][:, None]
    m = np.maximum(0, S - right + 1)
    dS = (m > 0).astype(float)
    dS[range(n), y] = 0
    dS[range(n), y] = -dS.sum(axis=1)
    return m.sum() / n, dS / n

# === svm_loss: gradient-not-averaged
def svm_loss(S, y):
    L, dS = 0.0, np.zeros(S.shape)
    for i in range(len(S)):
        for j in range(S.shape[1]):
            if j == y[i]:
                continue
            gap = S[i, j] - S[i, y[i]] + 1.0
            if gap > 0:
                L += gap
                dS[i, j] += 1
                dS[i, y[i]] -= 1
    return L / len(S), dS

# === svm_loss: hinge-no-delta
def svm_loss(S, y):
    N = S.shape[0]
    idx = np.arange(N)
    M = np.clip(S - S[idx, y].reshape(N, 1), 0, None)
    M[idx, y] = 0
    G = 1.0 * (M > 0)
    G[idx, y] -= G.sum(1)
    return float(M.sum() / N), G / N

# === softmax: softmax-over-examples
def softmax(F):
    e = np.exp(F - np.max(F, axis=0))
    return e / e.sum(axis=0)

# === softmax: softmax-global-max
def softmax(F):
    e = np.exp(F - F.max())
    return e / np.sum(e, axis=-1, keepdims=True)

# === softmax: softmax-sign
def softmax(F):
    m = F.max(axis=1, keepdims=True)
    e = np.exp(m - F)
    return e / e.sum(axis=1, keepdims=True)

# === log_softmax: log-softmax-max-not-restored
def log_softmax(F):
    out = np.zeros_like(F)
    for i, row in enumerate(F):
        out[i] = row - np.log(np.sum(np.exp(row - row.max())))
    return out

# === softmax_loss: gradient-not-averaged
def softmax_loss(F, y):
    P = np.exp(F - F.max(1, keepdims=True))
    P = P / P.sum(1)[:, None]
    L = -np.mean(F[np.arange(len(y)), y] - F.max(1) - np.log(np.exp(F - F.max(1, keepdims=True)).sum(1)))
    T = np.eye(F.shape[1])[y]
    return L, P - T

# === softmax_loss: one-hot-subtracted-after-division
def softmax_loss(F, y):
    n = len(F)
    Z = F - F.max(axis=1, keepdims=True)
    logP = Z - np.log(np.exp(Z).sum(axis=1, keepdims=True))
    dF = np.exp(logP) / n
    for i in range(n):
        dF[i, y[i]] -= 1
    return -logP[np.arange(n), y].sum() / n, dF

# === softmax_loss: all-log-probabilities-summed
def softmax_loss(F, y):
    n = len(F)
    Z = F - F.max(axis=1, keepdims=True)
    logP = Z - np.log(np.exp(Z).sum(axis=1, keepdims=True))
    dF = (np.exp(logP) - np.eye(F.shape[1])[y]) / n
    return -logP.sum() / n, dF

# === bce_loss: bce-gradient-times-slope
def bce_loss(a, y):
    L = np.mean(np.maximum(a, 0) - a * y + np.log1p(np.exp(-np.abs(a))))
    e = np.exp(-np.abs(a))
    p = np.where(a >= 0, 1 / (1 + e), e / (1 + e))
    return L, (p - y) * p * (1 - p) / len(a)

# === bce_loss: nothing-averaged
def bce_loss(a, y):
    L = 0.0
    da = []
    for ai, yi in zip(a, y):
        L += max(ai, 0) - ai * yi + np.log1p(np.exp(-abs(ai)))
        e = np.exp(-abs(ai))
        p = 1 / (1 + e) if ai >= 0 else e / (1 + e)
        da.append((p - yi))
    return L, np.array(da)

# === l2_penalty: l2-gradient-no-two
def l2_penalty(W, lam):
    return lam * (W ** 2).sum(), lam * W

# === l2_penalty: l2-penalty-averaged
def l2_penalty(W, lam):
    return lam * np.mean(W * W), 2 * lam * W
