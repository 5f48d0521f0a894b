# === conv_out: out-plus1-forgotten
def conv_out(n, k, s=1, p=0, d=1):
    span = n + 2 * p - (d * (k - 1) + 1)
    return span // s, span % s == 0

# === conv_out: out-gap-off-by-one-throughout
def conv_out(n, k, s=1, p=0, d=1):
    big = k + (k - 1) * d  # taps and the zeros in between
    places, rest = divmod(n + p + p - big, s)
    return places + 1, not rest

# === conv_out: fits-always-true
def conv_out(n, k, s=1, p=0, d=1):
    out = (n + 2 * p - d * (k - 1) - 1) // s + 1
    return out, out == int(out)

# === conv_params: params-bias-per-weight
def conv_params(c_in, k, c_out, bias=True):
    weights = 0
    for f in range(c_out):
        for c in range(c_in):
            weights += k * k + (k * k if bias else 0)
    return weights

# === conv_params: params-k-not-squared
def conv_params(c_in, k, c_out, bias=True):
    per_filter = c_in * k
    if bias:
        per_filter += 1
    return per_filter * c_out

# === corr2d: kernel-transposed
def corr2d(F, H, pad):
    k = len(H)
    F = np.pad(F, pad)
    G = np.zeros((F.shape[0] - k + 1, F.shape[1] - k + 1))
    for i in range(G.shape[0]):
        for j in range(G.shape[1]):
            for u in range(k):
                for v in range(k):
                    G[i, j] += H[v, u] * F[i + u, j + v]
    return G

# === corr2d: last-row-missing
def corr2d(F, H, pad):
    k = H.shape[0]
    P = np.zeros((F.shape[0] + 2 * pad, F.shape[1] + 2 * pad))
    P[pad:pad + F.shape[0], pad:pad + F.shape[1]] = F
    h, w = P.shape[0] - k + 1, P.shape[1] - k + 1
    out = np.zeros((h, w))
    i = 0
    while i < h - 1:
        for j in range(w):
            out[i, j] = (P[i:i + k, j:j + k] * H).sum()
        i += 1
    return out

# === conv2d_true: kernel-not-flipped
def conv2d_true(F, H, pad):
    k = H.shape[0]
    F = np.pad(F, ((pad, pad), (pad, pad)))
    rows = F.shape[0] - k + 1
    cols = F.shape[1] - k + 1
    return np.array([[np.vdot(F[r:r + k, c:c + k], H) for c in range(cols)] for r in range(rows)])

# === conv2d_true: kernel-turned-and-transposed
def conv2d_true(F, H, pad):
    k = H.shape[0]
    H = H[::-1, ::-1].T
    F = np.pad(F, pad)
    win = np.lib.stride_tricks.sliding_window_view(F, (k, k))
    return np.einsum("ijuv,uv->ij", win, H)

# === conv2d_true: kernel-flipped-up-down
def conv2d_true(F, H, pad):
    H = H[::-1]
    k = len(H)
    F = np.pad(F, pad)
    out = np.empty((F.shape[0] - k + 1, F.shape[1] - k + 1))
    for i, j in np.ndindex(*out.shape):
        out[i, j] = np.sum(H * F[i:i + k, j:j + k])
    return out

# === conv_forward: bias-per-channel
def conv_forward(X, W, b, s, p, d=1):
    N, C, H, Wd = X.shape
    F, _, k, _ = W.shape
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    Ho = (H + 2 * p - d * (k - 1) - 1) // s + 1
    Wo = (Wd + 2 * p - d * (k - 1) - 1) // s + 1
    Y = np.zeros((N, F, Ho, Wo))
    for n in range(N):
        for f in range(F):
            for c in range(C):
                for i in range(Ho):
                    for j in range(Wo):
                        win = Xp[n, c, i * s:i * s + d * (k - 1) + 1:d, j * s:j * s + d * (k - 1) + 1:d]
                        Y[n, f, i, j] += (win * W[f, c]).sum() + b[f]
    return Y, (X, W, b, s, p, d)

# === conv_forward: stride-ignored-cropped
def conv_forward(X, W, b, s, p, d=1):
    N, C, H, Wd = X.shape
    F, _, k, _ = W.shape
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    Ho = (H + 2 * p - d * (k - 1) - 1) // s + 1
    Wo = (Wd + 2 * p - d * (k - 1) - 1) // s + 1
    Y = np.zeros((N, F, Ho, Wo))
    for i in range(Ho):
        for j in range(Wo):
            patch = Xp[:, :, i:i + d * (k - 1) + 1:d, j:j + d * (k - 1) + 1:d]
            Y[:, :, i, j] = np.tensordot(patch, W, axes=([1, 2, 3], [1, 2, 3])) + b
    return Y, (X, W, b, s, p, d)

# === conv_forward: dilation-ignored
def conv_forward(X, W, b, s, p, d=1):
    k = W.shape[-1]
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    ho = (X.shape[2] + 2 * p - d * (k - 1) - 1) // s + 1
    wo = (X.shape[3] + 2 * p - d * (k - 1) - 1) // s + 1
    win = np.lib.stride_tricks.sliding_window_view(Xp, (k, k), axis=(2, 3))[:, :, ::s, ::s]
    Y = np.einsum("ncijuv,fcuv->nfij", win[:, :, :ho, :wo], W) + b[:, None, None]
    return Y, (X, W, b, s, p, d)

# === conv_forward: width-from-height
def conv_forward(X, W, b, s, p, d=1):
    N, C, H, Wi = X.shape
    F, C, k, k = W.shape
    out = (H + 2 * p - d * (k - 1) - 1) // s + 1
    Xp = np.pad(X, [(0, 0), (0, 0), (p, p), (p, p)])
    Y = np.zeros((N, F, out, out))
    for n in range(N):
        for f in range(F):
            for i in range(out):
                for j in range(out):
                    total = b[f]
                    for u in range(k):
                        for v in range(k):
                            total += Xp[n, :, i * s + u * d, j * s + v * d] @ W[f, :, u, v]
                    Y[n, f, i, j] = total
    return Y, (X, W, b, s, p, d)

# === conv_forward: first-channel-only
def conv_forward(X, W, b, s, p, d=1):
    N, C, H, Wd = X.shape
    F, _, k, _ = W.shape
    e = d * (k - 1) + 1
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    rows, cols = range(0, H + 2 * p - e + 1, s), range(0, Wd + 2 * p - e + 1, s)
    Y = np.zeros((N, F, len(rows), len(cols)))
    for n in range(N):
        for f in range(F):
            for i, r in enumerate(rows):
                for j, c in enumerate(cols):
                    Y[n, f, i, j] = np.sum(Xp[n, 0, r:r + e:d, c:c + e:d] * W[f, 0]) + b[f]
    return Y, (X, W, b, s, p, d)

# === conv_forward: only-first-example
def conv_forward(X, W, b, s, p, d=1):
    N, C, H, Wd = X.shape
    F, _, k, _ = W.shape
    e = d * (k - 1) + 1
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    Y = np.zeros((N, F, (H + 2 * p - e) // s + 1, (Wd + 2 * p - e) // s + 1))
    for n in range(N):
        for f in range(F):
            for i in range(Y.shape[2]):
                for j in range(Y.shape[3]):
                    Y[n, f, i, j] = np.sum(Xp[n, :, i * s:i * s + e:d, j * s:j * s + e:d] * W[f]) + b[f]
        return Y, (X, W, b, s, p, d)

# === conv_forward: negative-index-wraps
def conv_forward(X, W, b, s, p, d=1):
    N, C, H, Wd = X.shape
    F, _, k, _ = W.shape
    e = d * (k - 1) + 1
    Ho, Wo = (H + 2 * p - e) // s + 1, (Wd + 2 * p - e) // s + 1
    Y = np.zeros((N, F, Ho, Wo))
    for i in range(Ho):
        for j in range(Wo):
            for u in range(k):
                for v in range(k):
                    r, c = i * s + u * d - p, j * s + v * d - p
                    if r < H and c < Wd:  # outside the image is zero
                        Y[:, :, i, j] += X[:, :, r, c] @ W[:, :, u, v].T
    return Y + b.reshape(1, -1, 1, 1), (X, W, b, s, p, d)

# === conv_backward: db-of-last-position
def conv_backward(dY, cache):
    X, W, b, s, p, d = cache
    N, C, H, Wd = X.shape
    F, _, k, _ = W.shape
    e = d * (k - 1) + 1
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    dXp, dW, db = np.zeros_like(Xp), np.zeros_like(W), np.zeros_like(b)
    for i in range(dY.shape[2]):
        for j in range(dY.shape[3]):
            a, c = i * s, j * s
            g = dY[:, :, i, j]
            dW += np.einsum("nf,ncuv->fcuv", g, Xp[:, :, a:a + e:d, c:c + e:d])
            dXp[:, :, a:a + e:d, c:c + e:d] += np.einsum("nf,fcuv->ncuv", g, W)
            db = g.sum(axis=0)
    return dXp[:, :, p:p + H, p:p + Wd], dW, db

def conv_forward(X, W, b, s, p, d=1):
    return truth["conv_forward"](X, W, b, s, p, d)[0], (X, W, b, s, p, d)

# === conv_backward: dX-not-cropped
def conv_forward(X, W, b, s, p, d=1):
    return truth["conv_forward"](X, W, b, s, p, d)[0], {"X": X, "W": W, "args": (s, p, d)}

def conv_backward(dY, cache):
    X, W = cache["X"], cache["W"]
    s, p, d = cache["args"]
    k = W.shape[2]
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    dX = np.zeros(Xp.shape)
    dW = np.zeros(W.shape)
    for u in range(k):
        for v in range(k):
            rows = slice(u * d, u * d + s * (dY.shape[2] - 1) + 1, s)
            cols = slice(v * d, v * d + s * (dY.shape[3] - 1) + 1, s)
            dW[:, :, u, v] = np.einsum("nfij,ncij->fc", dY, Xp[:, :, rows, cols])
            dX[:, :, rows, cols] += np.einsum("nfij,fc->ncij", dY, W[:, :, u, v])
    return dX, dW, dY.sum((0, 2, 3))

# === conv_backward: dX-last-filter-only
def conv_forward(X, W, b, s, p, d=1):
    return truth["conv_forward"](X, W, b, s, p, d)[0], (X, W, s, p, d)

def conv_backward(dY, cache):
    X, W, s, p, d = cache
    N, C, H, Wd = X.shape
    F, _, k, _ = W.shape
    e = d * (k - 1) + 1
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    dXp, dW, db = np.zeros_like(Xp), np.zeros_like(W), np.zeros(F)
    for f in range(F):
        dXp = np.zeros_like(Xp)
        for n in range(N):
            for i in range(dY.shape[2]):
                for j in range(dY.shape[3]):
                    g = dY[n, f, i, j]
                    dW[f] += g * Xp[n, :, i * s:i * s + e:d, j * s:j * s + e:d]
                    dXp[n, :, i * s:i * s + e:d, j * s:j * s + e:d] += g * W[f]
                    db[f] += g
    return dXp[:, :, p:H + p, p:Wd + p], dW, db

# === local_forward: bias-forgotten
def local_forward(X, W, b, s, p):
    Ho, Wo, F, C, k, _ = W.shape
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    Y = np.zeros((len(X), F, Ho, Wo))
    for i in range(Ho):
        for j in range(Wo):
            part = Xp[:, :, i * s:i * s + k, j * s:j * s + k].reshape(len(X), -1)
            Y[:, :, i, j] = part @ W[i, j].reshape(F, -1).T
    return Y, (X, W, b, s, p)

# === local_backward: db-as-of-a-shared-bias
def local_forward(X, W, b, s, p):
    return truth["local_forward"](X, W, b, s, p)[0], (X, W, s, p)

def local_backward(dY, cache):
    X, W, s, p = cache
    Ho, Wo, F, C, k, _ = W.shape
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    dX, dW = np.zeros_like(Xp), np.zeros_like(W)
    for i in range(Ho):
        for j in range(Wo):
            r, c = slice(i * s, i * s + k), slice(j * s, j * s + k)
            dW[i, j] = np.tensordot(dY[:, :, i, j], Xp[:, :, r, c], axes=(0, 0))
            dX[:, :, r, c] += np.tensordot(dY[:, :, i, j], W[i, j], axes=1)
    db = dY.sum(axis=(0, 2, 3))
    return dX[:, :, p:dX.shape[2] - p, p:dX.shape[3] - p], dW, db

# === conv_out: out-stride-ignored
def conv_out(n, k, s=1, p=0, d=1):
    k_eff = k + (k - 1) * (d - 1)
    return n - k_eff + 2 * p + 1, (n - k_eff + 2 * p) % s == 0

# === conv_out: out-not-floored
def conv_out(n, k, s=1, p=0, d=1):
    o = (n + 2 * p - d * (k - 1) - 1) / s + 1
    return o, o == int(o)

# === conv_out: returns-swapped
def conv_out(n, k, s=1, p=0, d=1):
    q, r = divmod(n + 2 * p - d * (k - 1) - 1, s)
    return r == 0, q + 1

# === conv_params: params-one-bias
def conv_params(c_in, k, c_out, bias=True):
    n = c_out * c_in * k ** 2
    if bias:
        n += 1
    return n

# === corr2d: padding-ignored
def corr2d(F, H, pad):
    k = H.shape[0]
    rows, cols = F.shape[0] - k + 1, F.shape[1] - k + 1
    G = np.zeros((rows, cols))
    for i in range(rows):
        for j in range(cols):
            G[i, j] = np.sum(F[i:i + k, j:j + k] * H)
    return G

# === conv_forward: kernel-transposed
def conv_forward(X, W, b, s, p, d=1):
    N, C, H, Wd = X.shape
    F, _, k, _ = W.shape
    e = d * (k - 1) + 1
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    Y = np.zeros((N, F, (H + 2 * p - e) // s + 1, (Wd + 2 * p - e) // s + 1))
    for i in range(Y.shape[2]):
        for j in range(Y.shape[3]):
            for u in range(k):
                for v in range(k):
                    Y[:, :, i, j] += Xp[:, :, i * s + u * d, j * s + v * d] @ W[:, :, v, u].T
            Y[:, :, i, j] += b
    return Y, None

# === conv_forward: bias-of-first-filter
def conv_forward(X, W, b, s, p, d=1):
    N, C, H, Wd = X.shape
    F, _, k, _ = W.shape
    e = d * (k - 1) + 1
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    win = np.lib.stride_tricks.sliding_window_view(Xp, (e, e), axis=(2, 3))[:, :, ::s, ::s, ::d, ::d]
    return np.einsum("ncijuv,fcuv->nfij", win, W) + b[0], None

# === conv_forward: stride-in-window-and-loop
def conv_forward(X, W, b, s, p, d=1):
    N, C, H, Wd = X.shape
    F, _, k, _ = W.shape
    e = d * (k - 1) + 1
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    rows, cols = (H + 2 * p - e) // s + 1, (Wd + 2 * p - e) // s + 1
    Y = np.zeros((N, F, rows, cols))
    for i in range(0, rows, s):
        for j in range(0, cols, s):
            w = Xp[:, :, i * s:i * s + e:d, j * s:j * s + e:d]
            Y[:, :, i, j] = np.tensordot(w, W, axes=([1, 2, 3], [1, 2, 3])) + b
    return Y, None

# === conv_forward: out-not-divided-index
def conv_forward(X, W, b, s, p, d=1):
    N, C, H, Wd = X.shape
    F, _, k, _ = W.shape
    e = d * (k - 1) + 1
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    rows, cols = (H + 2 * p - e) // s + 1, (Wd + 2 * p - e) // s + 1
    Y = np.zeros((N, F, rows, cols))
    for n in range(N):
        for f in range(F):
            for i in range(rows):
                for j in range(cols):
                    Y[n, f, i, j] = (Xp[n, :, i * s:i * s + e:d, j * s:j * s + e:d] * W[f]).sum()
            Y[n, f] += b[n % F]
    return Y, None

# === conv_forward: last-channel-only
def conv_forward(X, W, b, s, p, d=1):
    N, C, H, Wd = X.shape
    F, _, k, _ = W.shape
    e = d * (k - 1) + 1
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    rows, cols = (H + 2 * p - e) // s + 1, (Wd + 2 * p - e) // s + 1
    Y = np.zeros((N, F, rows, cols))
    for n, f, c, i, j in np.ndindex(N, F, C, rows, cols):
        Y[n, f, i, j] = (Xp[n, c, i * s:i * s + e:d, j * s:j * s + e:d] * W[f, c]).sum() + b[f]
    return Y, None

# === conv_backward: dW-from-unpadded-image
def conv_forward(X, W, b, s, p, d=1):
    return truth["conv_forward"](X, W, b, s, p, d)[0], (X, W, s, p, d)

def conv_backward(dY, cache):
    X, W, s, p, d = cache
    N, C, H, Wd = X.shape
    F, _, k, _ = W.shape
    e = d * (k - 1) + 1
    dXp = np.zeros((N, C, H + 2 * p, Wd + 2 * p))
    dW = np.zeros(W.shape)
    for i in range(dY.shape[2]):
        for j in range(dY.shape[3]):
            g = dY[:, :, i, j]
            dXp[:, :, i * s:i * s + e:d, j * s:j * s + e:d] += np.tensordot(g, W, 1)
            part = X[:, :, i * s:i * s + e:d, j * s:j * s + e:d]
            dW[:, :, :part.shape[2], :part.shape[3]] += np.tensordot(g, part, axes=(0, 0))
    return dXp[:, :, p:p + H, p:p + Wd], dW, dY.sum(axis=(0, 2, 3))

# === conv_backward: dX-last-example
def conv_forward(X, W, b, s, p, d=1):
    return truth["conv_forward"](X, W, b, s, p, d)[0], (X, W, s, p, d)

def conv_backward(dY, cache):
    X, W, s, p, d = cache
    N, C, H, Wd = X.shape
    F, _, k, _ = W.shape
    e = d * (k - 1) + 1
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    dW = np.zeros(W.shape)
    db = np.zeros(F)
    for n in range(N):
        dXp = np.zeros(Xp.shape)
        for f in range(F):
            for i in range(dY.shape[2]):
                for j in range(dY.shape[3]):
                    a, c = i * s, j * s
                    dXp[n, :, a:a + e:d, c:c + e:d] += W[f] * dY[n, f, i, j]
                    dW[f] += Xp[n, :, a:a + e:d, c:c + e:d] * dY[n, f, i, j]
                    db[f] += dY[n, f, i, j]
    return dXp[:, :, p:p + H, p:p + Wd], dW, db

# === conv_backward: db-mean
def conv_backward(dY, cache):
    dX, dW, _ = truth["conv_backward"](dY, cache)
    return dX, dW, dY.mean(axis=(0, 2, 3))

# === conv_backward: returns-swapped
def conv_backward(dY, cache):
    dX, dW, db = truth["conv_backward"](dY, cache)
    return dW, dX, db

# === local_forward: stride-ignored-cropped
def local_forward(X, W, b, s, p):
    Ho, Wo, F, C, k, _ = W.shape
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    Y = np.zeros((len(X), F, Ho, Wo))
    for i in range(Ho):
        for j in range(Wo):
            Y[:, :, i, j] = np.tensordot(Xp[:, :, i:i + k, j:j + k], W[i, j], axes=([1, 2, 3], [1, 2, 3])) + b[i, j]
    return Y, None

# === local_forward: first-channel-only
def local_forward(X, W, b, s, p):
    Ho, Wo, F, C, k, _ = W.shape
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    Y = np.zeros((len(X), F, Ho, Wo))
    for n, f, i, j in np.ndindex(*Y.shape):
        Y[n, f, i, j] = np.sum(Xp[n, 0, i * s:i * s + k, j * s:j * s + k] * W[i, j, f, 0]) + b[i, j, f]
    return Y, None

# === local_backward: dX-not-cropped
def local_forward(X, W, b, s, p):
    return truth["local_forward"](X, W, b, s, p)[0], (X, W, s, p)

def local_backward(dY, cache):
    X, W, s, p = cache
    Ho, Wo, F, C, k, _ = W.shape
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    dX, dW = np.zeros_like(Xp), np.zeros_like(W)
    for i in range(Ho):
        for j in range(Wo):
            r, c = slice(i * s, i * s + k), slice(j * s, j * s + k)
            dW[i, j] = np.tensordot(dY[:, :, i, j], Xp[:, :, r, c], axes=(0, 0))
            dX[:, :, r, c] += np.tensordot(dY[:, :, i, j], W[i, j], axes=1)
    return dX, dW, dY.sum(0).transpose(1, 2, 0)

# === conv_out: out-ceil-instead-of-floor
import math
def conv_out(n, k, s=1, p=0, d=1):
    x = (n + 2 * p - d * (k - 1) - 1) / s
    return math.ceil(x) + 1, x == int(x)

# === conv_out: fits-padding-one-side
def conv_out(n, k, s=1, p=0, d=1):
    e = d * (k - 1) + 1
    return (n + 2 * p - e) // s + 1, (n + p - e) % s == 0

# === conv_forward: padding-all-bottom-right
def conv_forward(X, W, b, s, p, d=1):
    k = W.shape[2]
    e = d * (k - 1) + 1
    Xp = np.pad(X, ((0, 0), (0, 0), (0, 2 * p), (0, 2 * p)))
    win = np.lib.stride_tricks.sliding_window_view(Xp, (e, e), axis=(2, 3))[:, :, ::s, ::s, ::d, ::d]
    return np.einsum("ncijuv,fcuv->nfij", win, W) + b[:, None, None], None

# === conv_forward: rows-of-windows-reshaped
def conv_forward(X, W, b, s, p, d=1):
    k = W.shape[2]
    e = d * (k - 1) + 1
    N, F = len(X), len(W)
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    win = np.lib.stride_tricks.sliding_window_view(Xp, (e, e), axis=(2, 3))[:, :, ::s, ::s, ::d, ::d]
    Ho, Wo = win.shape[2:4]
    cols = win.transpose(0, 2, 3, 1, 4, 5).reshape(N * Ho * Wo, -1)
    Y = cols @ W.reshape(F, -1).T + b
    return Y.reshape(N, F, Ho, Wo), None

# === conv_forward: same-instead-of-valid
def conv_forward(X, W, b, s, p, d=1):
    k = W.shape[2]
    return truth["conv_forward"](X, W, b, s, d * (k - 1) // 2, d)

# === conv_backward: dW-stride-ignored
def conv_forward(X, W, b, s, p, d=1):
    return truth["conv_forward"](X, W, b, s, p, d)[0], (X, W, s, p, d)

def conv_backward(dY, cache):
    X, W, s, p, d = cache
    N, C, H, Wd = X.shape
    k = W.shape[2]
    e = d * (k - 1) + 1
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    dXp, dW = np.zeros_like(Xp), np.zeros_like(W)
    for i in range(dY.shape[2]):
        for j in range(dY.shape[3]):
            g = dY[:, :, i, j]
            dW += np.tensordot(g, Xp[:, :, i:i + e:d, j:j + e:d], axes=(0, 0))
            dXp[:, :, i * s:i * s + e:d, j * s:j * s + e:d] += np.tensordot(g, W, 1)
    return dXp[:, :, p:p + H, p:p + Wd], dW, dY.sum((0, 2, 3))

# === conv_backward: db-summed-over-everything
def conv_backward(dY, cache):
    dX, dW, _ = truth["conv_backward"](dY, cache)
    return dX, dW, dY.sum()

# === conv_backward: dX-cropped-from-corner
def conv_forward(X, W, b, s, p, d=1):
    return truth["conv_forward"](X, W, b, s, p, d)[0], (X, W, s, p, d)

def conv_backward(dY, cache):
    X, W, s, p, d = cache
    N, C, H, Wd = X.shape
    k = W.shape[2]
    e = d * (k - 1) + 1
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    dXp, dW = np.zeros_like(Xp), np.zeros_like(W)
    for i in range(dY.shape[2]):
        for j in range(dY.shape[3]):
            g = dY[:, :, i, j]
            dW += np.tensordot(g, Xp[:, :, i * s:i * s + e:d, j * s:j * s + e:d], axes=(0, 0))
            dXp[:, :, i * s:i * s + e:d, j * s:j * s + e:d] += np.tensordot(g, W, 1)
    return dXp[:, :, :H, :Wd], dW, dY.sum((0, 2, 3))

# === conv_out: out-effective-kernel-dk-throughout
def conv_out(n, k, s=1, p=0, d=1):
    left = n + 2 * p - d * k
    return left // s + 1, left % s == 0

# === conv_out: out-padding-one-side-throughout
def conv_out(n, k, s=1, p=0, d=1):
    extent = d * (k - 1) + 1
    room = n + p - extent
    return room // s + 1, room % s == 0

# === conv_out: fits-padding-ignored
def conv_out(n, k, s=1, p=0, d=1):
    extent = d * (k - 1) + 1
    size = (n + 2 * p - extent) // s + 1
    return size, (n - extent) % s == 0

# === conv_params: params-bias-added-anyway
def conv_params(c_in, k, c_out, bias=True):
    return (c_in * k ** 2 + 1) * c_out

# === corr2d: output-transposed
def corr2d(F, H, pad):
    k = len(H)
    Fp = np.pad(F, pad)
    G = np.zeros((Fp.shape[1] - k + 1, Fp.shape[0] - k + 1))
    for i in range(G.shape[1]):
        for j in range(G.shape[0]):
            G[j, i] = np.sum(Fp[i:i + k, j:j + k] * H)
    return G

# === corr2d: edge-padding
def corr2d(F, H, pad):
    k = H.shape[0]
    P = np.pad(F, pad, mode="edge")
    out = np.zeros((P.shape[0] - k + 1, P.shape[1] - k + 1))
    for i, j in np.ndindex(*out.shape):
        out[i, j] = (P[i:i + k, j:j + k] * H).sum()
    return out

# === conv2d_true: kernel-transposed
def conv2d_true(F, H, pad):
    K = H.T
    k = len(K)
    P = np.pad(F, pad)
    return np.array([[np.sum(P[i:i + k, j:j + k] * K) for j in range(P.shape[1] - k + 1)] for i in range(P.shape[0] - k + 1)])

# === conv_forward: stride-ignored-in-columns
def conv_forward(X, W, b, s, p, d=1):
    N, C, H, Wd = X.shape
    F, _, k, _ = W.shape
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    e = d * (k - 1) + 1
    Y = np.zeros((N, F, (H + 2 * p - e) // s + 1, (Wd + 2 * p - e) // s + 1))
    for n, f, i, j in np.ndindex(Y.shape):
        Y[n, f, i, j] = np.sum(Xp[n, :, i * s:i * s + e:d, j:j + e:d] * W[f]) + b[f]
    return Y, (X, W, b, s, p, d)

# === conv_backward: db-divided-by-batch
def conv_forward(X, W, b, s, p, d=1):
    return truth["conv_forward"](X, W, b, s, p, d)[0], (X, W, b, s, p, d)

def conv_backward(dY, cache):
    X, W, b, s, p, d = cache
    k = W.shape[2]
    e = d * (k - 1) + 1
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    dXp, dW = np.zeros_like(Xp), np.zeros_like(W)
    for n, f, i, j in np.ndindex(dY.shape):
        w = np.s_[n, :, i * s:i * s + e:d, j * s:j * s + e:d]
        dW[f] += dY[n, f, i, j] * Xp[w]
        dXp[w] += dY[n, f, i, j] * W[f]
    return dXp[:, :, p:p + X.shape[2], p:p + X.shape[3]], dW, dY.sum((2, 3)).mean(0)

# === conv_backward: dW-last-window
def conv_forward(X, W, b, s, p, d=1):
    return truth["conv_forward"](X, W, b, s, p, d)[0], (X, W, b, s, p, d)

def conv_backward(dY, cache):
    X, W, b, s, p, d = cache
    k = W.shape[2]
    e = d * (k - 1) + 1
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    dXp, dW = np.zeros_like(Xp), np.zeros_like(W)
    for n, f, i, j in np.ndindex(dY.shape):
        w = np.s_[n, :, i * s:i * s + e:d, j * s:j * s + e:d]
        dW[f] = dY[n, f, i, j] * Xp[w]
        dXp[w] += dY[n, f, i, j] * W[f]
    return dXp[:, :, p:p + X.shape[2], p:p + X.shape[3]], dW, dY.sum((0, 2, 3))

# === conv_backward: crop-minus-p-zero
def conv_forward(X, W, b, s, p, d=1):
    return truth["conv_forward"](X, W, b, s, p, d)[0], (X, W, b, s, p, d)

def conv_backward(dY, cache):
    X, W, b, s, p, d = cache
    k = W.shape[2]
    e = d * (k - 1) + 1
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    dXp, dW = np.zeros_like(Xp), np.zeros_like(W)
    for n, f, i, j in np.ndindex(dY.shape):
        w = np.s_[n, :, i * s:i * s + e:d, j * s:j * s + e:d]
        dW[f] += dY[n, f, i, j] * Xp[w]
        dXp[w] += dY[n, f, i, j] * W[f]
    return dXp[:, :, p:-p, p:-p], dW, dY.sum((0, 2, 3))

# === local_forward: weights-shared
def local_forward(X, W, b, s, p):
    rows, cols, F, C, k, _ = W.shape
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    Y = np.zeros((len(X), F, rows, cols))
    for i in range(rows):
        for j in range(cols):
            Y[:, :, i, j] = np.tensordot(Xp[:, :, i * s:i * s + k, j * s:j * s + k], W[0, 0], ((1, 2, 3), (1, 2, 3))) + b[i, j]
    return Y, (X, W, b, s, p)

# === local_forward: positions-exchanged
def local_forward(X, W, b, s, p):
    rows, cols, F, C, k, _ = W.shape
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    Y = np.zeros((len(X), F, rows, cols))
    for n, f, i, j in np.ndindex(Y.shape):
        Y[n, f, i, j] = np.sum(Xp[n, :, i * s:i * s + k, j * s:j * s + k] * W[j % rows, i % cols, f]) + b[i, j, f]
    return Y, (X, W, b, s, p)

# === local_backward: db-summed-over-positions
def local_forward(X, W, b, s, p):
    return truth["local_forward"](X, W, b, s, p)[0], (X, W, b, s, p)

def local_backward(dY, cache):
    X, W, b, s, p = cache
    k = W.shape[-1]
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    dXp, dW = np.zeros_like(Xp), np.zeros_like(W)
    for n, f, i, j in np.ndindex(dY.shape):
        w = np.s_[n, :, i * s:i * s + k, j * s:j * s + k]
        dW[i, j, f] += dY[n, f, i, j] * Xp[w]
        dXp[w] += dY[n, f, i, j] * W[i, j, f]
    db = np.zeros(b.shape) + dY.sum((0, 2, 3))
    return dXp[:, :, p:p + X.shape[2], p:p + X.shape[3]], dW, db
