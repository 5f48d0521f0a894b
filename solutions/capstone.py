# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Capstone: build, train, read and transfer a CNN
#
# All parts are there by now: convolution, pooling, dense layers, losses, gradient descent. Here you put them together.
# At the end of this notebook you can
#
# - account for every shape and every parameter of a network,
# - assemble the lecture's MNIST model from layers and train it,
# - read its curves, filters, feature maps and mistakes,
# - decide what to train when a network is reused, and do it.
#
# **{points:total}** · reading: 30 minutes · work: four to five hours, by hand and in code
#
# | symbol | meaning | | symbol | meaning |
# |---|---|---|---|---|
# | $N$ | images in a batch | | $S$ | scores, one row per image |
# | $C, H, W$ | channels, rows, columns | | $P$ | probabilities: softmax of each row of $S$ |
# | $F$ | filters of a layer | | $T$ | targets, one-hot |
# | $k, s, p$ | filter side, stride, padding | | $\eta$ (`lr`) | learning rate |
# | $D, M$ | inputs and units of a dense layer | | $\mathrm{d}Y$ | $\partial L/\partial Y$, shaped like $Y$ |
#
# Arrays are **channels-first** (`X[n, c, row, column]`), rows are examples, everything is float64.

# %% [markdown]
# **How to work here.** Replace each `raise NotImplementedError()` by your code, keep the names of the functions,
# and run the cell below it: it checks your function on *public* inputs and tells you where to look. Marks come
# from other inputs. You may add cells of your own. By-hand questions have your own numbers, so write your
# student id first. `backmark_kit.py`, `variants.json` and `digits.npz` must lie in the folder of this notebook.
# There is nothing to download.
# **For every function:** unless its text says so, it leaves what it is given (arrays, lists, a cache) as it is, and the
# same call gives the same result again.

# %% tags=["student"]
student = ""

# %% nbgrader={"grade_id": "setup", "locked": true}
import numpy as np

# %% nbgrader={"grade_id": "kit", "locked": true}
import backmark_kit as kit

# %% [markdown] covers=["CNN-01", "CNN-02", "CNN-03", "CNN-09", "KERAS-01", "KERAS-03", "KERAS-05", "KERAS-07", "CONV-25", "REG-14"]
# ## 1 What a CNN is
#
# A convolutional network is a network with **specialised connectivity**: stages of feature extractors, one after the
# other, and a classifier at the end. A stage *convolves*, applies a *non-linearity*, and *pools* over small regions.
# Features of later stages are more global, more invariant and more abstract.
#
# The lecture's model for MNIST (60,000 training images of 28×28 pixels, 10 classes; set-up: a batch size, the number of
# classes, the number of epochs) is, in the order in which data pass:
#
# | | layer | what it does |
# |---|---|---|
# | 1 | convolution, 32 filters 3×3, ReLU | described by height, width, depth, stride, padding, number of filters, activation |
# | 2 | convolution, 64 filters 3×3, ReLU | sees all 32 maps of layer 1 |
# | 3 | max pooling 2×2 | halves rows and columns, keeps the channels |
# | 4 | dropout 0.25 | sets a quarter of its inputs to 0 at random, in training only |
# | 5 | flatten | makes one row of numbers |
# | 6 | dense, 128 units, ReLU | the hidden layer of the classifier |
# | 7 | dropout 0.5 | sets half of its inputs to 0 at random, in training only |
# | 8 | dense, 10 units, softmax | one score per class |
#
# Run the next cell for a picture with the shapes. They follow from
# $H' = \lfloor (H + 2p - k)/s \rfloor + 1$ with $s=1$, $p=0$.

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-architecture", "locked": true}
import matplotlib.pyplot as plt
from matplotlib.patches import Rectangle

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#E69F00", "#009E73", "#BBBBBB"
STRIP = [
    ("input", (1, 28, 28), GREY, "0"),
    ("conv 32\n3×3", (32, 26, 26), BLUE, "320"),
    ("conv 64\n3×3", (64, 24, 24), BLUE, "18,496"),
    ("max pool\n2×2", (64, 12, 12), GREEN, "0"),
    ("dropout\n0.25", (64, 12, 12), GREY, "0"),
    ("flatten", (9216,), GREY, "0"),
    ("dense\n128", (128,), ORANGE, "1,179,776"),
    ("dropout\n0.5", (128,), GREY, "0"),
    ("dense\n10", (10,), ORANGE, "1,290"),
]
fig, ax = plt.subplots(figsize=(12, 4))
for i, (name, shape, ink, count) in enumerate(STRIP):
    height = shape[1] if len(shape) == 3 else 3 + 3 * np.log2(shape[0])
    width = 0.12 + 0.06 * np.log2(shape[0] + 1) if len(shape) == 3 else 0.12
    hatch = {BLUE: "//", GREEN: "..", ORANGE: "xx"}.get(ink, "")
    box = Rectangle(
        (i - width / 2, -height / 2), width, height, facecolor=ink, edgecolor="black", hatch=hatch, alpha=0.7
    )
    ax.add_patch(box)
    ax.text(i, 24, name, ha="center", va="bottom", fontsize=9)
    ax.text(i, -24, "×".join(map(str, shape)), ha="center", va="top", fontsize=9)
    ax.text(i, -28, count, ha="center", va="top", fontsize=9, color="#555555")
    if i:
        ax.annotate("", xy=(i - 0.27, 0), xytext=(i - 0.68, 0), arrowprops={"arrowstyle": "->"})
ax.text(-0.75, -24, "shape", ha="right", va="top", fontsize=9)
ax.text(-0.75, -28, "parameters", ha="right", va="top", fontsize=9, color="#555555")
ax.set(xlim=(-1.7, 8.6), ylim=(-32, 31))
ax.axis("off")
plt.show()

# %% [markdown] covers=["KERAS-02", "KERAS-03", "KERAS-06"]
# *Picture: the eight layers as boxes from left to right, with output shape and number of parameters below each:
# 1×28×28, 32×26×26 (320), 64×24×24 (18,496), 64×12×12 (0), 64×12×12 (0), 9216 (0), 128 (1,179,776), 128 (0),
# 10 (1,290). In all there are 1,199,882 parameters.*
#
# ### Think about it (no points)
#
# **A. The slide's text says of the pooling layer: "28\*28 → 14\*14 (we will still have 32\*64 channels)". Two things are
# wrong. Which?**
#
# <details><summary>Answer</summary>
# Two convolutions without padding came first, 28 → 26 → 24, so pooling makes 12×12. And channels do not multiply: each
# of the 64 filters adds up all 32 maps and makes one, so there are 64. With padding "same" it would be 14×14 with 64
# channels, 12,544 numbers after flattening and 1,625,866 parameters in all.
# </details>
#
# **B. The walk-through of the model counts "sixth layer ... eighth layer ... we keep the one that has the highest score".
# What is the seventh layer, and which layer keeps the highest score?**
#
# <details><summary>Answer</summary>
# The seventh is dropout (0.5). No layer keeps a highest score: the last one gives ten probabilities. The label is their
# argmax, taken <em>after</em> the network when we predict; in training it is never taken.
# </details>

# %% [markdown] covers=["KERAS-02"]
# ### SHAPE-1 by hand ({points:SHAPE-1})
#
# Your question is shown by the next cell: a network like the one above with other numbers. Write each row between the
# quotation marks, as `32x26x26 | 320`. That cell is *read*, not run. A row is judged by what follows from your row
# above it where that is wrong. The check says only whether your answer can be read.

# %% nbgrader={"grade_id": "show-SHAPE-1", "locked": true}
kit.show("SHAPE-1", student)

# %% deletable=false nbgrader={"grade_id": "SHAPE-1"}
# answer: SHAPE-1
answer = {
    "layer1": """ """,
    "layer2": """ """,
    "layer3": """ """,
    "layer4": """ """,
    "layer5": """ """,
    "layer6": """ """,
    "layer7": """ """,
    "layer8": """ """,
    "total": """ """,
}

# %% nbgrader={"grade_id": "test_SHAPE-1", "grade": true, "locked": true}
kit.score("SHAPE-1", globals())

# %% [markdown] covers=["CONV-25", "KERAS-01", "KERAS-02"]
# ### `summary` ({points:summary})
#
# Now let the computer fill such tables. A network is a list of descriptions, each a tuple that starts with a name:
#
# | description | layer | parameters |
# |---|---|---|
# | `("conv", F, k, s, p)` | $F$ filters $k\times k$, stride $s$, $p$ zeros on each side, one bias per filter | $F(k^2C+1)$ |
# | `("pool", k)` | windows $k\times k$, stride $k$, no padding | 0 |
# | `("bn",)` | batch normalisation: $\gamma$ and $\beta$ for each channel (or feature) | $2C$ |
# | `("relu",)`, `("dropout", q)` | nothing changes its shape | 0 |
# | `("flatten",)` | one row of all numbers | 0 |
# | `("dense", M)` | $M$ units on $D$ inputs, one bias per unit | $(D+1)M$ |
#
# Windows that do not fit completely are left out (floor). Running means and variances are measured, not learned: they
# do not count.


# %% nbgrader={"grade_id": "summary", "solution": true}
def summary(layers, input_shape):
    """Return the table of a network: a list with one row (name, out_shape, params) for each layer.

    layers: list of descriptions as in the table above; input_shape: (C, H, W) or (D,), without batch axis.
    name: the first entry of the description; out_shape: a tuple of ints, (C, H, W) or (D,); params: int.
    """
    ### BEGIN SOLUTION
    rows, shape = [], tuple(input_shape)
    for name, *how in layers:
        params = 0
        if name == "conv":
            F, k, s, p = how
            params = F * (k * k * shape[0] + 1)
            shape = (F, *((n + 2 * p - k) // s + 1 for n in shape[1:]))
        elif name == "pool":
            shape = (shape[0], *(n // how[0] for n in shape[1:]))
        elif name == "bn":
            params = 2 * shape[0]
        elif name == "flatten":
            shape = (int(np.prod(shape)),)
        elif name == "dense":
            params = (shape[0] + 1) * how[0]
            shape = (how[0],)
        rows.append((name, shape, params))
    return rows
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_summary", "grade": true, "locked": true}
kit.score("summary", globals())

# %% [markdown] covers=["CNN-04", "CNN-05", "CNN-07", "CONV-18"]
# ## 2 Famous networks in numbers
#
# - **The example ConvNet** of the lecture: three times CONV, CONV, POOL, with ReLU after every convolution, ten 3×3
#   filters each with stride 1 and padding 1, 2×2 pooling with stride 2, and one dense layer at the end.
# - **AlexNet** (2012) starts with 96 filters of 11×11 with stride 4.
# - **VGG-16** uses nothing but 3×3 filters with stride 1 and padding 1. Those keep the size:
#   $W' = W + 2\cdot1 - 3 + 1 = W$. Pooling halves it five times, $224\to7$. Names like `conv3_2` mean the second
#   convolution of the third stage.
#
# The next cell prints their tables with *your* `summary`.


# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "tables", "locked": true}
def stage(filters, times):
    return [("conv", filters, 3, 1, 1), ("relu",)] * times + [("pool", 2)]


EXAMPLE = [*stage(10, 2) * 3, ("flatten",), ("dense", 10)]
VGG = [*stage(64, 2), *stage(128, 2), *stage(256, 3), *stage(512, 3), *stage(512, 3), ("flatten",)]
VGG += [("dense", 4096), ("relu",), ("dense", 4096), ("relu",), ("dense", 1000)]

if kit.ready("summary", globals()):
    for title, layers, shape in (("example ConvNet", EXAMPLE, (3, 32, 32)), ("VGG-16", VGG, (3, 224, 224))):
        rows = summary(layers, shape)
        print(f"{title}: {sum(row[2] for row in rows):,} parameters")
        for name, out, count in rows:
            if name in ("pool", "flatten", "dense"):
                print(f"   {name:8} {'×'.join(map(str, out)):>12} {count:>12,}")
    for n in (224, 227):
        print(f"AlexNet, first layer on {n}×{n}:", summary([("conv", 96, 11, 4, 0)], (3, n, n))[0])

# %% [markdown] covers=["CNN-04", "CNN-05", "CNN-07"]
# ### Think about it (no points)
#
# **C. The AlexNet paper says "224×224" and draws 55×55. Does that fit?**
#
# <details><summary>Answer</summary>
# No: (224 − 11)/4 + 1 = 54.25, so 54. With 227 pixels it is exactly 55 (or with 224 and some padding). The number of
# parameters is 96·(11·11·3 + 1) = 34,944 in either case.
# </details>
#
# **D. Where are VGG's 138,357,544 parameters, and how much of the image does one unit of `conv5_3` see?**
#
# <details><summary>Answer</summary>
# 14,714,688 in all 13 convolutions, 123,642,856 in the three dense layers, most of them in the first (25,088·4,096).
# For the field go through the layers: each 3×3 layer adds 2 · (product of the strides so far), each 2×2 pooling adds
# 1 · (that product) and doubles it. Stage by stage: 1 + 2·2 = 5, then 6, 6 + 2·2·2 = 14, 16, 16 + 3·2·4 = 40, 44,
# 44 + 3·2·8 = 92, 100, 100 + 3·2·16 = <b>196</b> pixels in each direction.
# </details>
#
# **E. The example ConvNet is said to have "about 7000 parameters". Count them.**
#
# <details><summary>Answer</summary>
# 280 + 5·910 + 1,610 = 6,440: 10·(9·3 + 1) in the first convolution, 10·(9·10 + 1) in each of the other five, and
# (160 + 1)·10 in the dense layer behind maps of 10×4×4.
# </details>

# %% [markdown] covers=["CNN-04"]
# ### CARITH-1 ({points:CARITH-1}) and CARITH-2 ({points:CARITH-2}) by hand

# %% nbgrader={"grade_id": "show-CARITH-1", "locked": true}
kit.show("CARITH-1", student)

# %% deletable=false nbgrader={"grade_id": "CARITH-1"}
# answer: CARITH-1
answer = {
    "size": """ """,
    "fits": """ """,
}

# %% nbgrader={"grade_id": "test_CARITH-1", "grade": true, "locked": true}
kit.score("CARITH-1", globals())

# %% nbgrader={"grade_id": "show-CARITH-2", "locked": true}
kit.show("CARITH-2", student)

# %% deletable=false nbgrader={"grade_id": "CARITH-2"}
# answer: CARITH-2
answer = """

"""

# %% nbgrader={"grade_id": "test_CARITH-2", "grade": true, "locked": true}
kit.score("CARITH-2", globals())

# %% [markdown] covers=["CNN-06"]
# ## 3 A block with a skip connection
#
# ResNet is so deep that training it took two to three weeks on eight GPUs. What makes that possible is in its figure: a
# connection that skips a few layers, so that a block computes
#
# $$ y = F(x) + x, \qquad\text{here with one layer in the branch:}\quad F(x) = \mathrm{relu}(x\,W^\top). $$
#
# $x$ is used twice, so its gradients add up. With $a = x\,W^\top$ and $\mathrm{d}a = \mathrm{d}y$ where $a>0$, else 0:
#
# $$ \mathrm{d}x = \mathrm{d}y + \mathrm{d}a\,W, \qquad \mathrm{d}W = \mathrm{d}a^\top x . $$
#
# Where sizes differ the skip connection is a **projection**, $y = F(x) + x\,P^\top$; then
# $\mathrm{d}x = \mathrm{d}y\,P + \mathrm{d}a\,W$ and $\mathrm{d}P = \mathrm{d}y^\top x$.
#
# *Worked example.* $W = \begin{bmatrix}0.5&1\\-1&0.25\end{bmatrix}$, $\mathrm{d}y=(1,2)$.
#
# - $x=(1,-2)$: $a=(-1.5,-1.5)$, the branch is off, $y=(1,-2)$: the block is the identity, and $\mathrm{d}x=(1,2)$
#   passes unchanged.
# - $x=(1,2)$: $a=(2.5,-0.5)$, $y=(3.5,2)$; $\mathrm{d}a=(1,0)$, so $\mathrm{d}x=(1,2)+(0.5,1)=(1.5,3)$.

# %% [markdown] covers=["CNN-06"]
# ### `residual_forward` ({points:residual_forward}) and `residual_backward` ({points:residual_backward})


# %% nbgrader={"grade_id": "residual_forward", "solution": true}
def residual_forward(x, W, P=None):
    """Return (y, cache) with y = relu(x W^T) + x, or + x P^T where a projection P is given.

    x[N, D]: one example per row; W[M, D], P[M, D]; without P, M = D. y[N, M]; no input may change.
    The cache is yours: put into it what residual_backward needs.
    """
    ### BEGIN SOLUTION
    a = x @ W.T
    y = np.maximum(a, 0) + (x if P is None else x @ P.T)
    return y, (x, W, P, a)
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_residual_forward", "grade": true, "locked": true}
kit.score("residual_forward", globals())


# %% nbgrader={"grade_id": "residual_backward", "solution": true}
def residual_backward(dy, cache):
    """Return (dx, dW), or (dx, dW, dP) where the forward had a projection.

    dy[N, M] and the cache of residual_forward; dx[N, D], dW[M, D], dP[M, D]. Gradients of weights are sums
    over the examples. Where a is exactly 0, nothing flows back through the branch.
    """
    ### BEGIN SOLUTION
    x, W, P, a = cache
    da = dy * (a > 0)
    dx, dW = da @ W, da.T @ x
    if P is None:
        return dx + dy, dW
    return dx + dy @ P, dW, dy.T @ x
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_residual_backward", "grade": true, "locked": true}
kit.score("residual_backward", globals())

# %% [markdown] covers=["CNN-02", "CNN-03", "NORM-07", "KERAS-04"]
# ## 4 Build and train
#
# The next two cells hold the layers, as you wrote them in earlier assignments (only faster). **Each layer has**
#
# - `forward(X, train=True) -> Y`, which keeps what the backward needs; `train` matters for dropout only,
# - `backward(dY) -> dX`, which also stores the gradients of the layer's own parameters,
# - `params()` and `grads()`: lists of arrays in the same order, empty for layers that learn nothing,
# - `frozen`: a flag, False to begin with.
#
# The loss is the mean of the cross-entropy over the batch; `softmax_loss(S, t)` returns it with its gradient
# $\mathrm{d}S = (P - T)/N$. The slide's "convert our labels to binary" means **one-hot**: $T$ has ten columns and a
# 1 in the column of the label; here the labels `t` stay whole numbers, and the loss makes $T$ itself.


# %% nbgrader={"grade_id": "setup-plain-layers", "locked": true}
class Layer:
    """What all layers share: no parameters, not frozen, and gradients that pass unchanged."""

    frozen = False

    def params(self):
        return []

    def grads(self):
        return []


class Dense(Layer):
    """Y = X W + b with W[D, M], b[M]."""

    def __init__(self, W, b):
        self.W, self.b = W, b

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


class ReLU(Layer):
    def forward(self, X, train=True):
        self.on = X > 0
        return X * self.on

    def backward(self, dY):
        return dY * self.on


# %% nbgrader={"grade_id": "setup-image-layers", "locked": true}
def windows_of(X, k):
    """Return a view of all k x k windows, [N, C, H', W', k, k]."""
    return np.lib.stride_tricks.sliding_window_view(X, (k, k), axis=(2, 3))


class Conv(Dense):
    """Correlation with W[F, C, k, k] and b[F]; stride 1, no padding."""

    def forward(self, X, train=True):
        self.windows = windows_of(X, self.W.shape[2])
        Y = np.tensordot(self.windows, self.W, axes=((1, 4, 5), (1, 2, 3)))
        return Y.transpose(0, 3, 1, 2) + self.b[:, None, None]

    def backward(self, dY):
        self.dW = np.tensordot(dY, self.windows, axes=((0, 2, 3), (0, 2, 3)))
        self.db = dY.sum(axis=(0, 2, 3))
        k = self.W.shape[2]
        wide = np.pad(dY, ((0, 0), (0, 0), (k - 1, k - 1), (k - 1, k - 1)))
        dX = np.tensordot(windows_of(wide, k), self.W[:, :, ::-1, ::-1], axes=((1, 4, 5), (0, 2, 3)))
        return dX.transpose(0, 3, 1, 2)


class MaxPool(Layer):
    """The largest of each k x k window, stride k; rows and columns must be multiples of k."""

    def __init__(self, k):
        self.k = k

    def forward(self, X, train=True):
        N, C, H, W = X.shape
        tiles = X.reshape(N, C, H // self.k, self.k, W // self.k, self.k)
        Y = tiles.max(axis=(3, 5), keepdims=True)
        self.won = tiles == Y
        return Y[:, :, :, 0, :, 0]

    def backward(self, dY):
        shares = self.won / self.won.sum(axis=(3, 5), keepdims=True)  # a tie is shared out
        N, C, H, _, W, _ = shares.shape
        return (shares * dY[:, :, :, None, :, None]).reshape(N, C, H * self.k, W * self.k)


# %% nbgrader={"grade_id": "setup-other-layers", "locked": true}
class Flatten(Layer):
    def forward(self, X, train=True):
        self.shape = X.shape
        return X.reshape(len(X), -1)

    def backward(self, dY):
        return dY.reshape(self.shape)


class Dropout(Layer):
    """Inverted dropout: drops each input with probability p in training, does nothing at test time."""

    def __init__(self, p, rng):
        self.p, self.rng = p, rng

    def forward(self, X, train=True):
        self.scale = (self.rng.random(X.shape) >= self.p) / (1 - self.p) if train else 1.0
        return X * self.scale

    def backward(self, dY):
        return dY * self.scale


def softmax_loss(S, t):
    """Return (mean cross-entropy of scores S[N, C] with labels t[N], its gradient dS)."""
    P = np.exp(S - S.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    rows = np.arange(len(S))
    loss = -np.log(P[rows, t] + 1e-300).mean()
    P[rows, t] -= 1
    return loss, P / len(S)


# %% [markdown] covers=["KERAS-01"]
# ### `Sequential` ({points:Sequential})
#
# A model is a chain: forward, each layer's result goes to the next; backward, the gradient travels from the last layer
# to the first.


# %% nbgrader={"grade_id": "Sequential", "solution": true}
class Sequential:
    """A chain of layers, the one closest to the input first; they stay in the list `layers`."""

    def __init__(self, layers):
        self.layers = list(layers)

    def forward(self, X, train=True):
        """Pass X through all layers and return the result; hand `train` on to each of them."""
        ### BEGIN SOLUTION
        for layer in self.layers:
            X = layer.forward(X, train)
        return X
        ### END SOLUTION

    def backward(self, dY):
        """Pass the upstream gradient back through all layers and return the gradient of the input."""
        ### BEGIN SOLUTION
        for layer in reversed(self.layers):
            dY = layer.backward(dY)
        return dY
        ### END SOLUTION

    def params(self):
        """Return one flat list with the parameters of all layers, in order."""
        ### BEGIN SOLUTION
        return [p for layer in self.layers for p in layer.params()]
        ### END SOLUTION


# %% nbgrader={"grade_id": "test_Sequential", "grade": true, "locked": true}
kit.score("Sequential", globals())

# %% [markdown] covers=["TRAIN-04", "KERAS-07"]
# ### `train` ({points:train})
#
# Mini-batch gradient descent, without momentum. **What has to hold exactly:**
#
# - *Order.* At the start of **each** epoch draw `order = rng.permutation(len(X))`; batches are consecutive pieces of
#   `batch` indices, the last one may be short. Use no other random numbers.
# - *Step.* For each batch: scores in training mode, loss and gradient (the mean over *this* batch), backward, then
#   `p -= lr * g` for every parameter of every layer that is **not frozen**. The arrays of the layers change in place.
# - *History.* A dict with one number per epoch in each list: `"loss"` and `"accuracy"` are means over all examples, each
#   taken from its batch *before* the step; accuracy is a share between 0 and 1. With `val=(Xv, tv)` there is also
#   `"val_accuracy"`, measured on those data in **test mode** after the epoch.
#
# `X`, `t` and `val` stay as they are. The model has `layers`, `forward(X, train)` and `backward(dY)`, and need not be
# your `Sequential`.


# %% nbgrader={"grade_id": "train", "solution": true}
def train(model, data, epochs, batch, lr, rng, val=None):
    """Train a model in place; return the history, a dict of lists.

    data: (X[N, ...], t[N]), examples and labels 0..C-1; epochs, batch: ints; lr: learning rate;
    rng: np.random.Generator; val: None, or (Xv, tv). Returns {"loss": [...], "accuracy": [...]}, and with
    val also "val_accuracy": [...], one entry per epoch each.
    """
    ### BEGIN SOLUTION
    X, t = data
    history = {"loss": [], "accuracy": []}
    if val is not None:
        history["val_accuracy"] = []
    for _ in range(epochs):
        order, loss, right = rng.permutation(len(X)), 0.0, 0
        for start in range(0, len(X), batch):
            now = order[start : start + batch]
            S = model.forward(X[now], True)
            mean, dS = softmax_loss(S, t[now])
            loss, right = loss + mean * len(now), right + np.sum(S.argmax(axis=1) == t[now])
            model.backward(dS)
            for layer in model.layers:
                if not layer.frozen:
                    for p, g in zip(layer.params(), layer.grads()):
                        p -= lr * g
        history["loss"].append(loss / len(X))
        history["accuracy"].append(right / len(X))
        if val is not None:
            history["val_accuracy"].append(np.mean(model.forward(val[0], False).argmax(axis=1) == val[1]))
    return history
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_train", "grade": true, "locked": true}
kit.score("train", globals())

# %% [markdown] covers=["NORM-07", "KERAS-05", "KERAS-07"]
# ### The data
#
# `digits.npz` holds 1,797 handwritten digits of 8×8 pixels with grey values 0 to 16 (E. Alpaydin and C. Kaynak, UCI
# Machine Learning Repository, CC BY 4.0): small sisters of MNIST's 28×28. As in the lecture the images are **reshaped**
# to have a channel axis and **normalised** to values from 0 to 1. Of every five
# examples of a class three are for training, one is for validation and one for testing.


# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "load-digits", "locked": true}
from pathlib import Path

import matplotlib.pyplot as plt


def load_digits():
    """Return {"train": (X, t), "val": (X, t), "test": (X, t)} with X[N, 1, 8, 8] from 0 to 1."""
    with np.load(Path(kit.__file__).with_name("digits.npz")) as file:
        X, t = file["images"].reshape(-1, 1, 8, 8) / 16.0, file["labels"].astype(int)
    place = np.zeros(len(t), int)  # the how-manieth of its class
    for label in range(10):
        place[t == label] = np.arange(np.sum(t == label))
    parts = {"train": place % 5 < 3, "val": place % 5 == 3, "test": place % 5 == 4}
    return {name: (X[part], t[part]) for name, part in parts.items()}


digits = load_digits()
fig, axes = plt.subplots(2, 10, figsize=(10, 2.2))
for ax, image, label in zip(axes.flat, digits["train"][0][:, 0], digits["train"][1]):
    ax.imshow(image, cmap="gray_r")
    ax.set_title(label, fontsize=9)
    ax.set(xticks=[], yticks=[])
fig.tight_layout()
plt.show()
print({name: X.shape for name, (X, t) in digits.items()})

# %% [markdown] covers=["KERAS-01", "REG-14"]
# *Picture: twenty handwritten digits of 8×8 grey pixels with their labels.*
#
# The lecture's model, cut down to 8×8 pixels: 16 and 32 filters, 64 units. Shapes: 8 → 6 → 4 → 2, so 128 numbers after
# flattening.


# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "train-model", "locked": true}
def he(rng, *shape):
    """Draw weights with variance 2 / fan-in: shape (F, C, k, k) of a convolution, (D, M) of a dense layer."""
    fan_in = np.prod(shape[1:]) if len(shape) == 4 else shape[0]
    return rng.normal(0, np.sqrt(2 / fan_in), size=shape)


def digits_model(classes, rng, dropout=True):
    """Return the lecture's model for 8x8 pixels, as your Sequential."""
    q = (0.25, 0.5) if dropout else (0.0, 0.0)
    return Sequential(
        [
            *(Conv(he(rng, 16, 1, 3, 3), np.zeros(16)), ReLU()),
            *(Conv(he(rng, 32, 16, 3, 3), np.zeros(32)), ReLU()),
            *(MaxPool(2), Dropout(q[0], rng), Flatten()),
            *(Dense(he(rng, 128, 64), np.zeros(64)), ReLU(), Dropout(q[1], rng)),
            Dense(he(rng, 64, classes), np.zeros(classes)),
        ]
    )


if kit.ready("Sequential", globals()) and kit.ready("train", globals()):
    rng = np.random.default_rng(0)
    model = digits_model(10, rng)
    history = train(model, digits["train"], 15, 32, 0.1, rng, val=digits["val"])
    few = tuple(part[:60] for part in digits["train"])
    bare = digits_model(10, np.random.default_rng(1), dropout=False)
    overfit = train(bare, few, 30, 10, 0.1, np.random.default_rng(1), val=digits["val"])
    print(f"after 15 epochs: validation accuracy {history['val_accuracy'][-1]:.3f}")

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-curves", "locked": true}
import matplotlib.pyplot as plt


def diagnosis(history, big=0.10, low=0.70):
    """Read the ends of the curves: first the gap, then the level."""
    gap = history["accuracy"][-1] - history["val_accuracy"][-1]
    if gap >= big:
        return f"gap {gap:.2f}: over-fitting, regularise more"
    if max(history["accuracy"][-1], history["val_accuracy"][-1]) < low:
        return f"gap {gap:.2f}, both low: under-fitting, more capacity"
    return f"gap {gap:+.2f} at a high accuracy: good"


if "history" in globals():
    fig, axes = plt.subplots(2, 2, figsize=(11, 6), sharex="col")
    runs = {"all training digits, dropout": history, "60 training digits, no dropout": overfit}
    for column, (title, run) in zip(axes.T, runs.items()):
        epochs = np.arange(1, len(run["loss"]) + 1)
        column[0].plot(epochs, run["loss"], color="#0072B2", marker="o", markersize=3)
        column[0].set(title=title, ylabel="training loss", yscale="log")
        column[1].plot(epochs, run["accuracy"], color="#0072B2", marker="o", markersize=3, label="training")
        column[1].plot(epochs, run["val_accuracy"], color="#D55E00", linestyle="--", label="validation")
        column[1].set(xlabel=f"epoch\n{diagnosis(run)}", ylabel="accuracy", ylim=(0, 1.03))
        column[1].legend(loc="lower right")
    fig.tight_layout()
    plt.show()

# %% [markdown] covers=["TRAIN-03", "TRAIN-04"]
# *Picture: two columns of curves. Left, all digits with dropout: the loss falls steeply and flattens, training and
# validation accuracy rise, validation to about 0.97 and even above training, because dropout makes training the
# harder task. Right, 60 digits without dropout: the loss goes to nearly 0 and training accuracy to 1, while validation
# stays near 0.8: a big gap.*
#
# A **big gap** between training and validation accuracy means over-fitting: regularise more, or get more data. **No
# gap** is not bad by itself: only if the accuracy is low, too, does it mean under-fitting, and then the model needs more
# capacity (or less regularisation).
#
# ### Think about it (no points)
#
# **F. The lecture's list of best practices: mini-batches; regularisation; cross-validation; ReLU; centred inputs; a
# learning rate that is tried out; batch normalisation. Give a reason for each. "Don't use sigmoid": never?**
#
# <details><summary>Answer</summary>
# Mini-batches: many cheap, noisy steps. Regularisation: the gap. Cross-validation: choose settings on data that were not
# trained on. ReLU: no saturation for positive inputs, so gradients survive many layers. Centred inputs: weights of one
# unit need not all move in the same direction. Learning rate: too high diverges, too low crawls. Batch normalisation:
# well-scaled signals in every layer. A sigmoid is a poor <em>hidden</em> activation in deep networks; at a binary
# output or as a gate it is right.
# </details>
#
# **G. Put in order: pool, classify, convolve, non-linearity.**
#
# <details><summary>Answer</summary>
# Convolve, non-linearity, pool (a stage, repeated), and the classifier at the end.
# </details>

# %% [markdown] covers=["CNN-08"]
# ## 5 What has it learned?
#
# Zeiler and Fergus looked into trained networks layer by layer. With filters of 3×3 pixels there is not much to see, but
# the maps they make are telling: edges in several directions first, later blobs that stand for parts of digits.


# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-filters", "locked": true}
import matplotlib.pyplot as plt

if "history" in globals():
    sample = digits["test"][0][[3]]
    first = model.layers[1].forward(model.layers[0].forward(sample, False), False)[0]
    second = model.layers[3].forward(model.layers[2].forward(first[None], False), False)[0]
    fig, axes = plt.subplots(4, 17, figsize=(13, 3.6), width_ratios=[1.6] + [1] * 16)
    filters = model.layers[0].W[:, 0]
    limit = abs(filters).max()
    for i in range(16):
        axes[0, i + 1].imshow(filters[i], cmap="PuOr", vmin=-limit, vmax=limit)
        axes[1, i + 1].imshow(first[i], cmap="gray_r", vmin=0)
        axes[2, i + 1].imshow(second[i], cmap="gray_r", vmin=0)
        axes[3, i + 1].imshow(second[i + 16], cmap="gray_r", vmin=0)
    axes[1, 0].imshow(sample[0, 0], cmap="gray_r")
    for ax in axes.flat:
        ax.set(xticks=[], yticks=[])
    for row in (0, 2, 3):
        axes[row, 0].axis("off")
    titles = {0: "filters 3×3", 2: "32 maps of layer 2", 3: ""}
    for row, text in titles.items():
        axes[row, 0].text(1, 0.5, text, ha="right", va="center", fontsize=9, transform=axes[row, 0].transAxes)
    axes[1, 0].set_title("input, 16 maps", fontsize=9)
    plt.show()

# %% [markdown]
# *Picture: sixteen 3×3 filters in orange (negative) and purple (positive); below them a digit with its sixteen
# first-layer maps, then its 32 second-layer maps, black where a unit is on.*

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-confusion", "locked": true}
import matplotlib.pyplot as plt

if "history" in globals():
    X, t = digits["test"]
    guess = model.forward(X, False).argmax(axis=1)  # the class with the highest score
    confusion = np.zeros((10, 10), int)
    np.add.at(confusion, (t, guess), 1)
    fig, ax = plt.subplots(figsize=(5.4, 5))
    ax.imshow(np.log1p(confusion), cmap="Blues")
    for i, j in np.ndindex(10, 10):
        if confusion[i, j]:
            ink = "white" if i == j else "black"
            ax.text(j, i, confusion[i, j], ha="center", va="center", fontsize=9, color=ink)
    ax.set(xlabel="predicted", ylabel="true", xticks=range(10), yticks=range(10))
    ax.set_title(f"test accuracy {np.mean(guess == t):.3f} on {len(t)} digits")
    plt.show()

# %% [markdown] covers=["CNN-08", "KERAS-06"]
# *Picture: the confusion matrix of the test digits, one row per true class: nearly everything lies on the diagonal.*
#
# The test set is used once, here, after everything has been chosen. The prediction is the class with the **highest
# score**.
#
# ### Think about it (no points)
#
# **H. Two networks have the same accuracy. What does the confusion matrix tell you beyond it?**
#
# <details><summary>Answer</summary>
# Which classes are taken for which. One network may err a little everywhere, the other always take 9 for 8. That says
# where more data or another architecture would help, and what an error costs.
# </details>
#
# **I. The history slide cites "Rumelhart et al., Learning internal representations by back-propagating errors, Nature 1986". Two papers
# got mixed up. Which?**
#
# <details><summary>Answer</summary>
# The Nature paper is "Learning representations by back-propagating errors"; "Learning internal representations by error
# propagation" is a book chapter of the same year.
# </details>

# %% [markdown] covers=["CNN-08"]
# ### Optional: what would a unit like to see? (no points)
#
# Turn training round: keep the weights, and climb with the *input* so that one score grows. A little blur after each
# step keeps the picture smooth. The gradient of the input is what `model.backward` returns.


# %% nbgrader={"grade_id": "smooth_activation_maximisation", "solution": true}
def smooth_activation_maximisation(model, unit, steps=60, lr=0.3):
    """Return an image X[1, 1, 8, 8] from 0 to 1 that makes the score of class `unit` large."""
    ### BEGIN SOLUTION
    X = np.full((1, 1, 8, 8), 0.4)
    for _ in range(steps):
        S = model.forward(X, False)
        dS = np.zeros_like(S)
        dS[0, unit] = 1.0
        X = X + lr * model.backward(dS)
        wide = np.pad(X, ((0, 0), (0, 0), (1, 1), (1, 1)))
        around = wide[:, :, :-2, 1:-1] + wide[:, :, 2:, 1:-1] + wide[:, :, 1:-1, :-2] + wide[:, :, 1:-1, 2:]
        X = np.clip(0.9 * X + 0.1 * around / 4, 0, 1)
    return X
    ### END SOLUTION


# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-maximisation", "locked": true}
import matplotlib.pyplot as plt

if "history" in globals():
    try:
        dreams = [smooth_activation_maximisation(model, unit)[0, 0] for unit in range(10)]
    except NotImplementedError:
        print("smooth_activation_maximisation is not written; it is optional.")
    else:
        fig, axes = plt.subplots(1, 10, figsize=(11, 1.6))
        for unit, (ax, image) in enumerate(zip(axes, dreams)):
            ax.imshow(image, cmap="gray_r", vmin=0, vmax=1)
            ax.set_title(unit, fontsize=9)
            ax.set(xticks=[], yticks=[])
        plt.show()

# %% [markdown] covers=["TL-01", "TL-02", "TL-03", "TL-04"]
# *Picture: ten grey images, one per class, that make the score of that class large; strokes of the digits can be made
# out.*
#
# ## 6 Transfer learning
#
# More weights need more data, and deeper networks have more weights. So **copy** weights that were learned on a large
# data set, and learn only the rest. Three stages: (1) train on a large data set such as ImageNet; (2) for a small
# data set of $C$ classes, freeze everything but a new last layer; (3) with a bigger data set, train more layers. What
# to do depends on how much there is and how similar it is to the old data:
#
# | | very similar data | very different data |
# |---|---|---|
# | **very little data** | linear classifier on the top layer | trouble: try linear classifiers from different stages |
# | **quite a lot of data** | fine-tune a few layers | fine-tune a larger number of layers |
#
# "You need a lot of data to train deep CNNs": the lecture calls this myth *busted*. That holds if there is a network
# trained on data that are similar enough; somebody needed the lot of data for it.

# %% [markdown] covers=["TL-03"]
# ### TL-1 by hand, twice ({points:TL-1} each)
#
# Answer with the letter of an option.

# %% nbgrader={"grade_id": "show-TL-1", "locked": true}
kit.show("TL-1", student)

# %% deletable=false nbgrader={"grade_id": "TL-1"}
# answer: TL-1
answer = {
    "cell": """ """,
    "advice": """ """,
}

# %% nbgrader={"grade_id": "test_TL-1", "grade": true, "locked": true}
kit.score("TL-1", globals())

# %% nbgrader={"grade_id": "show-TL-1_2", "locked": true}
kit.show("TL-1_2", student)

# %% deletable=false nbgrader={"grade_id": "TL-1_2"}
# answer: TL-1_2
answer = {
    "cell": """ """,
    "advice": """ """,
}

# %% nbgrader={"grade_id": "test_TL-1_2", "grade": true, "locked": true}
kit.score("TL-1_2", globals())

# %% [markdown] covers=["TL-03"]
# ### `transfer_plan` ({points:transfer_plan})
#
# The same table in code. The lecture says "very little" and "quite a lot" and names no number: here **10,000 examples or
# more** are a lot. Return exactly one of
# `"linear classifier on top"`, `"linear classifier on earlier stages"`, `"fine-tune a few layers"`,
# `"fine-tune many layers"`.


# %% nbgrader={"grade_id": "transfer_plan", "solution": true}
def transfer_plan(n_data, similarity):
    """Return the advice (one of the four texts above) for n_data examples (int).

    similarity: "similar" or "different".
    """
    ### BEGIN SOLUTION
    if n_data >= 10_000:
        return "fine-tune a few layers" if similarity == "similar" else "fine-tune many layers"
    return "linear classifier on top" if similarity == "similar" else "linear classifier on earlier stages"
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_transfer_plan", "grade": true, "locked": true}
kit.score("transfer_plan", globals())

# %% [markdown] covers=["TL-01", "TL-02"]
# ### `freeze` ({points:freeze}) and `replace_head` ({points:replace_head})
#
# Both change the model in place; what they return does not matter. A model here is anything with a list `layers`.


# %% nbgrader={"grade_id": "freeze", "solution": true}
def freeze(model, n_layers):
    """Set frozen = True for the first n_layers of model.layers, and frozen = False for all others.

    Every layer counts, also those without parameters; 0 <= n_layers <= number of layers.
    """
    ### BEGIN SOLUTION
    for i, layer in enumerate(model.layers):
        layer.frozen = i < n_layers
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_freeze", "grade": true, "locked": true}
kit.score("freeze", globals())


# %% nbgrader={"grade_id": "replace_head", "solution": true}
def replace_head(model, C, rng):
    """Replace the last layer of model.layers, a Dense with W[D, old classes], by a new Dense for C classes.

    Weights W[D, C] are drawn with rng (np.random.Generator): normal, mean 0, standard deviation sqrt(2 / D);
    biases b[C] are 0. The other layers stay as they are, and the new one is not frozen.
    """
    ### BEGIN SOLUTION
    D = model.layers[-1].params()[0].shape[0]
    model.layers[-1] = Dense(rng.normal(0, np.sqrt(2 / D), size=(D, C)), np.zeros(C))
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_replace_head", "grade": true, "locked": true}
kit.score("replace_head", globals())

# %% [markdown] covers=["TL-01", "TL-02", "TL-04"]
# ### Frozen or fine-tuned?
#
# An experiment with your functions. The new task: is a digit **even or odd**? There are **ten labelled pictures** in all,
# one of each digit. Your model of section 4 has never been asked this, but its features may be of use. Three ways to
# go on: freeze everything but a new head for two classes; fine-tune all layers with a small learning rate; or start
# from random weights.


# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "transfer-experiment", "locked": true}
import copy

RATES = {"frozen, new head": 0.1, "fine-tuned": 0.02, "from scratch": 0.1}

if "history" in globals() and kit.ready("freeze", globals()) and kit.ready("replace_head", globals()):
    X, t = digits["val"]
    first = np.array([np.flatnonzero(t == label)[0] for label in range(10)])
    others = np.setdiff1d(np.arange(len(t)), first)
    curves = {}
    for title, rate in RATES.items():
        net = digits_model(2, np.random.default_rng(4)) if title == "from scratch" else copy.deepcopy(model)
        if title != "from scratch":
            replace_head(net, 2, np.random.default_rng(5))
        freeze(net, len(net.layers) - 1 if title.startswith("frozen") else 0)
        ten, rest = (X[first], t[first] % 2), (X[others], t[others] % 2)
        curves[title] = train(net, ten, 40, 10, rate, np.random.default_rng(6), val=rest)
        print(f"{title:17} validation accuracy {np.mean(curves[title]['val_accuracy'][-5:]):.2f}")

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-transfer", "locked": true}
import matplotlib.pyplot as plt

if "curves" in globals():
    styles = {
        "frozen, new head": ("#0072B2", "-"),
        "fine-tuned": ("#D55E00", "--"),
        "from scratch": ("#009E73", ":"),
    }
    fig, axes = plt.subplots(1, 2, figsize=(11, 4), sharey=True)
    for title, run in curves.items():
        ink, line = styles[title]
        for ax, name in zip(axes, ("accuracy", "val_accuracy")):
            smooth = np.convolve(run[name], np.ones(5) / 5, mode="valid")
            ax.plot(
                np.arange(3, 3 + len(smooth)), smooth, color=ink, linestyle=line, linewidth=2, label=title
            )
    axes[0].set(
        title="the ten labelled pictures (dropout is on)", xlabel="epoch", ylabel="accuracy, mean of 5 epochs"
    )
    axes[1].set(title="347 other pictures", xlabel="epoch", ylim=(0.4, 1.03))
    axes[1].legend(loc="lower right")
    fig.tight_layout()
    plt.show()

# %% [markdown] covers=["TL-02", "TL-04"]
# *Picture: accuracy against epoch for the three ways, on the ten labelled pictures (left) and on 347 others (right). On the
# others, both networks that were reused end near 0.9, and the one that started from random weights near 0.75, although
# all three learn the ten pictures.*
#
# ### Think about it (no points)
#
# **J. Why do the reused networks win, and what changes with more data, or with very different data?**
#
# <details><summary>Answer</summary>
# Their features tell the ten digits apart, and from there to even and odd it is one linear step: few weights to learn,
# about all that ten examples can determine. Fine-tuning does as well here because its learning rate is small; with a
# large one ten pictures soon spoil what a thousand have taught. With much more data fine-tuning pulls ahead, and with
# data of another kind the top features can be the wrong ones.
# </details>
#
# **K. You freeze ten of the eleven layers. How many of the parameters are still trained for $C = 2$?**
#
# <details><summary>Answer</summary>
# (64 + 1)·2 = 130 of 160 + 4,640 + 8,256 + 130 = 13,186.
# </details>
#
# **L. So "you need a lot of data to train deep CNNs" is busted?**
#
# <details><summary>Answer</summary>
# For the new task, yes: ten pictures went a long way. But the features came from a thousand other digits with labels.
# Without a network that was trained on similar data the sentence stands.
# </details>

# %% [markdown]
# ## 7 Self-check
#
# Can you answer these without looking?
#
# 1. Which layers of the MNIST model learn nothing? Where do 98 % of its parameters sit?
# 2. Why does a 3×3 convolution with stride 1 and padding 1 keep the size?
# 3. What does the gradient of a block with a skip connection look like when its branch is off?
# 4. Why must a new order be drawn in each epoch, and labels with the same order?
# 5. Training accuracy 0.99, validation accuracy 0.71: what is it, and what do you do?
# 6. 400 pictures, very different from ImageNet: what does the table say?
#
# <details><summary>Answers</summary>
# 1. Pooling, dropout, flatten; in the first dense layer, 1,179,776 of 1,199,882. ·
# 2. n + 2·1 − 3 + 1 = n. ·
# 3. It passes unchanged: dx = dy. ·
# 4. So that batches differ from epoch to epoch; otherwise images and labels no longer belong together. ·
# 5. Over-fitting: regularise, stop earlier, more data. ·
# 6. Trouble: try linear classifiers on features of different, also earlier, stages.
# </details>
#
# The last cell runs all public checks once more. Before you hand in: *Kernel → Restart and Run All*, then save.

# %% nbgrader={"grade_id": "overview", "locked": true}
kit.overview(globals())
