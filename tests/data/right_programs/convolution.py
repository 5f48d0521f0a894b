# === ints-only-arithmetic
def conv_out(n, k, s=1, p=0, d=1):
    k_eff = k + (k - 1) * (d - 1)
    starts = list(range(0, n + 2 * p - k_eff + 1, s))
    return len(starts), starts[-1] + k_eff == n + 2 * p

def conv_params(c_in, k, c_out, bias=True):
    weights = 0
    for _ in range(c_out):
        weights += c_in * k ** 2 + int(bias)
    return weights

# === divmod-and-list-result
def conv_out(n, k, s=1, p=0, d=1):
    q, r = divmod(n + 2 * p - d * (k - 1) - 1, s)
    return [q + 1, not r]

def conv_params(c_in, k, c_out, bias=True):
    return np.prod((c_out, c_in, k, k)) + (c_out if bias else 0)

# === floor-of-float-np-bool
def conv_out(n, k, s=1, p=0, d=1):
    exact = (n - (d * (k - 1) + 1) + 2 * p) / s + 1
    return np.floor(exact), np.equal(exact, np.floor(exact))

def conv_params(c_in, k, c_out, bias=True):
    W = np.empty((c_out, c_in, k, k))
    b = np.empty(c_out if bias else 0)
    return W.size + b.size

# === fft-correlation
def corr2d(F, H, pad):
    rows, cols = F.shape
    k = H.shape[0]
    Fp = np.zeros((rows + 2 * pad, cols + 2 * pad))
    Fp[pad:pad + rows, pad:pad + cols] = F
    size = (Fp.shape[0] + k - 1, Fp.shape[1] + k - 1)
    full = np.fft.irfft2(np.fft.rfft2(Fp, size) * np.fft.rfft2(H[::-1, ::-1], size), size)
    return full[k - 1:Fp.shape[0], k - 1:Fp.shape[1]]

def conv2d_true(F, H, pad):
    return corr2d(F, np.rot90(H, 2), pad)

# === six-loops-manual-padding-lists
def corr2d(F, H, pad):
    rows, cols, k = len(F), len(F[0]), len(H)
    def at(i, j):
        if i < 0 or j < 0 or i >= rows or j >= cols:
            return 0.0
        return F[i][j]
    G = []
    for i in range(-pad, rows + pad - k + 1):
        line = []
        for j in range(-pad, cols + pad - k + 1):
            s = 0.0
            for u in range(k):
                for v in range(k):
                    s += H[u][v] * at(i + u, j + v)
            line.append(s)
        G.append(line)
    return G

def conv2d_true(F, H, pad):
    k = len(H)
    flipped = [[H[k - 1 - u][k - 1 - v] for v in range(k)] for u in range(k)]
    return corr2d(F, flipped, pad)

# === toeplitz-matrix
def _matrix(H, shape):
    rows, cols = shape
    k = H.shape[0]
    out = (rows - k + 1, cols - k + 1)
    M = np.zeros((out[0] * out[1], rows * cols))
    for i in range(out[0]):
        for j in range(out[1]):
            for u in range(k):
                for v in range(k):
                    M[i * out[1] + j, (i + u) * cols + (j + v)] = H[u, v]
    return M, out

def corr2d(F, H, pad):
    Fp = np.pad(F, [(pad, pad), (pad, pad)], mode="constant", constant_values=0)
    M, out = _matrix(H, Fp.shape)
    return (M @ Fp.reshape(-1)).reshape(out)

def conv2d_true(F, H, pad):
    Fp = np.pad(F, [(pad, pad), (pad, pad)], "constant")
    M, out = _matrix(np.flip(H), Fp.shape)
    return (M @ Fp.ravel()).reshape(out)

# === shifted-image-sum
def corr2d(F, H, pad):
    k = len(H)
    Fp = np.pad(F.astype(float), pad)
    h, w = Fp.shape[0] - k + 1, Fp.shape[1] - k + 1
    return sum(H[u, v] * Fp[u:u + h, v:v + w] for u in range(k) for v in range(k))

def conv2d_true(F, H, pad):
    # definition with i - u
    k = len(H)
    full = np.zeros((F.shape[0] + k - 1, F.shape[1] + k - 1))
    for i, j in np.ndindex(F.shape):
        full[i:i + k, j:j + k] += F[i, j] * H
    full = np.pad(full, max(0, pad - (k - 1)))
    cut = max(0, k - 1 - pad)
    return full[cut:full.shape[0] - cut, cut:full.shape[1] - cut]

# === im2col-col2im
def im2col(Xp, k, s, d):
    N, C, H, W = Xp.shape
    span = (k - 1) * d + 1
    ho, wo = (H - span) // s + 1, (W - span) // s + 1
    i0 = np.repeat(np.arange(k), k) * d
    j0 = np.tile(np.arange(k), k) * d
    ii = i0[:, None] + s * np.repeat(np.arange(ho), wo)[None, :]
    jj = j0[:, None] + s * np.tile(np.arange(wo), ho)[None, :]
    cols = Xp[:, :, ii, jj].reshape(N, C * k * k, ho * wo)
    return cols, ii, jj, ho, wo

def conv_forward(X, W, b, s, p, d=1):
    F, C, k, _ = W.shape
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    cols, ii, jj, ho, wo = im2col(Xp, k, s, d)
    Y = (W.reshape(F, -1) @ cols + b[:, None]).reshape(len(X), F, ho, wo)
    return Y, (X.shape, W, Xp.shape, cols, ii, jj, p)

def conv_backward(dY, cache):
    xshape, W, pshape, cols, ii, jj, p = cache
    F, C, k, _ = W.shape
    N = dY.shape[0]
    G = dY.reshape(N, F, -1)
    dW = np.einsum("nfl,nkl->fk", G, cols).reshape(W.shape)
    dcols = (W.reshape(F, -1).T @ G).reshape(N, C, k * k, -1)
    dXp = np.zeros(pshape)
    np.add.at(dXp, (slice(None), slice(None), ii, jj), dcols)
    dX = dXp[:, :, p:p + xshape[2], p:p + xshape[3]]
    return dX, dW, G.sum(axis=(0, 2))

# === as-strided-einsum
from numpy.lib.stride_tricks import as_strided

def windows(A, k, s, d):
    n, c, h, w = A.shape
    e = d * (k - 1) + 1
    sn, sc, sh, sw = A.strides
    return as_strided(A, (n, c, (h - e) // s + 1, (w - e) // s + 1, k, k), (sn, sc, sh * s, sw * s, sh * d, sw * d), writeable=False)

def conv_forward(X, W, b, s, p, d=1):
    Xp = np.zeros((X.shape[0], X.shape[1], X.shape[2] + 2 * p, X.shape[3] + 2 * p))
    Xp[:, :, p:p + X.shape[2], p:p + X.shape[3]] = X
    Y = np.einsum("ncijuv,fcuv->nfij", windows(Xp, W.shape[-1], s, d), W, optimize=True)
    Y += b[None, :, None, None]
    return Y, dict(Xp=Xp, W=W, s=s, p=p, d=d, hw=X.shape[2:])

def conv_backward(dY, cache):
    Xp, W, s, p, d = (cache[n] for n in ("Xp", "W", "s", "p", "d"))
    k = W.shape[-1]
    dW = np.einsum("ncijuv,nfij->fcuv", windows(Xp, k, s, d), dY)
    dXp = np.zeros(Xp.shape)
    ho, wo = dY.shape[2:]
    for u in range(k):
        for v in range(k):
            dXp[:, :, u * d:u * d + s * ho:s, v * d:v * d + s * wo:s][:, :, :ho, :wo] += np.einsum("nfij,fc->ncij", dY, W[:, :, u, v])
    if p > 0:
        dXp = dXp[:, :, p:-p, p:-p]
    return dXp, dW, np.einsum("nfij->f", dY)

# === gather-form-of-dX
def conv_forward(X, W, b, s, p, d=1):
    N, C, H, Wd = X.shape
    F, _, k, _ = W.shape
    Ho = int((H + 2 * p - d * (k - 1) - 1) / s) + 1
    Wo = int((Wd + 2 * p - d * (k - 1) - 1) / s) + 1
    out = np.empty((N, F, Ho, Wo))
    out[:] = b.reshape(1, F, 1, 1)
    for i in range(Ho):
        for j in range(Wo):
            for u in range(k):
                for v in range(k):
                    r, c = i * s + u * d - p, j * s + v * d - p
                    if 0 <= r < H and 0 <= c < Wd:
                        out[:, :, i, j] += X[:, :, r, c] @ W[:, :, u, v].T
    return out, [X, W, s, p, d]

def conv_backward(dY, cache):
    X, W, s, p, d = cache
    dX = np.zeros_like(X)
    dW = np.zeros_like(W)
    k = W.shape[2]
    for r in range(X.shape[2]):
        for c in range(X.shape[3]):
            for u in range(k):
                for v in range(k):
                    a, e = r + p - u * d, c + p - v * d
                    if a % s or e % s:
                        continue
                    i, j = a // s, e // s
                    if 0 <= i < dY.shape[2] and 0 <= j < dY.shape[3]:
                        dX[:, :, r, c] += dY[:, :, i, j] @ W[:, :, u, v]
                        dW[:, :, u, v] += dY[:, :, i, j].T @ X[:, :, r, c]
    db = np.array([dY[:, f].sum() for f in range(dY.shape[1])])
    return dX, dW, db

# === object-cache-with-methods
class Layer:
    def __init__(self, X, W, b, s, p, d):
        self.X, self.W, self.b, self.s, self.p, self.d = X, W, b, s, p, d
        self.k = W.shape[-1]
        self.Xp = np.pad(X, [(0, 0)] * 2 + [(p, p)] * 2)
        self.span = d * (self.k - 1) + 1

    def positions(self):
        for i in range((self.Xp.shape[2] - self.span) // self.s + 1):
            for j in range((self.Xp.shape[3] - self.span) // self.s + 1):
                yield i, j, (slice(None), slice(None),
                             slice(i * self.s, i * self.s + self.span, self.d), slice(j * self.s, j * self.s + self.span, self.d))

    def forward(self):
        cols = {}
        for i, j, w in self.positions():
            cols[i, j] = np.tensordot(self.Xp[w], self.W, ([1, 2, 3], [1, 2, 3])) + self.b
        ho = max(i for i, _ in cols) + 1
        wo = max(j for _, j in cols) + 1
        return np.stack([np.stack([cols[i, j] for j in range(wo)], -1) for i in range(ho)], -2)

    def backward(self, dY):
        dXp, dW = np.zeros(self.Xp.shape), np.zeros(self.W.shape)
        for i, j, w in self.positions():
            g = dY[:, :, i, j]
            dXp[w] += np.tensordot(g, self.W, (1, 0))
            dW += np.tensordot(g, self.Xp[w], (0, 0))
        H, Wd = self.X.shape[2:]
        return dXp[:, :, self.p:self.p + H, self.p:self.p + Wd], dW, dY.sum((0, 2, 3))

def conv_forward(X, W, b, s, p, d=1):
    layer = Layer(X, W, b, s, p, d)
    return layer.forward(), layer

def conv_backward(dY, cache):
    return cache.backward(dY)

# === dilated-kernel-built-out
def spread(W, d):
    F, C, k, _ = W.shape
    big = np.zeros((F, C, d * (k - 1) + 1, d * (k - 1) + 1))
    big[:, :, ::d, ::d] = W
    return big

# %%
def conv_forward(X, W, b, s, p, d=1):
    Wd = spread(W, d)
    K = Wd.shape[2]
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)), "constant")
    Y = []
    for x in Xp:
        maps = []
        for w, bias in zip(Wd, b):
            maps.append([[(x[:, r:r + K, c:c + K] * w).sum() + bias for c in range(0, x.shape[2] - K + 1, s)]
                         for r in range(0, x.shape[1] - K + 1, s)])
        Y.append(maps)
    return np.array(Y), (Xp, W, s, p, d)

# %%
def conv_backward(dY, cache):
    Xp, W, s, p, d = cache
    Wd = spread(W, d)
    K = Wd.shape[2]
    dXp = np.zeros_like(Xp)
    dWd = np.zeros_like(Wd)
    for n in range(dY.shape[0]):
        for f in range(dY.shape[1]):
            for i in range(dY.shape[2]):
                for j in range(dY.shape[3]):
                    g = dY[n, f, i, j]
                    dWd[f] += g * Xp[n, :, i * s:i * s + K, j * s:j * s + K]
                    dXp[n, :, i * s:i * s + K, j * s:j * s + K] += g * Wd[f]
    H, Wid = Xp.shape[2] - 2 * p, Xp.shape[3] - 2 * p
    return dXp[:, :, p:p + H, p:p + Wid], dWd[:, :, ::d, ::d], dY.sum(axis=3).sum(axis=2).sum(axis=0)

# === local-einsum-windows
def local_forward(X, W, b, s, p):
    k = W.shape[-1]
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    V = np.lib.stride_tricks.sliding_window_view(Xp, (k, k), axis=(2, 3))[:, :, ::s, ::s]
    V = V[:, :, :W.shape[0], :W.shape[1]]
    Y = np.einsum("ncijuv,ijfcuv->nfij", V, W) + np.moveaxis(b, -1, 0)
    return Y, {"X": X, "W": W, "s": s, "p": p}

def local_backward(dY, cache):
    X, W, s, p = cache["X"], cache["W"], cache["s"], cache["p"]
    k = W.shape[-1]
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    V = np.lib.stride_tricks.sliding_window_view(Xp, (k, k), axis=(2, 3))[:, :, ::s, ::s][:, :, :W.shape[0], :W.shape[1]]
    dW = np.einsum("nfij,ncijuv->ijfcuv", dY, V)
    dXp = np.zeros_like(Xp)
    D = np.einsum("nfij,ijfcuv->ncijuv", dY, W)
    for u in range(k):
        for v in range(k):
            for i in range(W.shape[0]):
                for j in range(W.shape[1]):
                    dXp[:, :, i * s + u, j * s + v] += D[:, :, i, j, u, v]
    return dXp[:, :, p:p + X.shape[2], p:p + X.shape[3]], dW, dY.sum(axis=0).transpose(1, 2, 0)

# === local-plain-loops-namedtuple
import collections
LC = collections.namedtuple("LC", ["Xp", "W", "s", "p", "size"])

def local_forward(X, W, b, s, p):
    Hn, Wn, F, C, k, _ = W.shape
    N = X.shape[0]
    h, w = X.shape[2], X.shape[3]
    Xp = np.zeros((N, C, h + p + p, w + p + p))
    Xp[..., p:p + h, p:p + w] = X
    Y = np.zeros((N, F, Hn, Wn), order="F")
    for i in range(Hn):
        for j in range(Wn):
            patch = Xp[:, :, i * s:i * s + k, j * s:j * s + k].reshape(N, -1)
            Y[:, :, i, j] = patch @ W[i, j].reshape(F, -1).T + b[i, j]
    return Y, LC(Xp, W, s, p, (h, w))

def local_backward(dY, cache):
    dXp = np.zeros(cache.Xp.shape)
    dW = np.zeros(cache.W.shape)
    k, s = cache.W.shape[-1], cache.s
    for i in range(dY.shape[2]):
        for j in range(dY.shape[3]):
            g = dY[:, :, i, j]
            rs, cs = slice(i * s, i * s + k), slice(j * s, j * s + k)
            for n in range(g.shape[0]):
                for f in range(g.shape[1]):
                    dW[i, j, f] += g[n, f] * cache.Xp[n, :, rs, cs]
                    dXp[n, :, rs, cs] += g[n, f] * cache.W[i, j, f]
    top, left = cache.p, cache.p
    return dXp[:, :, top:top + cache.size[0], left:left + cache.size[1]], dW, np.moveaxis(dY.sum(0), 0, 2)
