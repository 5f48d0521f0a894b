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
# # Changing resolution: pooling, unpooling, transposed and dilated convolution
#
# A network that looks at an image makes its maps smaller on the way to an answer; a network that has to *draw* an
# answer makes them larger again. At the end of this notebook you can
#
# - pool a map, send gradients back through the pooling, and unpool with stored positions,
# - blow a map up with a transposed convolution, and say why that is no inverse,
# - see far with few weights: dilated convolution and receptive fields.
#
# **{points:total}** · reading: 25 minutes · work: four hours, by hand and in code
#
# | symbol | meaning | | symbol | meaning |
# |---|---|---|---|---|
# | $N, C$ | images in a batch, channels | | $k$ | side of the window or kernel |
# | $H, W$ | rows and columns of the input | | $s$ | stride: step from window to window |
# | $H', W'$ | rows and columns of the output | | $p$ | padding on *each* side |
# | $F$ | maps a layer makes | | $d$ | dilation: distance between taps |
# | $X, Y, Z$ | input, output, a map that arrives later | | $\mathrm{d}Y$ | $\partial L/\partial Y$, same shape as $Y$ |
#
# In code the kernels are called `W`; the text says which is meant. Arrays are **channels-first**,
# `X[n, c, row, column]`, everything is float64, and rows and columns are counted from 0.

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

# %% [markdown] covers=["POOL-01", "POOL-02", "POOL-03", "POOL-05", "POOL-06", "POOL-07"]
# ## 1 Pooling: keep what matters, forget where exactly
#
# A pooling layer slides a window over each activation map and keeps **one number per window**. It downsamples: the
# maps become smaller and more manageable, later layers have less to compute, and a feature that moves by a pixel
# often leaves the result as it was. Two choices are usual,
#
# $$ \text{max: } Y_{n,c,i,j} = \max_{u,v} X_{n,c,\,is+u,\,js+v}, \qquad
# \text{average: } Y_{n,c,i,j} = \frac{1}{k^2}\sum_{u,v} X_{n,c,\,is+u,\,js+v}, \qquad u,v = 0\dots k-1 . $$
#
# 'Max' is the most common. Every map is pooled by itself: **nothing happens in depth**, the number of channels stays,
# and there is nothing to learn. The hyper-parameters are the size $k$ of the window and its stride $s$; a larger
# stride gives a smaller output,
#
# $$ H' = \left\lfloor \frac{H-k}{s} \right\rfloor + 1 , $$
#
# and a window that would hang over the border is left out, so a row or a column may never be read. With $k=s=2$ the
# lecture's $64\times224\times224$ becomes $64\times112\times112$: a quarter of the numbers, 0 parameters.

# %% [markdown] covers=["POOL-08", "POOL-09"]
# ### A worked example
#
# The lecture pools this $8\times8$ map with $k=2$, $s=2$ (a line shows where the windows end):
#
# $$ X=\left[\begin{array}{rr|rr|rr|rr}55&20&87&46&32&59&76&58\\58&25&61&29&34&79&94&15\\\hline
# 29&35&71&63&94&73&12&17\\58&22&41&98&32&45&16&76\\\hline 92&5&16&0&46&84&6&7\\38&4&86&97&64&13&15&48\\\hline
# 32&19&8&42&45&1&0&56\\6&0&5&8&66&44&72&8\end{array}\right] \qquad
# \text{max}=\begin{bmatrix}58&87&79&94\\58&98&94&76\\92&97&84&48\\32&42&66&72\end{bmatrix} \qquad
# \text{mean}=\begin{bmatrix}39.5&55.75&51&60.75\\36&68.25&61&30.25\\34.75&49.75&51.75&19\\14.25&15.75&39&34\end{bmatrix} $$
#
# Top left: the largest of 55, 20, 58, 25 is 58; their mean is $158/4=39.5$. (The slide prints the means rounded to
# whole numbers; a layer returns them exactly.) The same rule with other hyper-parameters, on the slide's
# $4\times4$ portion:
#
# $$ \begin{bmatrix}2&3&4&0\\1&5&3&2\\0&4&2&3\\1&0&6&1\end{bmatrix}:\qquad
# k{=}2,s{=}2:\begin{bmatrix}5&4\\4&6\end{bmatrix}\quad
# k{=}2,s{=}1:\begin{bmatrix}5&5&4\\5&5&3\\4&6&6\end{bmatrix}\quad
# k{=}3,s{=}1:\begin{bmatrix}5&5\\6&6\end{bmatrix}\quad
# k{=}3,s{=}2:\begin{bmatrix}5\end{bmatrix} $$
#
# In the last one the fourth row and column are left over: $\lfloor(4-3)/2\rfloor+1=1$.

# %% [markdown]
# ### POOL-1 by hand ({points:POOL-1})
#
# Your question is shown by the next cell. Write each result between the quotation marks of the cell after it. That
# cell is *read*, not run: write the numbers themselves, one row per line. The check says only whether your answer can
# be read.

# %% nbgrader={"grade_id": "show-POOL-1", "locked": true}
kit.show("POOL-1", student)

# %% deletable=false nbgrader={"grade_id": "POOL-1"}
# answer: POOL-1
answer = """

"""

# %% nbgrader={"grade_id": "test_POOL-1", "grade": true, "locked": true}
kit.score("POOL-1", globals())

# %% [markdown]
# ### POOL-2 by hand ({points:POOL-2})

# %% nbgrader={"grade_id": "show-POOL-2", "locked": true}
kit.show("POOL-2", student)

# %% deletable=false nbgrader={"grade_id": "POOL-2"}
# answer: POOL-2
answer = """

"""

# %% nbgrader={"grade_id": "test_POOL-2", "grade": true, "locked": true}
kit.score("POOL-2", globals())

# %% [markdown]
# ### POOL-3 by hand ({points:POOL-3})

# %% nbgrader={"grade_id": "show-POOL-3", "locked": true}
kit.show("POOL-3", student)

# %% deletable=false nbgrader={"grade_id": "POOL-3"}
# answer: POOL-3
answer = {
    "shape": """ """,
    "parameters": """ """,
}

# %% nbgrader={"grade_id": "test_POOL-3", "grade": true, "locked": true}
kit.score("POOL-3", globals())

# %% [markdown]
# ### `maxpool_forward` ({points:maxpool_forward})
#
# Return the maxima *and where they stood*: `argmax[n, c, i, j]` is the pair (row, column) of the winner of window
# $(i,j)$ in the **whole map**, not inside the window. When several entries of a window are largest, the first one in
# row-major order wins: the topmost row, in it the leftmost column.


# %% nbgrader={"grade_id": "maxpool_forward", "solution": true}
def maxpool_forward(X, k, s):
    """Max-pool every map: windows of k x k, stride s, no padding, only windows that fit completely.

    X[N, C, H, W]. Returns (Y[N, C, H', W'], argmax[N, C, H', W', 2]); argmax holds (row, column) in the whole
    map, as integers; on a tie the first in row-major order. X must stay as it is.
    """
    ### BEGIN SOLUTION
    N, C, H, W = X.shape
    Y = np.zeros((N, C, (H - k) // s + 1, (W - k) // s + 1))
    argmax = np.zeros((*Y.shape, 2), dtype=int)
    for n, c, i, j in np.ndindex(Y.shape):
        window = X[n, c, i * s : i * s + k, j * s : j * s + k]
        u, v = divmod(int(np.argmax(window)), k)  # argmax takes the first of equal entries, row by row
        Y[n, c, i, j] = window[u, v]
        argmax[n, c, i, j] = i * s + u, j * s + v
    return Y, argmax
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_maxpool_forward", "grade": true, "locked": true}
kit.score("maxpool_forward", globals())

# %% [markdown]
# ### `avgpool_forward` ({points:avgpool_forward})
#
# The cache is yours: put into it what your backward needs.


# %% nbgrader={"grade_id": "avgpool_forward", "solution": true}
def avgpool_forward(X, k, s):
    """Average-pool every map: windows of k x k, stride s, no padding, only windows that fit completely.

    X[N, C, H, W]. Returns (Y[N, C, H', W'], cache). The means are exact, not rounded; X must stay as it is.
    """
    ### BEGIN SOLUTION
    N, C, H, W = X.shape
    Y = np.zeros((N, C, (H - k) // s + 1, (W - k) // s + 1))
    for i, j in np.ndindex(Y.shape[2:]):
        Y[:, :, i, j] = X[:, :, i * s : i * s + k, j * s : j * s + k].mean(axis=(2, 3))
    return Y, (X.shape, k, s)
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_avgpool_forward", "grade": true, "locked": true}
kit.score("avgpool_forward", globals())

# %% [markdown]
# ### What the two do to lines
#
# The next cell pools a small drawing twice in a row, once by the maximum and once by the mean.

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-max-and-mean", "locked": true}
import matplotlib.pyplot as plt


def draw_lines(size=32):
    """Return a drawing X[size, size] in 0..1: a thin bright line on dark, a thin dark line on bright, an edge."""
    image = np.zeros((size, size))
    image[:, size // 2 :] = 0.9
    for row in range(size):
        image[row, 3 + row // 4] = 1.0
        image[row, size // 2 + 4 + row // 4] = 0.0
    return image


def halved(image, how):
    """Pool windows of 2x2 with stride 2 by `how` (np.max or np.mean)."""
    return how(image.reshape(image.shape[0] // 2, 2, -1, 2), axis=(1, 3))


fig, axes = plt.subplots(2, 3, figsize=(9, 6))
for line, (name, how) in zip(axes, {"max": np.max, "mean": np.mean}.items()):
    image = draw_lines()
    for ax in line:
        ax.imshow(image, cmap="gray", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[], title=f"{image.shape[0]}×{image.shape[1]}")
        image = halved(image, how)
    line[0].set_ylabel(f"{name} pooling", fontsize=11)
fig.tight_layout()
plt.show()

# %% [markdown] covers=["POOL-10", "POOL-11"]
# *Picture: a 32×32 drawing, left half dark with a thin bright line, right half bright with a thin dark line; then pooled
# once and twice. Max pooling keeps the bright line bright and wider, and the dark line disappears. Average pooling keeps
# both lines, but they fade towards grey.*
#
# ### Think about it (no points)
#
# **A. Why might the average be a poor choice?**
#
# <details><summary>Answer</summary>
# An activation map says how strongly a feature was found. A strong find in one place and nothing around it becomes a weak
# one when averaged; the maximum keeps it. The mean is fine where there is no single place to find, for instance over the
# whole map at the end of a network. (And for dark lines on bright ground the picture shows the opposite.)
# </details>
#
# **B. "Pooling gives fewer parameters in the end" and "invariance over transformations". True?**
#
# <details><summary>Answer</summary>
# Pooling itself has no parameters, and the weights of convolutions do not depend on the size of the map. Only a fully
# connected layer after it gets smaller. And the invariance is approximate and only for small shifts: pooling is robust to
# the exact spatial location of a feature inside a window, but a shift by one pixel may carry it into the next window; turned or
# scaled images are another matter.
# </details>

# %% [markdown] covers=["POOL-04", "POOL-14"]
# ## 2 The way back through pooling
#
# Given $\mathrm{d}Y$, what is $\mathrm{d}X$?
#
# **Max.** Only the winner reached the output, with slope 1. So the gradient *that arrives from above* goes to the index
# that took the max, all other entries get 0. This is why the forward stores `argmax`. Where windows overlap, one entry can
# win several of them: then its shares are **added**.
#
# **Average.** Each of the $k^2$ entries of a window has the slope $1/k^2$, so each gets $\mathrm{d}Y/k^2$, and again shares
# of overlapping windows are added.
#
# Three small examples ($k=2$; $s=2$, $s=1$, $s=2$):
#
# $$ \begin{bmatrix}1&2&6&3\\3&5&2&1\\1&2&2&1\\7&3&4&8\end{bmatrix},\ \mathrm{d}Y=\begin{bmatrix}1&2\\3&4\end{bmatrix}
# \overset{\max}{\Rightarrow}\begin{bmatrix}0&0&2&0\\0&1&0&0\\0&0&0&0\\3&0&0&4\end{bmatrix}
# \qquad
# \begin{bmatrix}1&2&0\\3&9&4\\5&6&7\end{bmatrix},\ \begin{bmatrix}1&2\\3&4\end{bmatrix}
# \overset{\max}{\Rightarrow}\begin{bmatrix}0&0&0\\0&10&0\\0&0&0\end{bmatrix}
# \qquad
# \begin{bmatrix}4&8\\12&16\end{bmatrix}\overset{\text{mean}}{\Rightarrow}
# \begin{bmatrix}1&1&2&2\\1&1&2&2\\3&3&4&4\\3&3&4&4\end{bmatrix} $$
#
# In the second one the 9 wins all four windows and gets $1+2+3+4=10$.

# %% [markdown]
# ### POOL-4 by hand ({points:POOL-4})

# %% nbgrader={"grade_id": "show-POOL-4", "locked": true}
kit.show("POOL-4", student)

# %% deletable=false nbgrader={"grade_id": "POOL-4"}
# answer: POOL-4
answer = {
    "max": """

""",
    "mean": """

""",
}

# %% nbgrader={"grade_id": "test_POOL-4", "grade": true, "locked": true}
kit.score("POOL-4", globals())

# %% [markdown]
# ### `maxpool_backward` ({points:maxpool_backward})


# %% nbgrader={"grade_id": "maxpool_backward", "solution": true}
def maxpool_backward(dY, argmax, shape):
    """Return the gradient dX of max pooling.

    dY[N, C, H', W'], argmax[N, C, H', W', 2] as maxpool_forward returns it, shape = (N, C, H, W) of X.
    Returns dX[N, C, H, W]; an entry that won several windows gets the sum of their gradients.
    """
    ### BEGIN SOLUTION
    dX = np.zeros(shape)
    for n, c, i, j in np.ndindex(dY.shape):
        row, column = argmax[n, c, i, j]
        dX[n, c, row, column] += dY[n, c, i, j]
    return dX
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_maxpool_backward", "grade": true, "locked": true}
kit.score("maxpool_backward", globals())

# %% [markdown]
# ### `avgpool_backward` ({points:avgpool_backward})


# %% nbgrader={"grade_id": "avgpool_backward", "solution": true}
def avgpool_backward(dY, cache):
    """Return the gradient dX[N, C, H, W] of average pooling, from dY[N, C, H', W'] and the cache of the forward.

    Shares of overlapping windows are added; dY must stay as it is.
    """
    ### BEGIN SOLUTION
    shape, k, s = cache
    dX = np.zeros(shape)
    for i, j in np.ndindex(dY.shape[2:]):
        dX[:, :, i * s : i * s + k, j * s : j * s + k] += dY[:, :, i, j, None, None] / (k * k)
    return dX
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_avgpool_backward", "grade": true, "locked": true}
kit.score("avgpool_backward", globals())

# %% [markdown]
# ### Think about it (no points)
#
# **C. The slide says "the backprop gradient is the input gradient at that index". Which gradient is meant, and what
# happens when windows overlap, or when two entries are equally large?**
#
# <details><summary>Answer</summary>
# The upstream gradient: the one that comes <em>into</em> the layer on the way back. Overlapping windows that share a winner
# add up; with = instead of += the last one would win (4 instead of 10 above). With equal entries the maximum has a kink: there is
# no derivative, and we let the first entry take all of it. A numeric check at such a point compares with nothing
# meaningful, so do not check there.
# </details>

# %% [markdown] covers=["POOL-12", "POOL-13"]
# ## 3 Max unpooling: put things back where they stood
#
# A network that marks the pixels of an object has to bring back the resolution. **Max unpooling** does it with the stored
# positions: a later, small map $Z$ is spread out, each entry to where the maximum of its window *had* stood; everything
# else is 0. The lecture's example pools a $4\times4$ map and later unpools a $2\times2$ map to $4\times4$:
#
# $$ X=\begin{bmatrix}1&2&6&3\\3&5&2&1\\1&2&2&1\\7&3&4&8\end{bmatrix}\ \to\
# \begin{bmatrix}5&6\\7&8\end{bmatrix}\text{ at }\begin{matrix}(1,1)&(0,2)\\(3,0)&(3,3)\end{matrix}
# \qquad\dots\qquad
# Z=\begin{bmatrix}1&2\\3&4\end{bmatrix}\ \to\ \begin{bmatrix}0&0&2&0\\0&1&0&0\\0&0&0&0\\3&0&0&4\end{bmatrix} $$
#
# Have you seen the last matrix before? Without overlap, unpooling is exactly the backward pass of max pooling. Information is
# lost all the same: what was no maximum does not come back. That motivates learning the upsampling (section 4).
#
# A position can also be stored as one number, counted along the rows of the whole map: row · W + column. The winners above
# are then 5, 2, 12, 15; PyTorch keeps them this way.

# %% [markdown]
# ### UNPOOL-2 by hand ({points:UNPOOL-2})

# %% nbgrader={"grade_id": "show-UNPOOL-2", "locked": true}
kit.show("UNPOOL-2", student)

# %% deletable=false nbgrader={"grade_id": "UNPOOL-2"}
# answer: UNPOOL-2
answer = {
    "positions": """

""",
    "result": """

""",
}

# %% nbgrader={"grade_id": "test_UNPOOL-2", "grade": true, "locked": true}
kit.score("UNPOOL-2", globals())

# %% [markdown]
# ### `max_unpool` ({points:max_unpool})
#
# It is asked for windows without overlap only, so no two entries fight for a place.


# %% nbgrader={"grade_id": "max_unpool", "solution": true}
def max_unpool(Z, argmax, shape):
    """Put every entry of Z where the maximum of its window stood, and zeros everywhere else.

    Z[N, C, H', W'], argmax[N, C, H', W', 2] with (row, column) in the whole map, shape = (N, C, H, W).
    Returns X[N, C, H, W].
    """
    ### BEGIN SOLUTION
    X = np.zeros(shape)
    for n, c, i, j in np.ndindex(Z.shape):
        row, column = argmax[n, c, i, j]
        X[n, c, row, column] = Z[n, c, i, j]
    return X
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_max_unpool", "grade": true, "locked": true}
kit.score("max_unpool", globals())

# %% [markdown]
# ### Where the maxima stand
#
# The next cell runs *your* functions on a small landscape: the winners are marked on it, and then a map with the values
# 1 to 16 is put back.

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-switches", "locked": true}
import matplotlib.pyplot as plt


def draw_landscape(size=8):
    y, x = np.mgrid[0:size, 0:size] / (size - 1)
    return np.round(9 * np.exp(-8 * (x - y) ** 2) * (0.4 + x) + 3 * np.sin(7 * x + 3 * y) ** 2, 2)


if kit.ready("maxpool_forward", globals()) and kit.ready("max_unpool", globals()):
    land = draw_landscape()[None, None]
    maxima, places = maxpool_forward(land, 2, 2)
    back = max_unpool(np.arange(1.0, 17.0).reshape(1, 1, 4, 4), places, land.shape)
    panels = {"X, the winners ringed": land, "its maxima": maxima, "1 … 16 put back": back}
    fig, axes = plt.subplots(1, 3, figsize=(11, 3.9))
    for ax, (title, grid) in zip(axes, panels.items()):
        ax.imshow(grid[0, 0], cmap="cividis")
        ax.set(title=title, xticks=[], yticks=[])
    for ax in (axes[0], axes[2]):
        for line in np.arange(1.5, 7, 2):
            ax.axhline(line, color="white", linewidth=1.2)
            ax.axvline(line, color="white", linewidth=1.2)
    rows, columns = places[0, 0, ..., 0], places[0, 0, ..., 1]
    axes[0].scatter(columns, rows, s=130, facecolors="none", edgecolors="#D55E00", linewidths=2.2)
    for row, column in zip(rows.ravel(), columns.ravel()):
        axes[2].text(column, row, f"{back[0, 0, row, column]:g}", ha="center", va="center", fontsize=9,
                     color="black" if back[0, 0, row, column] > 8 else "white")  # fmt: skip
    fig.tight_layout()
    plt.show()

# %% [markdown]
# *Picture: left, an 8×8 landscape in 2×2 windows, the largest entry of each ringed; the rings follow the ridge along the
# diagonal. Middle, the 4×4 map of maxima. Right, the numbers 1 to 16 at the ringed places, all else empty.*

# %% [markdown] covers=["TCONV-01", "TCONV-04", "TCONV-05", "TCONV-06"]
# ## 4 Transposed convolution: learn to blow up
#
# A convolution reads a window and writes one number. A **transposed convolution** goes from the result back towards the
# image: each entry of $X$ writes a whole window. It stamps the kernel, times itself, on a large empty map; stamps lie $s$
# apart and **add up** where they overlap:
#
# $$ Y_{n,f,\;is+u-p,\;js+v-p} \mathrel{+}= X_{n,c,i,j}\,W_{c,f,u,v} \quad\text{over all } c,i,j,u,v, \qquad
# \text{then } + b_f . $$
#
# The kernel is stamped as it is, not turned. Padding $p$ *cuts* $p$ rows and columns off each side here, since it undoes
# what padding did on the way down. So a map of $n$ entries becomes
#
# $$ (n-1)\,s + k - 2p \qquad (4 \to 6 \text{ for } k=3, s=1; \quad 2 \to 5 \text{ for } k=3, s=2). $$
#
# The lecture's two examples for $k=3$, $s=1$, $p=0$ (the first all ones, so the answer counts the stamps):
#
# $$ \begin{bmatrix}1&1&1&1\\1&1&1&1\\1&1&1&1\\1&1&1&1\end{bmatrix}\to
# \begin{bmatrix}1&2&3&3&2&1\\2&4&6&6&4&2\\3&6&9&9&6&3\\3&6&9&9&6&3\\2&4&6&6&4&2\\1&2&3&3&2&1\end{bmatrix}
# \qquad
# \begin{bmatrix}1&3&2&1\\1&3&3&1\\2&1&1&3\\3&2&3&3\end{bmatrix},\
# W=\begin{bmatrix}1&2&3\\0&1&0\\2&1&2\end{bmatrix}\to
# \begin{bmatrix}1&5&11&14&8&3\\1&6&15&18&12&3\\4&13&21&21&15&11\\5&17&28&27&25&11\\4&7&9&12&8&6\\6&7&14&13&9&6\end{bmatrix} $$
#
# In the second, the 5 at row 0, column 1 is $1\cdot2$ from the first stamp and $3\cdot1$ from the second.

# %% [markdown]
# ### Stamp and add
#
# The next cell stamps $X=\begin{bmatrix}1&2\\3&4\end{bmatrix}$ with a $3\times3$ kernel of ones, $s=2$, one entry at a time.

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-stamps", "locked": true}
import matplotlib.pyplot as plt
from matplotlib.patches import Rectangle

fig, axes = plt.subplots(1, 4, figsize=(11, 3.3))
board, stride, side = np.zeros((5, 5)), 2, 3
entries = {(0, 0): 1, (0, 1): 2, (1, 0): 3, (1, 1): 4}
for ax, ((i, j), entry) in zip(axes, entries.items()):
    board[i * stride : i * stride + side, j * stride : j * stride + side] += entry
    ax.imshow(board, cmap="Blues", vmin=0, vmax=14)
    for (row, column), value in np.ndenumerate(board):
        if value:
            ax.text(column, row, f"{value:g}", ha="center", va="center", fontsize=11)
    corner = (j * stride - 0.5, i * stride - 0.5)
    ax.add_patch(Rectangle(corner, side, side, fill=False, edgecolor="#D55E00", linewidth=3))
    ax.set(title=f"stamp X[{i},{j}] = {entry} at ({i * stride}, {j * stride})", xticks=[], yticks=[])
fig.tight_layout()
plt.show()

# %% [markdown]
# *Picture: a 5×5 map after one, two, three and four stamps; the latest stamp is framed. Neighbouring 3×3 stamps share a
# row or a column, where the numbers are sums: 3 between 1 and 2, and in the very middle 1+2+3+4 = 10.*

# %% [markdown]
# ### TCONV-1 by hand ({points:TCONV-1})

# %% nbgrader={"grade_id": "show-TCONV-1", "locked": true}
kit.show("TCONV-1", student)

# %% deletable=false nbgrader={"grade_id": "TCONV-1"}
# answer: TCONV-1
answer = """

"""

# %% nbgrader={"grade_id": "test_TCONV-1", "grade": true, "locked": true}
kit.score("TCONV-1", globals())

# %% [markdown]
# ### TCONV-2 by hand ({points:TCONV-2})

# %% nbgrader={"grade_id": "show-TCONV-2", "locked": true}
kit.show("TCONV-2", student)

# %% deletable=false nbgrader={"grade_id": "TCONV-2"}
# answer: TCONV-2
answer = """

"""

# %% nbgrader={"grade_id": "test_TCONV-2", "grade": true, "locked": true}
kit.score("TCONV-2", globals())

# %% [markdown] covers=["TCONV-02"]
# ### `conv_transpose` ({points:conv_transpose})
#
# With $k=3$, $s=2$ and no padding a convolution leads from $5\times5$ to $2\times2$, and the transposed convolution from
# $2\times2$ back to $5\times5$. But $6\times6$ leads to $2\times2$ as well (one row is never read). Which of them we want is
# told by `output_padding`: that many rows and columns **more**, at the bottom and on the right. Make the large map larger by
# them before you cut $p$ off each side.
#
# The weights are `W[C, F, k, k]`: the channels of $X$ come **first**, since it is the `W` of the convolution that leads
# from $Y$ to $X$. Return `Y`; if you want to write the backward below, return `(Y, cache)`.


# %% nbgrader={"grade_id": "conv_transpose", "solution": true}
def conv_transpose(X, W, b, s, p, output_padding=0):
    """Transposed convolution by stamping: Y[n,f, i s+u-p, j s+v-p] += X[n,c,i,j] W[c,f,u,v], then + b[f].

    X[N, C, H, W], W[C, F, k, k], b[F]; s: stride, p: rows and columns cut off on each side.
    Returns Y[N, F, H', W'] with H' = (H-1) s + k - 2p + output_padding, or (Y, cache).
    """
    ### BEGIN SOLUTION
    (N, _, H, width), (_, F, k, _) = X.shape, W.shape
    full = np.zeros((N, F, (H - 1) * s + k + output_padding, (width - 1) * s + k + output_padding))
    for i in range(H):
        for j in range(width):
            stamps = np.tensordot(X[:, :, i, j], W, axes=(1, 0))  # [N, F, k, k]: all channels added
            full[:, :, i * s : i * s + k, j * s : j * s + k] += stamps
    Y = full[:, :, p : full.shape[2] - p, p : full.shape[3] - p] + b.reshape(1, -1, 1, 1)
    return Y, (X, W, s, p, full.shape)
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_conv_transpose", "grade": true, "locked": true}
kit.score("conv_transpose", globals())

# %% [markdown] covers=["TCONV-03"]
# ### `conv_transpose_via_conv` ({points:conv_transpose_via_conv})
#
# The slide says: "we need to perform some fancy padding on the input" and then a normal convolution. Precisely:
#
# 1. put $s-1$ zeros between neighbouring entries of $X$,
# 2. frame it with $k-1-p$ zeros on each side (if that is negative, cut instead), and with `output_padding` more at the
#    bottom and on the right,
# 3. cross-correlate with stride 1, **with every kernel turned by 180°**, and with channels and filters exchanged.
#
# For $X=\begin{bmatrix}1&-2\\0&3\end{bmatrix}$, $W=\begin{bmatrix}1&2&0\\0&-1&3\\4&0&1\end{bmatrix}$, $s=2$, $p=1$ both
# ways give $\begin{bmatrix}-1&3&2\\0&-4&6\\0&0&-3\end{bmatrix}$. Try it on paper, then write it without stamping.


# %% nbgrader={"grade_id": "conv_transpose_via_conv", "solution": true}
def conv_transpose_via_conv(X, W, b, s, p, output_padding=0):
    """Compute the same Y as conv_transpose by zero insertion, padding and an ordinary cross-correlation.

    X[N, C, H, W], W[C, F, k, k], b[F]. Returns Y[N, F, H', W'].
    """
    ### BEGIN SOLUTION
    (N, C, H, width), k = X.shape, W.shape[2]
    e = 2 * (k - 1) + output_padding
    spread = np.zeros((N, C, (H - 1) * s + 1 + e, (width - 1) * s + 1 + e))
    spread[:, :, k - 1 : k + (H - 1) * s : s, k - 1 : k + (width - 1) * s : s] = X
    framed = spread[:, :, p : spread.shape[2] - p, p : spread.shape[3] - p]
    windows = np.lib.stride_tricks.sliding_window_view(framed, (k, k), axis=(2, 3))
    Y = np.tensordot(windows, W[:, :, ::-1, ::-1], axes=((1, 4, 5), (0, 2, 3)))
    return Y.transpose(0, 3, 1, 2) + b.reshape(1, -1, 1, 1)
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_conv_transpose_via_conv", "grade": true, "locked": true}
kit.score("conv_transpose_via_conv", globals())

# %% [markdown] covers=["TCONV-08"]
# ### `conv_transpose_backward` (optional, {points:conv_transpose_backward})
#
# Upsampling can be *learned*, so it needs gradients. Each entry of $X$ stamped its kernel, so on the way back it reads
# $\mathrm{d}Y$ where its stamp lay (with $p$ zeros around $\mathrm{d}Y$, where the map was cut):
#
# $$ \mathrm{d}X_{n,c,i,j} = \sum_{f,u,v} \mathrm{d}Y_{n,f,\,is+u-p,\,js+v-p}\,W_{c,f,u,v}, \qquad
# \mathrm{d}W_{c,f,u,v} = \sum_{n,i,j} X_{n,c,i,j}\,\mathrm{d}Y_{n,f,\,is+u-p,\,js+v-p} . $$
#
# The first is an ordinary convolution of $\mathrm{d}Y$. For $X=\begin{bmatrix}1&2\\3&-1\end{bmatrix}$,
# $W=\begin{bmatrix}1&2\\0&-1\end{bmatrix}$, $s=1$, $p=0$ and
# $\mathrm{d}Y=\begin{bmatrix}1&0&-1\\2&1&0\\0&1&1\end{bmatrix}$:
# $\mathrm{d}X=\begin{bmatrix}0&-2\\3&0\end{bmatrix}$, $\mathrm{d}W=\begin{bmatrix}6&1\\3&3\end{bmatrix}$, $\mathrm{d}b=5$.
# It works only if your `conv_transpose` returns `(Y, cache)`.


# %% nbgrader={"grade_id": "conv_transpose_backward", "solution": true}
def conv_transpose_backward(dY, cache):
    """Return (dX[N, C, H, W], dW[C, F, k, k], db[F]) from dY[N, F, H', W'] and the cache of conv_transpose.

    Sums over the images of the batch. dY and what the cache holds must stay as they are.
    """
    ### BEGIN SOLUTION
    X, W, s, p, full = cache
    framed, k = np.zeros(full), W.shape[2]
    framed[:, :, p : p + dY.shape[2], p : p + dY.shape[3]] = dY
    dX, dW = np.zeros_like(X), np.zeros_like(W)
    for i, j in np.ndindex(X.shape[2:]):
        read = framed[:, :, i * s : i * s + k, j * s : j * s + k]
        dX[:, :, i, j] = np.tensordot(read, W, axes=((1, 2, 3), (1, 2, 3)))
        dW += np.tensordot(X[:, :, i, j], read, axes=(0, 0))
    return dX, dW, dY.sum(axis=(0, 2, 3))
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_conv_transpose_backward", "grade": true, "locked": true}
kit.score("conv_transpose_backward", globals())

# %% [markdown]
# ### Checkerboards
#
# A map of ones, blown up by *your* `conv_transpose` with a kernel of ones: the result counts how many stamps fell on each
# place.

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-checkerboard", "locked": true}
import matplotlib.pyplot as plt

if kit.ready("conv_transpose", globals()):
    fig, axes = plt.subplots(1, 3, figsize=(11, 4))
    for ax, (side, stride, padding) in zip(axes, ((3, 2, 0), (4, 2, 1), (5, 3, 1))):
        made = conv_transpose(
            np.ones((1, 1, 5, 5)), np.ones((1, 1, side, side)), np.zeros(1), stride, padding
        )
        counts = (made[0] if isinstance(made, tuple) else made)[0, 0]
        shown = ax.imshow(counts, cmap="cividis", vmin=0, vmax=4)
        for (row, column), value in np.ndenumerate(counts):
            ax.text(column, row, f"{value:g}", ha="center", va="center", fontsize=8,
                    color="white" if value < 2.5 else "black")  # fmt: skip
        ax.set(title=f"k = {side}, s = {stride}, p = {padding}", xticks=[], yticks=[])
    fig.colorbar(shown, ax=list(axes), shrink=0.7, label="stamps on this place")
    plt.show()

# %% [markdown] covers=["TCONV-07"]
# *Picture: three maps of counts. k = 3, s = 2: a checkerboard of 1, 2 and 4, as 3 is no multiple of 2. k = 4, s = 2: 4 all
# over, but for the border. k = 5, s = 3: a coarser checkerboard.*
#
# ### Think about it (no points)
#
# **D. Does a transposed convolution recover the image?** The slides speak of "recovering what the input image was" and,
# more honestly, of an "originalish image".
#
# <details><summary>Answer</summary>
# No. It restores the <em>shape</em>. It is the convolution's adjoint (its backward pass), not its inverse: what a convolution
# has mixed stays mixed. For matrices: the transpose has the shape of an inverse, not its values.
# </details>
#
# **E. "This guarantees that the output will be a 5×5 image." Is the size of the output unique?**
#
# <details><summary>Answer</summary>
# Only once all of k, s, p and output_padding are given. 5×5 and 6×6 both shrink to 2×2 under k = 3, s = 2, so going back
# there is a choice, and output_padding makes it.
# </details>
#
# **F. How do you get rid of a checkerboard?**
#
# <details><summary>Answer</summary>
# Choose k as a multiple of s, so that every place gets equally many stamps; or enlarge by repeating pixels first and use an
# ordinary convolution after it. Training can learn to balance the weights, but need not.
# </details>

# %% [markdown] covers=["DIL-01", "DIL-03", "DIL-07", "DIL-08"]
# ## 5 Dilated convolution: see further with the same weights
#
# A kernel with **dilation rate** $d$ (also called *atrous*) meets pixels that lie $d$ apart; between two taps $d-1$
# pixels are passed over. It spans
#
# $$ k_\text{eff} = d(k-1)+1 = k + (k-1)(d-1) \text{ pixels}, \qquad
# Y_{n,f,i,j} = \sum_{c,u,v} W_{f,c,u,v}\,X^p_{n,c,\;is+ud,\;js+vd} + b_f, $$
#
# with $X^p$ the input in its frame of $p$ zeros. The number of weights and of multiplications per output stays that of the small
# kernel: a larger receptive field at the same computation and memory. The lecture's example has $d=2$, no padding:
#
# $$ X=\begin{bmatrix}1&4&1&1&1\\1&1&1&1&1\\1&1&5&1&1\\1&1&1&1&1\\1&1&1&1&1\end{bmatrix},\quad
# W=\begin{bmatrix}2&4\\5&6\end{bmatrix}:\qquad
# \text{slide}=\begin{bmatrix}25&35&33\\17&17&17\\37&17&41\end{bmatrix},\quad
# \text{PyTorch, Keras}=\begin{bmatrix}41&23&37\\17&17&17\\33&17&25\end{bmatrix} $$
#
# The $2\times2$ kernel spans $3\times3$ pixels, so $5\times5$ becomes $3\times3$: one dilated $2\times2$ has the receptive
# field of a $3\times3$ kernel without dilation, with 4 weights instead of 9.
#
# Why two results? Deep learning libraries compute the **cross-correlation** of the formula above: at the top left
# $2\cdot1+4\cdot1+5\cdot1+6\cdot5=41$. The slide computes a **true convolution**: the kernel is first turned by 180°, to
# $\begin{bmatrix}6&5\\4&2\end{bmatrix}$, so $6\cdot1+5\cdot1+4\cdot1+2\cdot5=25$. Both conventions occur in this course;
# each question says which one it means.

# %% [markdown]
# ### DIL-1 by hand ({points:DIL-1})

# %% nbgrader={"grade_id": "show-DIL-1", "locked": true}
kit.show("DIL-1", student)

# %% deletable=false nbgrader={"grade_id": "DIL-1"}
# answer: DIL-1
answer = {
    "span": """ """,
    "size": """ """,
    "keep": """ """,
}

# %% nbgrader={"grade_id": "test_DIL-1", "grade": true, "locked": true}
kit.score("DIL-1", globals())

# %% [markdown]
# ### DIL-2 by hand ({points:DIL-2}): the libraries' convention

# %% nbgrader={"grade_id": "show-DIL-2", "locked": true}
kit.show("DIL-2", student)

# %% deletable=false nbgrader={"grade_id": "DIL-2"}
# answer: DIL-2
answer = """

"""

# %% nbgrader={"grade_id": "test_DIL-2", "grade": true, "locked": true}
kit.score("DIL-2", globals())

# %% [markdown]
# ### CONV-2 by hand ({points:CONV-2}): the slide's convention

# %% nbgrader={"grade_id": "show-CONV-2", "locked": true}
kit.show("CONV-2", student)

# %% deletable=false nbgrader={"grade_id": "CONV-2"}
# answer: CONV-2
answer = """

"""

# %% nbgrader={"grade_id": "test_CONV-2", "grade": true, "locked": true}
kit.score("CONV-2", globals())

# %% [markdown]
# ### `dilated_conv` ({points:dilated_conv})
#
# `flip=False` is the libraries' convention, `flip=True` the slide's: rows and columns of every kernel reversed (not its
# channels, and not the caller's `W`).


# %% nbgrader={"grade_id": "dilated_conv", "solution": true}
def dilated_conv(X, W, b, s, p, d, flip=False):
    """Convolve with dilation d: Y[n,f,i,j] = sum_cuv W[f,c,u,v] Xp[n,c, i s+u d, j s+v d] + b[f].

    X[N, C, H, W], W[F, C, k, k], b[F]; s: stride, p: zeros on each side. With flip=True every kernel is turned
    by 180 degrees first. Returns Y[N, F, H', W'] alone; X and W must stay as they are.
    """
    ### BEGIN SOLUTION
    if flip:
        W = W[:, :, ::-1, ::-1]
    span = d * (W.shape[2] - 1) + 1
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    rows, columns = (Xp.shape[2] - span) // s + 1, (Xp.shape[3] - span) // s + 1
    Y = np.zeros((len(X), len(W), rows, columns))
    for i, j in np.ndindex(rows, columns):
        window = Xp[:, :, i * s : i * s + span : d, j * s : j * s + span : d]
        Y[:, :, i, j] = np.tensordot(window, W, axes=((1, 2, 3), (1, 2, 3))) + b
    return Y
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_dilated_conv", "grade": true, "locked": true}
kit.score("dilated_conv", globals())

# %% [markdown] covers=["DIL-04", "DIL-06", "DIL-09"]
# ### Backward, and resolution
#
# **Backward.** Nothing new: each output hands its kernel, times $\mathrm{d}Y$, back to the pixels that it had met, $d$ apart.
# For $X=1\dots16$ in four rows, $W=\begin{bmatrix}1&-1\\2&0\end{bmatrix}$, $d=2$ and
# $\mathrm{d}Y=\begin{bmatrix}1&2\\-1&3\end{bmatrix}$ (cross-correlation):
#
# $$ \mathrm{d}X=\begin{bmatrix}1&2&-1&-2\\-1&3&1&-3\\2&4&0&0\\-2&6&0&0\end{bmatrix}, \qquad
# \mathrm{d}W=\begin{bmatrix}18&28\\58&68\end{bmatrix} $$
#
# Check one entry of each: $\mathrm{d}W_{0,0}=1\cdot1+2\cdot2-1\cdot5+3\cdot6=18$.
#
# **Strided or dilated?** Both see more. The captions of the lecture compare stride 2 with $k=3$ and dilation 2 with $k=2$:
#
# | input | $k=3$, $s=2$, $d=1$ | $k=2$, $s=1$, $d=2$ | $k=3$, $s=1$, $d=2$, $p=2$ |
# |---|---|---|---|
# | 5 | 2 | 3 | 5 |
# | 7 | 3 | 5 | 7 |
#
# The stride halves the resolution; dilation instead of pooling or striding preserves it, exactly so if $p=d(k-1)/2$.

# %% [markdown] covers=["DIL-05"]
# ### `causal_conv1d` ({points:causal_conv1d})
#
# For sound or text the output at time $t$ may depend on present and past inputs only; the order in time is maintained. Such
# a filter is **causal**:
#
# $$ y_t = \sum_{j=0}^{K-1} w_j\; x_{t-(K-1-j)d}, \qquad x_t = 0 \text{ before the start.} $$
#
# The *last* weight meets the present, $w_0$ the oldest sample: the taps stand in the order of time, nothing is flipped, and
# $y$ is as long as $x$. With $w=(10,1)$ and $d=2$:
#
# | $t$ | 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 |
# |---|---|---|---|---|---|---|---|---|
# | $x_t$ | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 |
# | $y_t = 10\,x_{t-2} + x_t$ | 1 | 2 | 13 | 24 | 35 | 46 | 57 | 68 |
#
# Try it by hand with $w=(1,2,3)$, $d=2$ on the same $x$, before you let your function do it.
#
# <details><summary>Answer</summary>
# y_t = x_{t−4} + 2 x_{t−2} + 3 x_t: 3, 6, 11, 16, 22, 28, 34, 40.
# </details>
#
# On the way back the same taps look into the *future*: for $\mathrm{d}y=(1,0,2,0,0,1,0,1)$ and $w=(10,1)$, $d=2$,
# $\mathrm{d}x=(21,0,2,10,0,11,0,1)$ and $\mathrm{d}w=(12,21)$.


# %% nbgrader={"grade_id": "causal_conv1d", "solution": true}
def causal_conv1d(x, w, d):
    """Filter a signal with its present and past: y[t] = sum_j w[j] x[t - (K-1-j) d], zeros before the start.

    x[T], w[K], d: dilation. Returns y[T].
    """
    ### BEGIN SOLUTION
    y = np.zeros(len(x))
    for t in range(len(x)):
        for j in range(len(w)):
            past = t - (len(w) - 1 - j) * d
            if past >= 0:
                y[t] += w[j] * x[past]
    return y
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_causal_conv1d", "grade": true, "locked": true}
kit.score("causal_conv1d", globals())

# %% [markdown] covers=["DIL-02"]
# ## 6 Receptive fields
#
# How much of the input can one unit see? Without a layer, one pixel. Each layer adds $d(k-1)$ steps between entries of the
# layer below, and such a step is as long as the product of all **earlier** strides:
#
# $$ R = 1 + \sum_{l} d_l\,(k_l-1) \prod_{m<l} s_m . $$
#
# Pooling counts like a convolution. Four layers with $k=2$ and $d=1,2,4,8$ see $1+1+2+4+8=16$ samples; with $d=1,1,1,1$
# only 5, with the same number of weights. Doubling dilations give an exponential expansion of the receptive field without
# loss of resolution or coverage: every sample in the field is used.

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-trees", "locked": true}
import matplotlib.pyplot as plt


def draw_tree(ax, dilations, length=9, k=2):
    """Draw which samples the last output of a causal stack sees, layer by layer."""
    seen = {length - 1}
    top = len(dilations)
    for level, d in zip(range(top, 0, -1), reversed(dilations)):
        below = set()
        for t in seen:
            for past in (t - j * d for j in range(k)):
                ax.plot([t, past], [level, level - 1], color="#0072B2", linewidth=1.6, zorder=1)
                below.add(past)
        ax.scatter(sorted(seen), [level] * len(seen), s=70, color="#D55E00", zorder=3)
        seen = below
    ax.scatter(sorted(seen), [0] * len(seen), s=70, color="#D55E00", marker="s", zorder=3)
    for level in range(top + 1):
        ax.scatter(range(length), [level] * length, s=28, color="#BBBBBB", zorder=2)
    names = ["input", *(f"d = {d}" for d in dilations)]
    ax.set(yticks=range(top + 1), yticklabels=names, xlabel="time", title=f"sees {len(seen)} samples")
    ax.spines[["top", "right", "left"]].set_visible(False)


fig, axes = plt.subplots(1, 2, figsize=(11, 3.6))
draw_tree(axes[0], (1, 1, 1))
draw_tree(axes[1], (1, 2, 4))
fig.tight_layout()
plt.show()

# %% [markdown]
# *Picture: two trees over nine samples, three layers with k = 2 each. Dilations 1, 1, 1: the last output sees 4 neighbouring
# samples. Dilations 1, 2, 4: it sees 8 samples, each along exactly one path.*

# %% [markdown]
# ### RF-1 by hand ({points:RF-1})

# %% nbgrader={"grade_id": "show-RF-1", "locked": true}
kit.show("RF-1", student)

# %% deletable=false nbgrader={"grade_id": "RF-1"}
# answer: RF-1
answer = """

"""

# %% nbgrader={"grade_id": "test_RF-1", "grade": true, "locked": true}
kit.score("RF-1", globals())

# %% [markdown]
# ### `receptive_field` ({points:receptive_field})


# %% nbgrader={"grade_id": "receptive_field", "solution": true}
def receptive_field(layers):
    """Return how many neighbouring inputs, along one axis, one unit of the last layer sees (int).

    layers: list of (k, s, d), the layer nearest to the input first; may be empty (then 1).
    """
    ### BEGIN SOLUTION
    size, step = 1, 1
    for k, s, d in layers:
        size += (k - 1) * d * step
        step *= s
    return size
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_receptive_field", "grade": true, "locked": true}
kit.score("receptive_field", globals())

# %% [markdown]
# ### Think about it (no points)
#
# **G. "Dilated convolutions support exponential expansion of the receptive field." Does one dilated layer?**
#
# <details><summary>Answer</summary>
# No: one layer adds d(k−1). It takes a stack whose dilations grow, such as 1, 2, 4, 8. With the same d in every layer the
# field grows linearly (k = 3, d = 2, three layers: 13), and then neighbours are skipped for good.
# </details>
#
# **H. "It preserves the resolution of the data at the output." Always?**
#
# <details><summary>Answer</summary>
# Only with stride 1 and padding d(k−1)/2. The slide's own example has no padding and goes from 5×5 to 3×3.
# </details>
#
# **I. Your result for the lecture's example starts 41, 23, 37. What did you do?**
#
# <details><summary>Answer</summary>
# You cross-correlated, as PyTorch and Keras do. The slide turned the kernel. Neither is a slip; say which one you mean.
# </details>

# %% [markdown]
# ## 7 Self-check
#
# Can you answer these without looking?
#
# 1. What does max pooling have to remember for its backward, and what does average pooling?
# 2. Why `+=` in both backwards?
# 3. What does padding do in a transposed convolution, and what does `output_padding`?
# 4. Name the three steps that turn a transposed convolution into an ordinary one.
# 5. Which stride does not matter for the receptive field of a stack?
#
# <details><summary>Answers</summary>
# 1. Where the maxima stood; only the sizes (shape, k, s). ·
# 2. Overlapping windows share entries: their shares add up. ·
# 3. It cuts p rows and columns off each side; it adds rows and columns at the end, to choose among the possible sizes. ·
# 4. Zeros between the entries, a frame of k − 1 − p zeros, a correlation with the turned kernel. ·
# 5. That of the last layer.
# </details>
#
# The last cell runs all public checks once more. Before you hand in: *Kernel → Restart and Run All*, then save.

# %% nbgrader={"grade_id": "overview", "locked": true}
kit.overview(globals())
