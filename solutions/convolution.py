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
# # Convolution: arithmetic, forward, backward
#
# A convolution layer slides small filters over an image and takes a dot product at every position.
# At the end of this notebook you can
#
# - predict the shape of its output and the number of its parameters,
# - write it with loops, forward and backward, and make it fast,
# - tell correlation from convolution, and shared weights from weights of one's own.
#
# **{points:total}** · reading: 25 minutes · work: three to four hours, by hand and in code
#
# | symbol | meaning | | symbol | meaning |
# |---|---|---|---|---|
# | $N$ | images in a batch | | $k$ | side of the filter ($k\times k$) |
# | $C$ | channels of the input | | $s$ | stride: step from window to window |
# | $F$ | filters = channels of the output | | $p$ | padding: zeros added on *each* side |
# | $H, W$ | height and width of the input | | $d$ | dilation: distance between filter taps |
# | $H', W'$ | height and width of the output | | $\mathrm{d}Y$ | $\partial L/\partial Y$, same shape as $Y$ |
#
# In code the weights are called `W` too; the text says which is meant. Arrays are **channels-first**:
# `X[n, c, row, column]`, and everything is float64.

# %% [markdown]
# **How to work here.** Replace each `raise NotImplementedError()` by your code, keep the names of the functions,
# and run the cell below it: it checks your function on *public* inputs and tells you where to look. Marks come
# from other inputs. You may add cells of your own. By-hand questions have your own numbers, so write your
# student id first. `backmark_kit.py` and `variants.json` must lie in the folder of this notebook.
# **For every function:** unless its text says so, it leaves what it is given (arrays, lists, a cache) as it is, and the
# same call gives the same result again.

# %% tags=["student"]
student = ""

# %% nbgrader={"grade_id": "setup", "locked": true}
import numpy as np

# %% nbgrader={"grade_id": "kit", "locked": true}
import backmark_kit as kit

# %% [markdown] covers=["CONV-01", "CONV-02", "CONV-03", "CONV-04", "CONV-05", "CONV-06", "CONV-13", "CONV-17", "CONV-22", "CONV-23", "CONV-25", "LIN-03"]
# ## 1 Sliding a window: how big is the output?
#
# The lecture's first example: an image of $32\times32$ pixels with 3 colour channels, and one filter of
# $5\times5\times3$. A fully connected layer would stretch the image to one column of 3072 numbers first, and forget
# which pixels were neighbours. A convolution does **not flatten**: it keeps rows, columns and channels, slides the filter
# over the image and computes a dot product at every position. A filter always extends through the **full depth** of its
# input, so at one position it gives **one number**,
#
# $$ w^\top x + b = \sum_{c=1}^{3}\sum_{u=1}^{5}\sum_{v=1}^{5} w_{c,u,v}\,x_{c,u,v} + b, $$
#
# a dot product of $5\cdot5\cdot3 = 75$ numbers and a bias: **76 parameters**. The window fits at $32-5+1=28$
# rows and 28 columns, so one filter makes one **activation map** of $28\times28$. Six filters make six maps,
# stacked to a "new image" of $6\times28\times28$, with $6\cdot(75+1)=456$ parameters. All activations have three
# dimensions, and each "neuron" in them sees $3\times5\times5$ inputs and has $3\times5\times5$ weights and a bias.
# A layer is told by height and width of its filters (their depth is that of the input), stride, padding, the number of
# filters, and the activation function that follows.
#
# With stride $s$, padding $p$ and dilation $d$ a filter covers $k_\text{eff} = d(k-1)+1$ pixels, and
#
# $$ H' = \left\lfloor \frac{H + 2p - k_\text{eff}}{s} \right\rfloor + 1 . $$
#
# Run the next cell for a picture of the lecture's example: 7 pixels, $k=3$, strides 1, 2 and 3.

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-sliding-window", "locked": true}
import matplotlib.pyplot as plt
from matplotlib.patches import Rectangle

BLUE, RED, GREY = "#0072B2", "#D55E00", "#BBBBBB"


def draw_window(ax, start, n=7, k=3):
    """Draw an n x n image with the window whose left edge is at `start`."""
    fits = start + k <= n
    for i in range(n):
        for j in range(n):
            ax.add_patch(Rectangle((j, i), 1, 1, fill=False, edgecolor=GREY, linewidth=0.8))
    ax.add_patch(Rectangle((0, 0), n, n, fill=False, edgecolor="black", linewidth=1.5))
    inside = {"facecolor": BLUE, "edgecolor": BLUE, "alpha": 0.55}
    outside = {"facecolor": "none", "edgecolor": RED, "hatch": "////"}
    ax.add_patch(Rectangle((start, 0), k, k, linewidth=2, **(inside if fits else outside)))
    ax.set(xlim=(-0.4, n + 2.4), ylim=(n + 0.4, -0.4), aspect="equal")
    ax.axis("off")


rows = {1: "5 positions fit", 2: "3 positions fit", 3: "2 fit, the last column is never read"}
fig, axes = plt.subplots(3, 5, figsize=(10, 6.2))
for (stride, text), line in zip(rows.items(), axes):
    starts = [*range(0, 7 - 3 + 1, stride)]
    if stride == 3:
        starts.append(6)
    for ax, start in zip(line, starts):
        draw_window(ax, start)
        ax.set_title(f"columns {start}–{start + 2}" if start + 3 <= 7 else "does not fit", fontsize=9, x=0.4)
    for ax in line[len(starts) :]:
        ax.axis("off")
    line[0].text(-1.2, 3.5, f"stride {stride}\n{text}", ha="right", va="center", fontsize=10)
plt.show()

# %% [markdown] covers=["CONV-18", "CONV-19"]
# *Picture: a 7×7 grid with a 3×3 window in its top row, one drawing per position. Stride 1 gives five positions, so
# the output is 5×5. Stride 2 gives three, so 3×3. Stride 3 gives two; a third window would hang over the edge
# (hatched), and the last column is never read.*
#
# | image | filter | $s$ | $p$ | exact value | floor | fits exactly? |
# |---|---|---|---|---|---|---|
# | 32 | 5 | 1 | 0 | 28 | 28 | yes |
# | 7 | 3 | 1 | 0 | 5 | 5 | yes |
# | 7 | 3 | 2 | 0 | 3 | 3 | yes |
# | 7 | 3 | 3 | 0 | 7/3 | 2 | **no** |
# | 224 | 3 | 1 | 1 | 224 | 224 | yes |
#
# The last row holds for every size: with $k=3$, $s=1$, $p=1$ the output is as large as the input. VGGNet has no other
# filters.

# %% [markdown]
# ### CARITH-1 by hand ({points:CARITH-1})
#
# Your question is shown by the next cell. Write each result between the quotation marks of the cell after it. That
# cell is *read*, not run: write the number itself. The check says only whether your answer can be read.

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

# %% [markdown]
# ### `conv_out` ({points:conv_out})
#
# Return both readings of "how big": the floor, as frameworks compute it, and whether the windows fit exactly.


# %% nbgrader={"grade_id": "conv_out", "solution": true}
def conv_out(n, k, s=1, p=0, d=1):
    """Return (floor_size, fits_exactly) of a convolution along one axis.

    n: pixels, k: filter side, s: stride, p: zeros on each side, d: dilation (all ints, k_eff <= n + 2p).
    floor_size: int; fits_exactly: bool, True when the last window ends at the last (padded) pixel.
    """
    ### BEGIN SOLUTION
    left = n + 2 * p - (d * (k - 1) + 1)
    return left // s + 1, left % s == 0
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_conv_out", "grade": true, "locked": true}
kit.score("conv_out", globals())

# %% [markdown]
# ### CARITH-2 by hand ({points:CARITH-2})

# %% nbgrader={"grade_id": "show-CARITH-2", "locked": true}
kit.show("CARITH-2", student)

# %% deletable=false nbgrader={"grade_id": "CARITH-2"}
# answer: CARITH-2
answer = """

"""

# %% nbgrader={"grade_id": "test_CARITH-2", "grade": true, "locked": true}
kit.score("CARITH-2", globals())

# %% [markdown]
# ### `conv_params` ({points:conv_params})
#
# The parameters do not depend on the size of the image: the same filter is used at every position.


# %% nbgrader={"grade_id": "conv_params", "solution": true}
def conv_params(c_in, k, c_out, bias=True):
    """Return the number of learned parameters of a convolution layer (int).

    c_in: channels of the input, k: filter side, c_out: number of filters; bias: one per filter, or none.
    """
    ### BEGIN SOLUTION
    return c_out * (c_in * k * k + (1 if bias else 0))
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_conv_params", "grade": true, "locked": true}
kit.score("conv_params", globals())

# %% [markdown] covers=["CONV-14", "CONV-16"]
# ### Think about it (no points)
#
# **A. 7×7, $k=3$, stride 3: an error, 2, or 7/3?** One lecture says "doesn't fit", another takes the floor, a third
# wants an integer.
#
# <details><summary>Answer</summary>
# The exact value is 7/3, so it does not fit. What to do then is a convention: refuse (the slide), or take the floor, 2,
# and never read the last row and column (PyTorch, Keras). Say both: that is why <code>conv_out</code> returns two
# results.
# </details>
#
# **B. "With stride 2 the output is half the size of the input." Always?**
#
# <details><summary>Answer</summary>
# Only roughly: with k = 3 and no padding 7 → 3 and also 8 → 3. It is exactly half for, say, k = 2, p = 0 and an even
# size. In the second case one row and one column are never read.
# </details>
#
# **C. "76 weights, versus 3072 for a fully connected layer." A fair comparison?**
#
# <details><summary>Answer</summary>
# No, and it sells convolution short. One fully connected unit on 3072 inputs has 3073 parameters with its bias, and it
# gives <em>one</em> number. A whole 28×28 map of such units has 28·28·3073 = 2,409,232; the filter gives the same
# number of outputs with 76.
# </details>

# %% [markdown] covers=["CONV-20"]
# ## 2 Correlation and convolution
#
# In this section, as on the slide, $F$ is an image with one channel and $H$ a kernel of $k\times k$. The lecture calls
# this a convolution:
#
# $$ G[i,j] = \sum_{u}\sum_{v} H[u,v]\;F[i+u,\,j+v] $$
#
# but by its proper name it is **cross-correlation**. A **convolution** looks the other way,
# $F[i-u,\,j-v]$, which is the same as turning the kernel by 180° first. See what each does to a single bright pixel
# (padding 1):
#
# $$ F=\begin{bmatrix}0&0&0\\0&1&0\\0&0&0\end{bmatrix},\quad
# H=\begin{bmatrix}1&2&3\\4&5&6\\7&8&9\end{bmatrix}:\qquad
# \text{correlation}=\begin{bmatrix}9&8&7\\6&5&4\\3&2&1\end{bmatrix},\quad
# \text{convolution}=\begin{bmatrix}1&2&3\\4&5&6\\7&8&9\end{bmatrix} $$
#
# Convolution copies the kernel to the bright pixel, correlation leaves it there turned round. A network *learns* its
# filters, so it does not matter which of the two a layer computes; all frameworks compute correlation and call it
# convolution, and so do sections 3 to 5.
#
# On the slide $u$ and $v$ run from $-k$ to $k$, so $k$ is *half* the kernel there. Here $k$ is the whole side,
# $u,v=0\dots k-1$ count from the top left corner, and `pad` zeros are added on each side, so that $G$ has
# $2\,\text{pad}-k+1$ rows and columns more than $F$.

# %% [markdown]
# ### CONV-1 by hand ({points:CONV-1})
#
# Write a matrix with one row per line and spaces between the numbers.

# %% nbgrader={"grade_id": "show-CONV-1", "locked": true}
kit.show("CONV-1", student)

# %% deletable=false nbgrader={"grade_id": "CONV-1"}
# answer: CONV-1
answer = """

"""

# %% nbgrader={"grade_id": "test_CONV-1", "grade": true, "locked": true}
kit.score("CONV-1", globals())

# %% [markdown]
# ### CONV-2 by hand ({points:CONV-2})

# %% nbgrader={"grade_id": "show-CONV-2", "locked": true}
kit.show("CONV-2", student)

# %% deletable=false nbgrader={"grade_id": "CONV-2"}
# answer: CONV-2
answer = """

"""

# %% nbgrader={"grade_id": "test_CONV-2", "grade": true, "locked": true}
kit.score("CONV-2", globals())

# %% [markdown]
# ### `corr2d` ({points:corr2d}) and `conv2d_true` ({points:conv2d_true})


# %% nbgrader={"grade_id": "corr2d", "solution": true}
def corr2d(F, H, pad):
    """Cross-correlate an image with a kernel: G[i,j] = sum_uv H[u,v] Fp[i+u, j+v], u, v = 0..k-1.

    F[rows, cols], H[k, k]; pad zeros are added on each side (Fp). Returns G[rows+2pad-k+1, cols+2pad-k+1].
    F may be rectangular; F and H must stay as they are.
    """
    ### BEGIN SOLUTION
    k = H.shape[0]
    Fp = np.pad(F, pad)
    G = np.zeros((Fp.shape[0] - k + 1, Fp.shape[1] - k + 1))
    for i in range(G.shape[0]):
        for j in range(G.shape[1]):
            G[i, j] = np.sum(H * Fp[i : i + k, j : j + k])
    return G
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_corr2d", "grade": true, "locked": true}
kit.score("corr2d", globals())


# %% nbgrader={"grade_id": "conv2d_true", "solution": true}
def conv2d_true(F, H, pad):
    """Convolve an image with a kernel: like corr2d, but with the kernel turned by 180 degrees.

    F[rows, cols], H[k, k]; pad zeros on each side. Returns G[rows+2pad-k+1, cols+2pad-k+1].
    """
    ### BEGIN SOLUTION
    return corr2d(F, H[::-1, ::-1], pad)
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_conv2d_true", "grade": true, "locked": true}
kit.score("conv2d_true", globals())

# %% [markdown] covers=["LIN-02"]
# ### Think about it (no points)
#
# **D. Is $G[i,j]=\sum_{u,v} H[u,v]F[i+u,j+v]$ a convolution?** The slides use both conventions: this formula, and a
# dilated example whose numbers only come out with the kernel turned round.
#
# <details><summary>Answer</summary>
# It is a cross-correlation. For a convolution the sign has to be F[i−u, j−v]. The two agree exactly when the kernel
# looks the same after a turn by 180°, as a blur does. When you compare with a library or a slide, find out which is
# meant.
# </details>
#
# **E. "$w\cdot x$: this is convolution!"** A perceptron outputs 1 if $w\cdot x+b>0$ and 0 otherwise. Take $w=(-1,1)$,
# $b=-0.5$ and slide it over a signal:
#
# | $x$ | 0 | 0 | 1 | 1 | 1 | 0 | 0 | 1 |
# |---|---|---|---|---|---|---|---|---|
# | $w\cdot x+b$ | −0.5 | 0.5 | −0.5 | −0.5 | −1.5 | −0.5 | 0.5 | |
# | output | 0 | **1** | 0 | 0 | 0 | 0 | **1** | |
#
# What does this perceptron find, and where is the convolution?
#
# <details><summary>Answer</summary>
# It finds rising edges. One dot product is not a convolution; using the <em>same</em> w at every position is, and then
# it is a correlation followed by a threshold. Sharing w makes sense where the data look alike everywhere
# (stationarity).
# </details>

# %% [markdown] covers=["CONV-07", "CONV-08", "CONV-09", "CONV-15"]
# ## 3 The layer, forward
#
# With $N$ images, $C$ channels and $F$ filters the weights have four dimensions, `W[F, C, k, k]` (output depth, input
# depth, height, width), and every filter has one bias:
#
# $$ Y_{n,f,i,j} = \sum_{c,u,v} W_{f,c,u,v}\; X^{p}_{n,\,c,\;is+ud,\;js+vd} + b_f , $$
#
# where $X^p$ is $X$ with $p$ zeros on each side; real layers have 64 to 1024 filters. All channels are added up: two
# filters give two maps, whatever $C$ is. At each position the $F$ results form a column of shape $[F\times1\times1]$. An
# example with two channels and two filters ($s=1$, $p=0$), channels one above the other:
#
# $$ X=\begin{matrix}\begin{bmatrix}1&0&2\\3&1&0\\0&2&1\end{bmatrix}\\[4pt]\begin{bmatrix}0&1&0\\1&0&1\\2&0&1\end{bmatrix}\end{matrix}
# \qquad W_0=\begin{matrix}\begin{bmatrix}1&0\\0&1\end{bmatrix}\\[4pt]\begin{bmatrix}0&1\\1&0\end{bmatrix}\end{matrix},\ b_0=1
# \qquad W_1=\begin{matrix}\begin{bmatrix}-1&1\\1&0\end{bmatrix}\\[4pt]\begin{bmatrix}2&0\\0&-1\end{bmatrix}\end{matrix},\ b_1=-2
# \qquad Y=\begin{matrix}\begin{bmatrix}5&1\\8&4\end{bmatrix}\\[4pt]\begin{bmatrix}0&2\\-2&-2\end{bmatrix}\end{matrix} $$
#
# The 5 is $(1\cdot1+1\cdot1) + (1\cdot1+1\cdot1) + 1$: top left window, first channel, second channel, bias.
#
# With padding: a 7×7 image of ones and a 3×3 filter of ones, $p=1$, $s=2$, give 4×4 with 4 in the corners, 6 along the
# edges, 9 inside. (The slides draw this padded image as 9×9, 10×9 and 9×10; it is 9×9.)

# %% [markdown]
# ### CONV-3 by hand ({points:CONV-3})

# %% nbgrader={"grade_id": "show-CONV-3", "locked": true}
kit.show("CONV-3", student)

# %% deletable=false nbgrader={"grade_id": "CONV-3"}
# answer: CONV-3
answer = """

"""

# %% nbgrader={"grade_id": "test_CONV-3", "grade": true, "locked": true}
kit.score("CONV-3", globals())

# %% [markdown]
# ### CONV-4 by hand ({points:CONV-4})
#
# Write one row of the map per line; between two maps leave a line empty.

# %% nbgrader={"grade_id": "show-CONV-4", "locked": true}
kit.show("CONV-4", student)

# %% deletable=false nbgrader={"grade_id": "CONV-4"}
# answer: CONV-4
answer = """

"""

# %% nbgrader={"grade_id": "test_CONV-4", "grade": true, "locked": true}
kit.score("CONV-4", globals())

# %% [markdown] covers=["CONV-12"]
# ### `conv_forward` ({points:conv_forward})
#
# The slide writes the layer as one line inside its loops, for one filter:
# `out[n,0,r,c] = np.sum(X[n,:,r0:r1,c0:c1] * W[0,:,:,:]) + b[0]`.
# **Write that line** for filter `f`, with dilation `d`. Everything else is there; you may also write it your own way,
# as long as it returns `(Y, cache)`. The cache is yours: put into it what your backward needs.


# %% nbgrader={"grade_id": "conv_forward", "solution": true}
def conv_forward(X, W, b, s, p, d=1):
    """Compute a convolution layer: Y[n,f,i,j] = sum_cuv W[f,c,u,v] Xp[n,c, i s+u d, j s+v d] + b[f].

    X[N, C, H, W], W[F, C, k, k], b[F]; s: stride, p: zeros on each side, d: dilation.
    Returns (Y[N, F, H', W'], cache); X, W and b must stay as they are.
    """
    F, _, k, _ = W.shape
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    span = d * (k - 1) + 1  # pixels from the first to the last tap
    tops = range(0, Xp.shape[2] - span + 1, s)  # where the windows start
    lefts = range(0, Xp.shape[3] - span + 1, s)
    Y = np.zeros((len(X), F, len(tops), len(lefts)))
    for n in range(len(X)):
        for f in range(F):
            for i, r0 in enumerate(tops):
                for j, c0 in enumerate(lefts):
                    ### BEGIN SOLUTION
                    Y[n, f, i, j] = np.sum(Xp[n, :, r0 : r0 + span : d, c0 : c0 + span : d] * W[f]) + b[f]
                    ### END SOLUTION
    return Y, (X, W, b, s, p, d)


# %% nbgrader={"grade_id": "test_conv_forward", "grade": true, "locked": true}
kit.score("conv_forward", globals())

# %% [markdown] covers=["CONV-26"]
# ### What filters see
#
# The next cells run *your* layer on a small picture drawn by code: one filter, one activation map. (The lecture shows a
# layer with 32 filters of $5\times5$, and so 32 maps. Ours has six.)


# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "draw-scene", "locked": true}
def colour(r, g, b):
    return np.array([r, g, b]).reshape(3, 1, 1)


def draw_scene(size=48):
    """Return a picture X[3, size, size] in 0..1: sky, sun, a red house and a meadow."""
    y, x = np.mgrid[0:size, 0:size] / (size - 1)
    image = colour(0.45, 0.65, 0.95) * (1 - 0.35 * y) + colour(0.25, 0.2, 0.05) * y
    meadow = y > 0.72 + 0.03 * np.sin(9 * x)
    image = np.where(meadow, colour(0.2, 0.55, 0.2) + 0.08 * np.sin(40 * x) * np.cos(33 * y), image)
    image = np.where((x - 0.8) ** 2 + (y - 0.2) ** 2 < 0.012, colour(1.0, 0.9, 0.3), image)
    image = np.where((abs(x - 0.35) < 0.2) & (y > 0.5) & (y < 0.85), colour(0.8, 0.25, 0.2), image)
    image = np.where((y > 0.25) & (y < 0.5) & (abs(x - 0.35) < y - 0.23), colour(0.35, 0.2, 0.15), image)
    image = np.where((abs(x - 0.42) < 0.05) & (y > 0.65) & (y < 0.85), colour(0.95, 0.95, 0.85), image)
    return np.clip(image, 0, 1)


def draw_filters():
    """Return six 5x5x3 filters W[6, 3, 5, 5] and their names."""
    line, grey = np.array([-1.0, -1, 0, 1, 1]), np.ones((3, 1, 1)) / 3
    i, j = np.mgrid[-2:3, -2:3]
    spot = np.where(abs(i) + abs(j) <= 1, 1.0, -5 / 20)
    red = np.array([1.0, -0.5, -0.5]).reshape(3, 1, 1) * (np.maximum(abs(i), abs(j)) <= 1)
    shapes = [
        grey * line,
        grey * line[:, None],
        grey * np.sign(i - j),
        grey * spot,
        red,
        grey * np.ones((5, 5)) / 25,
    ]
    names = ["left to right", "top to bottom", "diagonal", "spot", "red, not blue", "blur"]
    return np.stack([np.broadcast_to(f, (3, 5, 5)) for f in shapes]), names


# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-activation-maps", "locked": true}
import matplotlib.pyplot as plt
from matplotlib.patches import Rectangle

if kit.ready("conv_forward", globals()):
    scene, (filters, names) = draw_scene(), draw_filters()
    maps = conv_forward(scene[None], filters, np.zeros(6), 1, 0)[0][0]
    fig, axes = plt.subplots(2, 7, figsize=(13, 4.2), height_ratios=[1, 1.6])
    axes[0, 0].axis("off")
    axes[1, 0].imshow(scene.transpose(1, 2, 0))
    axes[1, 0].set_title("input 3×48×48", fontsize=9)
    for column, (weights, activation, name) in enumerate(zip(filters, maps, names), start=1):
        axes[0, column].imshow(0.5 + 0.5 * weights.transpose(1, 2, 0) / abs(weights).max())
        axes[0, column].set_title(name, fontsize=9)
        limit = abs(activation).max() or 1.0
        shown = axes[1, column].imshow(activation, cmap="PuOr", vmin=-limit, vmax=limit)
    for ax in axes.flat:
        ax.set(xticks=[], yticks=[])
    fig.tight_layout()
    bar = fig.colorbar(
        shown, ax=list(axes[1]), location="bottom", shrink=0.3, pad=0.06, ticks=[-limit, 0, limit]
    )
    bar.ax.set_xticklabels(["negative", "0", "positive"])
    top, low = axes[0, 1].get_position(), axes[1, 1].get_position()
    place = (low.x0 - 0.006, low.y0 - 0.02)
    frame = Rectangle(
        place,
        low.width + 0.012,
        top.y1 - low.y0 + 0.1,
        transform=fig.transFigure,
        fill=False,
        edgecolor="#0072B2",
        linewidth=2,
    )
    fig.add_artist(frame)
    fig.text(low.x0 - 0.004, low.y0 - 0.09, "one filter → one activation map", color="#0072B2", fontsize=10)
    plt.show()

# %% [markdown]
# *Picture: a small scene with sky, sun, a red house and a meadow; above, six 5×5×3 filters drawn as colours; below each,
# its 44×44 activation map, orange for negative, purple for positive. The edge filters light up along walls and roof,
# "red, not blue" on the house and the sun, the blur keeps everything, softened.*

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-activation-cube", "locked": true}
import matplotlib.pyplot as plt

if kit.ready("conv_forward", globals()):
    scene, (filters, names) = draw_scene(), draw_filters()
    maps = conv_forward(scene[None], filters, np.zeros(6), 1, 0)[0][0]
    size, step = maps.shape[-1], 9
    fig = plt.figure(figsize=(11, 4))
    grid = fig.add_gridspec(2, 5, width_ratios=[1.15, 1.15, 1, 1, 1])
    cube = fig.add_subplot(grid[:, :2])
    for f in reversed(range(6)):
        limit = abs(maps[f]).max() or 1.0
        extent = (f * step, f * step + size, f * step, f * step + size)
        cube.imshow(maps[f], cmap="PuOr", vmin=-limit, vmax=limit, extent=extent, zorder=10 - f)
        x0, x1, y0, y1 = extent
        cube.plot([x0, x1, x1, x0, x0], [y0, y0, y1, y1, y0], color="black", linewidth=0.8, zorder=10 - f)
        cube.text(x1 + 1, y0 + 1, str(f), fontsize=9)
    cube.set(
        xlim=(-2, 6 * step + size + 4), ylim=(-2, 6 * step + size), title="the activations: a cube of 6×44×44"
    )
    cube.axis("off")
    for f in range(6):
        ax = fig.add_subplot(grid[f // 3, 2 + f % 3])
        limit = abs(maps[f]).max() or 1.0
        ax.imshow(maps[f], cmap="PuOr", vmin=-limit, vmax=limit)
        ax.set_title(f"slice {f}: {names[f]}", fontsize=9)
        ax.set(xticks=[], yticks=[])
    fig.tight_layout()
    plt.show()

# %% [markdown] covers=["CONV-24"]
# *Picture: left, the six maps stacked behind each other as a cube (depth 6, height 44, width 44); right, the same cube
# unravelled into its six slices.*
#
# ### Think about it (no points)
#
# **F. A CIFAR image: 3×32×32 or 32×32×3?** The lectures write both.
#
# <details><summary>Answer</summary>
# Both are the same numbers in another order. PyTorch and this notebook put channels first; Keras and matplotlib put them
# last. Convert with <code>X.transpose(1, 2, 0)</code> (as the pictures above do) and never with <code>reshape</code>,
# which keeps the order in memory and tears the image apart. Weights differ too: here (F, C, k, k), in Keras
# (k, k, C, F).
# </details>

# %% [markdown] covers=["CONV-21"]
# ## 4 The layer, backward
#
# Nobody draws the filters of a real network: they are trained like all weights, by back-propagating the error of the
# classification. That needs the gradients of the loss $L$. Given $\mathrm{d}Y=\partial L/\partial Y$, look at *one* output number.
# It is a dot product plus a bias, so its share of the gradients is
#
# $$ \mathrm{d}Y_{n,f,i,j}\cdot\text{window}\ \to\ \mathrm{d}W_f, \qquad
# \mathrm{d}Y_{n,f,i,j}\cdot W_f\ \to\ \mathrm{d}X^p\text{ at the window}, \qquad
# \mathrm{d}Y_{n,f,i,j}\ \to\ \mathrm{d}b_f . $$
#
# A weight is used at many positions and a pixel by many windows, so shares are **added up**, over positions and over
# images:
#
# $$ \mathrm{d}W_{f,c,u,v} = \sum_{n,i,j} \mathrm{d}Y_{n,f,i,j}\,X^p_{n,c,is+ud,js+vd}, \qquad
# \mathrm{d}b_f = \sum_{n,i,j}\mathrm{d}Y_{n,f,i,j} . $$
#
# At the end the padding is cut off $\mathrm{d}X^p$. For the example of section 3:
#
# $$ \mathrm{d}Y=\begin{matrix}\begin{bmatrix}1&0\\0&2\end{bmatrix}\\[4pt]\begin{bmatrix}0&1\\-1&0\end{bmatrix}\end{matrix}
# \quad\Rightarrow\quad
# \mathrm{d}X=\begin{matrix}\begin{bmatrix}1&-1&1\\1&3&0\\-1&0&2\end{bmatrix}\\[4pt]\begin{bmatrix}0&3&0\\-1&0&1\\0&3&0\end{bmatrix}\end{matrix}
# \quad \mathrm{d}W_0=\begin{matrix}\begin{bmatrix}3&0\\7&3\end{bmatrix}\\[4pt]\begin{bmatrix}0&3\\1&2\end{bmatrix}\end{matrix}
# \quad \mathrm{d}W_1=\begin{matrix}\begin{bmatrix}-3&1\\1&-2\end{bmatrix}\\[4pt]\begin{bmatrix}0&0\\-2&1\end{bmatrix}\end{matrix}
# \quad \mathrm{d}b=\begin{bmatrix}3\\0\end{bmatrix} $$

# %% [markdown]
# ### CONV-5 by hand ({points:CONV-5})

# %% nbgrader={"grade_id": "show-CONV-5", "locked": true}
kit.show("CONV-5", student)

# %% deletable=false nbgrader={"grade_id": "CONV-5"}
# answer: CONV-5
answer = {
    "dX": """

""",
    "dW": """

""",
    "db": """ """,
}

# %% nbgrader={"grade_id": "test_CONV-5", "grade": true, "locked": true}
kit.score("CONV-5", globals())

# %% [markdown]
# ### `conv_backward` ({points:conv_backward})
#
# The same loops as in the forward, with `+=`. The check compares with the example above and also measures the slopes of
# *your own* `conv_forward`, so that you can tell which of the two to mend.


# %% nbgrader={"grade_id": "conv_backward", "solution": true}
def conv_backward(dY, cache):
    """Return the gradients (dX, dW, db) of a convolution layer.

    dY[N, F, H', W'] and the cache of conv_forward; dX[N, C, H, W], dW[F, C, k, k], db[F].
    Sums over the images of the batch. dY and what the cache holds must stay as they are.
    """
    ### BEGIN SOLUTION
    X, W, b, s, p, d = cache
    span = d * (W.shape[2] - 1) + 1
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    dXp, dW, db = np.zeros_like(Xp), np.zeros_like(W), np.zeros_like(b)
    for n, f, i, j in np.ndindex(dY.shape):
        window = (n, slice(None), slice(i * s, i * s + span, d), slice(j * s, j * s + span, d))
        dW[f] += dY[n, f, i, j] * Xp[window]
        dXp[window] += dY[n, f, i, j] * W[f]
        db[f] += dY[n, f, i, j]
    H, width = X.shape[2:]
    return dXp[:, :, p : p + H, p : p + width], dW, db
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_conv_backward", "grade": true, "locked": true}
kit.score("conv_backward", globals())

# %% [markdown]
# ### The receptive field of one output
#
# Which pixels can one output number see? Send a single 1 back with *your* `conv_backward`: it sees the pixels where
# $\mathrm{d}X$ is not zero. With all weights 1 the number in a pixel counts the paths from it to the output.


# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "draw-paths", "locked": true}
def paths_to_centre(strides, n=13):
    """Return dX for a single 1 sent back from the centre of a stack of 3x3 layers of ones, and that output."""
    caches, Y = [], np.ones((1, 1, n, n))
    for stride in strides:
        Y, cache = conv_forward(Y, np.ones((1, 1, 3, 3)), np.zeros(1), stride, 1)
        caches.append(cache)
    dY = np.zeros_like(Y)
    dY[0, 0, Y.shape[2] // 2, Y.shape[3] // 2] = 1.0
    for cache in reversed(caches):
        dY = conv_backward(dY, cache)[0]
    return dY[0, 0]


# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-receptive-field", "locked": true}
import matplotlib.pyplot as plt
from matplotlib.patches import Rectangle

if kit.ready("conv_forward", globals()) and kit.ready("conv_backward", globals()):
    cases = {"one 3×3 layer": (1,), "two 3×3 layers": (1, 1), "stride 2, then 3×3": (2, 1)}
    fig, axes = plt.subplots(1, 3, figsize=(11, 4))
    for ax, (title, strides) in zip(axes, cases.items()):
        paths = paths_to_centre(strides)
        ax.imshow(paths, cmap="cividis")
        if not paths.any():
            ax.set_title(f"{title}: your dX is zero")
            continue
        rows, columns = np.nonzero(paths)
        for i, j in zip(rows, columns):
            ink = "white" if paths[i, j] < 0.6 * paths.max() else "black"
            ax.text(j, i, f"{paths[i, j]:.0f}", ha="center", va="center", fontsize=9, color=ink)
        height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
        corner = (columns.min() - 0.5, rows.min() - 0.5)
        ax.add_patch(Rectangle(corner, width, height, fill=False, edgecolor="#E69F00", linewidth=2.5))
        ax.set(title=f"{title}: sees {height}×{width}", xticks=[], yticks=[])
    fig.tight_layout()
    plt.show()

# %% [markdown]
# *Picture: three 13×13 grids. One 3×3 layer: the centre output sees 3×3 pixels, one path each. Two layers: 5×5 pixels, and
# the pixel in the middle is used nine times. A layer with stride 2 first: 7×7.*

# %% [markdown] covers=["CONV-11"]
# ## 5 Without sharing: the locally connected layer
#
# Convolution uses one filter everywhere. Give each output position a filter of its own, and you have a **locally
# connected** layer:
#
# $$ Y_{n,f,i,j} = \sum_{c,u,v} W_{i,j,f,c,u,v}\; X^{p}_{n,\,c,\;is+u,\;js+v} + b_{i,j,f} $$
#
# The windows are the same; only the weights differ from place to place, so nothing is summed over positions in
# $\mathrm{d}W$ and $\mathrm{d}b$. In one dimension, with $x=(1,2,3,4)$, windows of 2, weights $(1,0),(0,1),(1,-1)$ and
# biases $0,1,2$: $y=(1,\,4,\,1)$. Sent back with $\mathrm{d}y=(1,2,3)$: $\mathrm{d}x=(1,0,5,-3)$,
# $\mathrm{d}W=(1,2),(4,6),(9,12)$, $\mathrm{d}b=(1,2,3)$.
#
# The price, for the lecture's layer of six 5×5×3 filters on 32×32: $28\cdot28\cdot6\cdot(75+1)=357{,}504$ parameters
# instead of 456, a factor of $28\cdot28=784$.

# %% [markdown]
# ### `local_forward` ({points:local_forward}) and `local_backward` ({points:local_backward})


# %% nbgrader={"grade_id": "local_forward", "solution": true}
def local_forward(X, W, b, s, p):
    """Compute a locally connected layer: like conv_forward (d = 1), with weights of its own at each position.

    X[N, C, H, W], W[H', W', F, C, k, k], b[H', W', F]; s: stride, p: zeros on each side.
    Returns (Y[N, F, H', W'], cache); H' and W' are those of W, and the inputs must stay as they are.
    """
    ### BEGIN SOLUTION
    rows, columns, F, _, k, _ = W.shape
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    Y = np.zeros((len(X), F, rows, columns))
    for n, f, i, j in np.ndindex(Y.shape):
        window = Xp[n, :, i * s : i * s + k, j * s : j * s + k]
        Y[n, f, i, j] = np.sum(window * W[i, j, f]) + b[i, j, f]
    return Y, (X, W, b, s, p)
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_local_forward", "grade": true, "locked": true}
kit.score("local_forward", globals())


# %% nbgrader={"grade_id": "local_backward", "solution": true}
def local_backward(dY, cache):
    """Return the gradients (dX, dW, db) of a locally connected layer.

    dY[N, F, H', W'] and the cache of local_forward; dX[N, C, H, W], dW[H', W', F, C, k, k], db[H', W', F].
    Sums over the images of the batch, not over positions.
    """
    ### BEGIN SOLUTION
    X, W, b, s, p = cache
    k = W.shape[-1]
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    dXp, dW, db = np.zeros_like(Xp), np.zeros_like(W), np.zeros_like(b)
    for n, f, i, j in np.ndindex(dY.shape):
        window = (n, slice(None), slice(i * s, i * s + k), slice(j * s, j * s + k))
        dW[i, j, f] += dY[n, f, i, j] * Xp[window]
        dXp[window] += dY[n, f, i, j] * W[i, j, f]
        db[i, j, f] += dY[n, f, i, j]
    H, width = X.shape[2:]
    return dXp[:, :, p : p + H, p : p + width], dW, db
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_local_backward", "grade": true, "locked": true}
kit.score("local_backward", globals())

# %% [markdown] covers=["CONV-10"]
# ### Think about it (no points)
#
# **G. What is shared in a convolution, and what is not? Name data for which sharing is a bad idea.**
#
# <details><summary>Answer</summary>
# Shared: one filter's weights and its bias, over all positions. Not shared: weights of different filters, and of the
# different input channels inside one filter. Sharing assumes that a useful detector is useful everywhere. In passport
# photos eyes are always above the mouth, in a spectrogram a row means a frequency: there a filter per place can pay.
# </details>

# %% [markdown]
# ## 6 Faster (no points)
#
# Seven loops in Python are slow. Turn them round: loop over the $k\cdot k$ *taps* and treat all positions at once. Or
# leave the loops as they are, put them into a function of plain loops and indices, and decorate it with `numba.njit`
# (if you have Numba). Whatever you do, the results have to stay the same.


# %% nbgrader={"grade_id": "conv_forward_fast", "solution": true}
def conv_forward_fast(X, W, b, s, p, d=1):
    """Compute the same as conv_forward, without a loop over positions."""
    ### BEGIN SOLUTION
    k = W.shape[2]
    span = d * (k - 1) + 1
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    windows = np.lib.stride_tricks.sliding_window_view(Xp, (span, span), axis=(2, 3))
    windows = windows[:, :, ::s, ::s, ::d, ::d]  # [N, C, H', W', k, k], a view: nothing is copied
    Y = np.tensordot(windows, W, axes=((1, 4, 5), (1, 2, 3)))
    return Y.transpose(0, 3, 1, 2) + b.reshape(1, -1, 1, 1), (X, W, b, s, p, d)
    ### END SOLUTION


# %% nbgrader={"grade_id": "time-forward", "locked": true}
import time

if kit.ready("conv_forward", globals()):
    rng = np.random.default_rng(6)
    X, W, b = rng.normal(size=(4, 3, 32, 32)), rng.normal(size=(8, 3, 5, 5)), rng.normal(size=8)
    results = []
    for layer in (conv_forward, conv_forward_fast):
        start = time.perf_counter()
        try:
            results.append(layer(X, W, b, 1, 2)[0])
        except NotImplementedError:
            print(f"{layer.__name__} is not written yet")
            continue
        print(f"{layer.__name__:18} {1000 * (time.perf_counter() - start):8.1f} ms")
    if len(results) == 2:
        print(f"largest difference {abs(results[0] - results[1]).max():.1e}")

# %% [markdown]
# ## 7 Self-check
#
# Can you answer these without looking?
#
# 1. Five numbers decide the output size along one axis. Which ones, and how?
# 2. Why does the number of parameters not depend on the size of the image?
# 3. Your result is the expected one turned by 180°. What happened?
# 4. Why `+=` in the backward, and what goes wrong with `=`?
# 5. Which sums of the backward disappear when weights are not shared?
#
# <details><summary>Answers</summary>
# 1. n, k, s, p, d: floor((n + 2p − d(k−1) − 1)/s) + 1. ·
# 2. The same filters are used at every position. ·
# 3. Correlation and convolution were exchanged (or the image, not the kernel, was an impulse). ·
# 4. Windows overlap and weights are reused: each position adds its share; with = only the last one is kept. ·
# 5. Those over the positions i, j in dW and db; the sum over the images stays.
# </details>
#
# The last cell runs all public checks once more. Before you hand in: *Kernel → Restart and Run All*, then save.

# %% nbgrader={"grade_id": "overview", "locked": true}
kit.overview(globals())
