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
# # Computational graphs and backpropagation by hand
#
# Training a network means asking the same question many times: *if this one number changes a little, what happens to
# the loss?* At the end of this notebook you can
#
# - run a forward and a backward pass through any graph of numbers,
# - use one rule, **left = right × local**, at every junction,
# - write the chain rule with the right number of subscripts and sums,
# - check every backward pass you will ever write.
#
# **{points:total}** · reading: 30 minutes · work: three to four hours, by hand and in code
#
# | symbol | meaning | | symbol | meaning |
# |---|---|---|---|---|
# | $L, J, f$ | the one number at the end (loss) | | $N$ | examples, the rows of `X` |
# | $\partial L/\partial x$, `dx` | gradient of $L$ with respect to $x$ | | $D$ | features or channels of one example |
# | $\theta, W, b$ | parameters, weights, bias | | $M$ | outputs of a layer |
# | $h$ | output of a layer | | $\varepsilon$, `eps` | a small step |
# | $\sigma(a)$ | sigmoid, $1/(1+e^{-a})$ | | $\delta_{ij}$ | 1 if $i=j$, otherwise 0 |
#
# A gradient has the shape of what it belongs to: `dW` looks like `W`. All arrays are float64.

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

# %% [markdown] covers=["GRAPH-12", "GRAPH-18", "GRAPH-19"]
# ## 1 What does one weight do to the loss?
#
# The goal of training is to find parameters $(\theta^{(1)}, \theta^{(2)}, \dots)$ for which the loss $L$ is small. Hold
# all of them still except one weight, and $L$ becomes a curve over this weight. Its **slope** says which way to go, and
# how much there is to gain. The next cell draws such a curve for a tiny network, with its tangent at one weight.
#
# Where does the slope come from? One could write $L$ out as one long formula and differentiate it on paper. That is
# a bad idea: it is tedious, it starts anew for every other loss, and for a real network nobody can do it. There are two
# ways out. One is **numeric**: move the weight a little and look. The other one, **backpropagation**, needs no more
# than the derivatives of small steps, and fills the rest of this notebook.

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-one-weight", "locked": true}
import matplotlib.pyplot as plt


def chain_loss(w1, x=2.0, w2=-1.0, y=1.0):
    """Return J = 1/2 (sigmoid(w2 * w1 * x) - y)^2."""
    return 0.5 * (1 / (1 + np.exp(-w2 * w1 * x)) - y) ** 2


w, w0, eps = np.linspace(-3, 3, 301), 0.5, 1e-5
slope = (chain_loss(w0 + eps) - chain_loss(w0 - eps)) / (2 * eps)
fig, ax = plt.subplots(figsize=(7.5, 3.8))
ax.plot(w, chain_loss(w), color="#0072B2", linewidth=2, label="loss $J(w_1)$")
near = np.array([w0 - 1.2, w0 + 1.2])
line = chain_loss(w0) + slope * (near - w0)
ax.plot(near, line, color="#D55E00", linestyle="--", linewidth=2, label=f"tangent, slope {slope:.3f}")
ax.plot([w0], [chain_loss(w0)], "o", color="black", markersize=8)
ax.annotate("we are here", (w0, chain_loss(w0)), (w0 + 0.5, 0.17), arrowprops={"arrowstyle": "->"})
ax.annotate("downhill", (-1.3, 0.268), (-0.6, 0.268), arrowprops={"arrowstyle": "->"}, va="center")
ax.set(xlabel="weight $w_1$, all others held still", ylabel="loss", ylim=(-0.05, 0.55))
ax.legend(loc="upper left")
fig.tight_layout()
plt.show()

# %% [markdown]
# *Picture: a curve that rises from 0 on the left to about one half on the right. At $w_1=0.5$ a dashed tangent with slope
# 0.287 touches it. The slope is positive, so the loss falls when the weight gets smaller: an arrow pointing left says
# "downhill".*

# %% [markdown] covers=["GRAPH-13"]
# ## 2 The slope by trying: finite differences
#
# Move one entry of $x$ up and down by a small $\varepsilon$ and see what $f$ does:
#
# $$ \frac{\partial f}{\partial x_i} \approx \frac{f(x+\varepsilon\,e_i) - f(x-\varepsilon\,e_i)}{2\varepsilon} $$
#
# ($e_i$ is 1 at position $i$ and 0 elsewhere.) This is the **central** difference. With $f(x)=x^3$ at $x=2$ and
# $\varepsilon=0.01$ it gives $(8.120601-7.880599)/0.02=12.0001$; the exact slope is 12. Going to one side only,
# $(8.120601-8)/0.01=12.0601$, is far less exact. How small should $\varepsilon$ be? See for yourself:

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-error-against-eps", "locked": true}
import matplotlib.pyplot as plt


def bump(x):
    return np.exp(np.sin(x))


x, exact = 0.7, np.cos(0.7) * np.exp(np.sin(0.7))
steps = 10.0 ** np.arange(-14, 0, 0.25)
central = (bump(x + steps) - bump(x - steps)) / (2 * steps)
one_sided = (bump(x + steps) - bump(x)) / steps
fig, ax = plt.subplots(figsize=(7.5, 4.2))
for slopes, name, colour, style in (
    (one_sided, "one-sided", "#D55E00", "--s"),
    (central, "central", "#0072B2", "-o"),
):
    error = np.maximum(abs(slopes - exact) / abs(exact), 1e-14)
    ax.loglog(steps, error, style, color=colour, markersize=4, label=name)
ax.axvline(1e-5, color="#555555", linestyle=":")
ax.text(1.3e-5, 2e-2, "eps = 1e-5")
ax.text(2e-14, 1e-8, "rounding\ngets worse")
ax.text(6e-3, 2e-11, "the curve\nis not straight")
ax.set(xlabel="eps", ylabel="relative error of the slope")
ax.legend(loc="lower left")
fig.tight_layout()
plt.show()

# %% [markdown]
# *Picture: two V-shaped curves on logarithmic axes. To the right of the V the error falls as eps gets smaller, for the
# central difference with the square of eps; to the left it grows again, because two nearly equal numbers are subtracted.
# The central difference is best near eps = 1e-5, where it is off by less than 1e-9 and the one-sided one by about 4e-7.*

# %% [markdown]
# ### `num_grad` ({points:num_grad})


# %% nbgrader={"grade_id": "num_grad", "solution": true}
def num_grad(f, x, eps=1e-5):
    """Return the gradient of f at x by central differences, an array like x.

    f: a function of one array that returns one number; x: an array of any shape, such as [5] or [3, 4].
    dx[i] = (f(x with x[i] + eps) - f(x with x[i] - eps)) / (2 eps) for every entry i.
    x must be exactly as it was when you return; adding and then subtracting eps is not exact.
    """
    ### BEGIN SOLUTION
    dx = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += eps
        down[i] -= eps
        dx[i] = (f(up) - f(down)) / (2 * eps)
    return dx
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_num_grad", "grade": true, "locked": true}
kit.score("num_grad", globals())

# %% [markdown]
# ### `rel_error` ({points:rel_error})
#
# Is a difference of 0.001 large? For gradients of 1000 it is nothing, for gradients of 0.002 it is half. So compare
# *relative* to the size of the numbers, and take the worst entry:
#
# $$ \text{error} = \max_i \frac{|a_i-b_i|}{\max(10^{-8},\; |a_i|+|b_i|)} $$
#
# Equal arrays give 0, opposite ones 1. The $10^{-8}$ keeps 0 against 0 from being 0/0.


# %% nbgrader={"grade_id": "rel_error", "solution": true}
def rel_error(a, b):
    """Return the largest |a - b| / max(1e-8, |a| + |b|) over all entries, one float.

    a, b: arrays of one shape (any number of axes).
    """
    ### BEGIN SOLUTION
    return float(np.max(np.abs(a - b) / np.maximum(1e-8, np.abs(a) + np.abs(b))))
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_rel_error", "grade": true, "locked": true}
kit.score("rel_error", globals())

# %% [markdown]
# ### Think about it (no points)
#
# **A. Finite differences need no formula at all. Why does nobody train with them, and why does everybody test with
# them?**
#
# <details><summary>Answer</summary>
# A network with P weights needs 2P runs of the whole network for one gradient; with a million weights that is two
# million runs for one small step. Backpropagation costs about as much as two more runs, whatever P is. For a test, P can be
# small and slow does not matter, and a finite difference cannot contain the bug you are looking for: it only calls the
# forward.
# </details>
#
# **B. A slide calls the derivatives of a loss a "matrix of partial derivatives (Jacobian)". Is it?**
#
# <details><summary>Answer</summary>
# The loss is one number, so its derivatives form an array of the same shape as the weights, the gradient; written as
# one list it is a vector. A Jacobian belongs to a step with several outputs: it has one row per output and one column
# per input.
# </details>
#
# **C. A slide sums a loss over the examples, $\frac1N\sum_i L_i$, and writes the same $x$ in every $L_i$. What is
# missing?**
#
# <details><summary>Answer</summary>
# The index: every example has its own input, x_i, just as it has its own label y_i. The weights are the same in all
# terms, which is why their gradient is a sum over the examples.
# </details>

# %% [markdown] covers=["GRAPH-01", "GRAPH-02", "GRAPH-03", "GRAPH-04", "GRAPH-07"]
# ## 3 A graph: forward, then backward
#
# A **computational graph** is a formula taken apart: a directed graph whose nodes are variables or single operations,
# each feeding the next. The lecture's example is $f=(x+y)\,z$ with $x=-2,\ y=5,\ z=-4$; its steps are $q=x+y$ and
# $f=qz$.
#
# **Forward**, from left to right, every node computes its value: $q=3$, then $f=-12$.
#
# **Backward**, from right to left, every node receives the gradient of $f$ with respect to its *output* and passes on
# that with respect to its *inputs*, by the chain rule $\frac{dz}{dx}=\frac{dz}{dy}\frac{dy}{dx}$. At each junction two
# things are needed, and no more:
#
# $$ [\text{left}] = [\text{from right}] \times [\text{local gradient}] $$
#
# | start | node $f=q\cdot z$ | node $q=x+y$ |
# |---|---|---|
# | $\frac{\partial f}{\partial f}=1$ | $\frac{\partial f}{\partial q}=1\cdot z=-4$, $\quad\frac{\partial f}{\partial z}=1\cdot q=3$ | $\frac{\partial f}{\partial x}=-4\cdot1=-4$, $\quad\frac{\partial f}{\partial y}=-4\cdot1=-4$ |
#
# The local gradient of a product towards one factor is the *other* factor; that of a sum is 1. Test it: move $x$ from
# $-2$ to $-1.9$. Then $q=3.1$ and $f=-12.4$; the change $-0.4$ is $-4$ times $0.1$.


# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "draw-graph", "locked": true}
def draw_graph(ax, nodes, edges):
    """Draw a graph: nodes {name: (x, y, label)}, edges [(from, to, value, gradient)]; "" is the way out."""
    for name, (x, y, label) in nodes.items():
        if name:
            ax.text(
                x,
                y,
                label,
                ha="center",
                va="center",
                fontsize=12,
                bbox={"boxstyle": "circle,pad=0.35", "facecolor": "white", "edgecolor": "black"},
            )
    for start, end, value, gradient in edges:
        (x0, y0, _), (x1, y1, _) = nodes[start], nodes[end]
        ax.annotate(
            "", (x1, y1), (x0, y0), arrowprops={"arrowstyle": "->", "shrinkA": 17, "shrinkB": 17}, zorder=0
        )
        t = 0.5 if y0 == y1 else 0.36  # slanted edges: near the start, where they are far apart
        mx, my = x0 + t * (x1 - x0), y0 + t * (y1 - y0)
        ax.text(mx, my + 0.09, f"{value:.4g}", color="#0072B2", ha="center", va="bottom", weight="bold")
        ax.text(mx, my - 0.09, f"{gradient:.2g}", color="#D55E00", ha="center", va="top", style="italic")
    xs, ys = [n[0] for n in nodes.values()], [n[1] for n in nodes.values()]
    ax.set(xlim=(min(xs) - 0.4, max(xs) + 0.4), ylim=(min(ys) - 0.5, max(ys) + 0.5))
    ax.axis("off")


# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-small-graph", "locked": true}
import matplotlib.pyplot as plt

fig, ax = plt.subplots(figsize=(8, 3.2))
places = {
    "x": (0, 2, "x"),
    "y": (0, 1, "y"),
    "z": (0, 0, "z"),
    "q": (1.5, 1.5, "+"),
    "f": (3, 0.8, "×"),
    "": (4.2, 0.8, ""),
}
arrows = [("x", "q", -2, -4), ("y", "q", 5, -4), ("q", "f", 3, -4), ("z", "f", -4, 3), ("f", "", -12, 1)]
draw_graph(ax, places, arrows)
ax.text(4.25, 0.8, "f", fontsize=13, va="center")
ax.text(1.9, 2.25, "bold, above an edge: value, computed from left to right", color="#0072B2")
ax.text(1.9, 2.0, "italic, below an edge: gradient of f, from right to left", color="#D55E00")
fig.tight_layout()
plt.show()

# %% [markdown]
# *Picture: the graph of $f=(x+y)z$. Above the edges, in bold, the values: −2 and 5 flow into a plus and make 3; 3 and −4
# flow into a times and make −12. Below the edges, in italics, the gradients: 1 at the output, then −4 for q and 3 for z,
# then −4 for both x and y.*

# %% [markdown] covers=["GRAPH-06", "GRAPH-10"]
# ### The two passes, and a value that is used twice
#
# The schedule is always the same. **Forward pass**: left to right, and *store every value*, because the local gradients
# need them. **Backward pass**: start at the end with 1, go left, and pass on gradients. These are the local gradients
# you need here ($c$ is a constant, $y$ the node's output):
#
# | node | $y=$ | local gradient | | node | $y=$ | local gradient |
# |---|---|---|---|---|---|---|
# | `add` | $a+b$ | 1 towards both | | `inv` | $1/a$ | $-1/a^2$ |
# | `mul` | $a\cdot b$ | $b$ towards $a$, $a$ towards $b$ | | `exp` | $e^a$ | $e^a$, which is $y$ |
# | `neg` | $-a$ | $-1$ | | `addc` | $c+a$ | 1 |
# | | | | | `mulc` | $c\cdot a$ | $c$ |
#
# A difference $a-b$ is a sum with a `neg` in it: 1 towards $a$, $-1$ towards $b$.
#
# **A value that feeds two nodes** gets a gradient back from each of them. Both ways change $f$, so the two are
# **added**. Take $f=(a\cdot b)+a$ with $a=3,\ b=2$: by the product comes $1\cdot b=2$, by the sum comes $1$, together
# $\partial f/\partial a=3$. Test it: $a=3.1$ gives $f=9.3$ instead of 9. In code this is `+=`, and `=` is the most
# frequent mistake of all.

# %% [markdown]
# ### GRAPH-1 by hand (two graphs, {points:GRAPH-1} each)
#
# Your question is shown by the next cell. Write each result between the quotation marks of the cell after it, numbers
# separated by commas. That cell is *read*, not run: write the numbers themselves. The check says only whether your
# answer can be read. A wrong value early on costs you once: what follows rightly from it counts.

# %% nbgrader={"grade_id": "show-GRAPH-1", "locked": true}
kit.show("GRAPH-1", student)

# %% deletable=false nbgrader={"grade_id": "GRAPH-1"}
# answer: GRAPH-1
answer = {
    "values": """ """,
    "gradients": """ """,
    "leaves": """ """,
}

# %% nbgrader={"grade_id": "test_GRAPH-1", "grade": true, "locked": true}
kit.score("GRAPH-1", globals())

# %% [markdown]
# And once more, with another graph:

# %% nbgrader={"grade_id": "show-GRAPH-1_2", "locked": true}
kit.show("GRAPH-1_2", student)

# %% deletable=false nbgrader={"grade_id": "GRAPH-1_2"}
# answer: GRAPH-1_2
answer = {
    "values": """ """,
    "gradients": """ """,
    "leaves": """ """,
}

# %% nbgrader={"grade_id": "test_GRAPH-1_2", "grade": true, "locked": true}
kit.score("GRAPH-1_2", globals())

# %% [markdown]
# ### `graph_forward` ({points:graph_forward})
#
# In code a graph is a list of nodes in the order in which they can be computed. A node is a tuple
# `(name, op, inputs)`; `inputs` is always a tuple. `add` and `mul` have two inputs; the constant of `addc` and `mulc` is
# the second entry of `inputs`. The lecture's example:
#
# ```python
# nodes = [("q", "add", ("x", "y")), ("f", "mul", ("q", "z"))]
# values = {"x": -2.0, "y": 5.0, "z": -4.0}                # the leaves
# graph_forward(nodes, values)["f"]                        # -12.0
# ("den", "addc", ("e", 1.0))                              # a node: den = 1.0 + e
# ```


# %% nbgrader={"grade_id": "graph_forward", "solution": true}
def graph_forward(nodes, values):
    """Return a dict with the values of all leaves and all nodes.

    nodes: list of (name, op, inputs), each node behind its inputs;
    op is one of "add", "mul", "neg", "inv", "exp", "addc", "mulc".
    values: dict with the numbers of the leaves; it must stay as it is.
    """
    ### BEGIN SOLUTION
    rules = {
        "add": lambda a, b: a + b,
        "mul": lambda a, b: a * b,
        "neg": lambda a: -a,
        "inv": lambda a: 1.0 / a,
        "exp": np.exp,
        "addc": lambda a, c: a + c,
        "mulc": lambda a, c: a * c,
    }
    found = dict(values)
    for name, op, inputs in nodes:
        found[name] = rules[op](*(found[i] if isinstance(i, str) else i for i in inputs))
    return found
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_graph_forward", "grade": true, "locked": true}
kit.score("graph_forward", globals())

# %% [markdown]
# ### `graph_backward` ({points:graph_backward})
#
# Here `values` is the *full* dict that the forward returned. The result holds the gradient of `out` with respect to
# every leaf and every node; that of `out` itself is 1. `out` need not be the last node: what it does not depend on has
# gradient 0 (or may be left out).


# %% nbgrader={"grade_id": "graph_backward", "solution": true}
def graph_backward(nodes, values, out):
    """Return a dict with the gradient of the value called `out` with respect to every leaf and node.

    nodes: as in graph_forward; values: all values, as graph_forward returns them; out: a name.
    Gradients of a value that is used several times add up. nodes and values must stay as they are.
    """
    ### BEGIN SOLUTION
    grads = dict.fromkeys(values, 0.0)
    grads[out] = 1.0
    for name, op, inputs in reversed(nodes):
        right, a = grads[name], inputs[0]
        if op == "mul":
            grads[a] += right * values[inputs[1]]
            grads[inputs[1]] += right * values[a]
        elif op == "add":
            grads[a] += right
            grads[inputs[1]] += right
        else:
            local = {"neg": -1.0, "addc": 1.0, "mulc": inputs[-1], "exp": values[name]}
            grads[a] += right * (-1.0 / values[a] ** 2 if op == "inv" else local[op])
    return grads
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_graph_backward", "grade": true, "locked": true}
kit.score("graph_backward", globals())

# %% [markdown] covers=["GRAPH-14", "GRAPH-16"]
# ### Think about it (no points)
#
# **D. A slide of the example reads**
# $\frac{\partial f}{\partial z}=\frac{\partial f}{\partial q}\cdot\frac{\partial q}{\partial z}=1\cdot3$. **The 3 is
# right. Which factors are not?**
#
# <details><summary>Answer</summary>
# Both. q does not depend on z, so ∂q/∂z is 0, and ∂f/∂q is −4, not 1: taken literally, the product is 0. The edge
# from z goes straight into f, so the way is ∂f/∂z = ∂f/∂f · (local gradient of the product towards z) = 1 · q = 3.
# </details>
#
# **E. What must every node remember from the forward pass?**
#
# <details><summary>Answer</summary>
# Whatever its local gradient is made of: a product its two inputs, 1/a its input, an exponential its output, a sum
# nothing. That is the cache that every <code>_forward</code> of this course hands to its <code>_backward</code>, and
# why training needs more memory than prediction.
# </details>
#
# **F. Forward and backward pass are said to be dual. What does a sum in the forward become on the way back, and what
# does a copy become (a value that is used twice)?**
#
# <details><summary>Answer</summary>
# A sum turns into a copy: both inputs receive the same gradient. A copy turns into a sum: the gradients of the uses are
# added.
# </details>
#
# **G. Which operations may a node contain? Must they be differentiable everywhere?**
#
# <details><summary>Answer</summary>
# Any step that is differentiable almost everywhere will do: max and ReLU have a kink and train very well. At the kink
# one picks a value by convention.
# </details>
#
# **H. "$\frac{\partial L}{\partial f}\leftarrow L$", says a slide. Is this an equation?**
#
# <details><summary>Answer</summary>
# No, a picture: the backward pass starts at L and sends ∂L/∂f to the left along the arrow.
# </details>

# %% [markdown] covers=["GRAPH-05", "ACT-05"]
# ## 4 A neuron as a circuit
#
# The lecture's larger example is one neuron with the **sigmoid**:
#
# $$ f = \frac{1}{1+e^{-(w_0x_0+w_1x_1+w_2)}}, \qquad\text{wanted: } \frac{\partial f}{\partial w_0},\
# \frac{\partial f}{\partial w_1},\ \frac{\partial f}{\partial w_2} $$
#
# Taken apart, the sigmoid is four nodes, and the table of section 3 is all you need. With $w_0=2,\ x_0=-1,\ w_1=-3,\
# x_1=-2,\ w_2=-3$, rounded to two decimals:
#
# | node | $a$ | $n=-a$ | $e=e^{n}$ | $d=1+e$ | $f=1/d$ |
# |---|---|---|---|---|---|
# | value | 1.00 | −1.00 | 0.37 | 1.37 | 0.73 |
# | local gradient | | $-1$ | $e^{n}=0.37$ | $1$ | $-1/d^2=-0.53$ |
# | gradient of $f$ | **0.20** | −0.20 | −0.53 | −0.53 | 1.00 |
#
# From $a$ on everything is a sum or a product: $\partial f/\partial w_0 = 0.20\cdot x_0=-0.20$,
# $\ \partial f/\partial x_0=0.20\cdot w_0=0.39$, $\ \partial f/\partial w_2=0.20$.
#
# The four nodes together have a short local gradient:
#
# $$ \frac{df}{da} = \frac{e^{-a}}{(1+e^{-a})^2} = f\,(1-f) = 0.73\cdot0.27 = 0.20 . $$
#
# So the sigmoid can be *one* node that remembers its output. What is a node, and how large, is up to you.

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-circuit", "locked": true}
import matplotlib.pyplot as plt

if kit.ready("graph_forward", globals()) and kit.ready("graph_backward", globals()):
    neuron = [
        ("p0", "mul", ("w0", "x0")),
        ("p1", "mul", ("w1", "x1")),
        ("s", "add", ("p0", "p1")),
        ("a", "add", ("s", "w2")),
        ("n", "mulc", ("a", -1.0)),
        ("e", "exp", ("n",)),
        ("d", "addc", ("e", 1.0)),
        ("f", "inv", ("d",)),
    ]
    values = graph_forward(neuron, {"w0": 2.0, "x0": -1.0, "w1": -3.0, "x1": -2.0, "w2": -3.0})
    grads = graph_backward(neuron, values, "f")
    signs = {"mul": "×", "add": "+", "mulc": "×−1", "exp": "exp", "addc": "+1", "inv": "1/x"}
    places = {name: (0, 3.2 - 0.8 * i, f"${name[0]}_{name[1]}$") for i, name in enumerate(
        ("w0", "x0", "w1", "x1", "w2"))}  # fmt: skip
    spots = [(1.1, 2.8), (1.1, 1.2), (2.2, 2.0), (3.2, 1.4), (4.4, 1.4), (5.6, 1.4), (6.8, 1.4), (8.0, 1.4)]
    places |= {name: (*spot, signs[op]) for (name, op, _), spot in zip(neuron, spots)}
    places[""] = (9.0, 1.4, "")
    arrows = [
        (i, name, values[i], grads[i]) for name, _, inputs in neuron for i in inputs if isinstance(i, str)
    ]
    fig, ax = plt.subplots(figsize=(12, 4.6))
    draw_graph(ax, places, [*arrows, ("f", "", values["f"], grads["f"])])
    ax.text(4.2, 3.2, "your values (bold, above) and your gradients (italic, below)", fontsize=10)
    fig.tight_layout()
    plt.show()

# %% [markdown]
# *Picture: the neuron as a graph, with the numbers that your two functions compute. Two products and two sums make
# $a=1$; then times −1, exp, plus 1 and 1/x make 0.73. Below the edges the gradients run back from 1 at the right to
# 0.20 at $a$, and from there to −0.2, 0.39, −0.39, −0.59 and 0.2 at the leaves.*
#
# ### GRAPH-2 by hand ({points:GRAPH-2})

# %% nbgrader={"grade_id": "show-GRAPH-2", "locked": true}
kit.show("GRAPH-2", student)

# %% deletable=false nbgrader={"grade_id": "GRAPH-2"}
# answer: GRAPH-2
answer = {
    "values": """ """,
    "gradients": """ """,
    "leaves": """ """,
}

# %% nbgrader={"grade_id": "test_GRAPH-2", "grade": true, "locked": true}
kit.score("GRAPH-2", globals())

# %% [markdown]
# ### `circuit_forward` ({points:circuit_forward}) and `circuit_backward` ({points:circuit_backward})
#
# Now without a list of nodes: a pair of functions, the way all layers of this course are written. The forward returns a
# dict, the **cache**, with at least the key `"f"`, the result; put into it what your backward needs.


# %% nbgrader={"grade_id": "circuit_forward", "solution": true}
def circuit_forward(w0, x0, w1, x1, w2):
    """Compute f = 1 / (1 + e^-(w0 x0 + w1 x1 + w2)) and return the cache, a dict with f under "f".

    w0, x0, w1, x1, w2: numbers.
    """
    ### BEGIN SOLUTION
    f = 1.0 / (1.0 + np.exp(-(w0 * x0 + w1 * x1 + w2)))
    return {"f": f, "w0": w0, "x0": x0, "w1": w1, "x1": x1}
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_circuit_forward", "grade": true, "locked": true}
kit.score("circuit_forward", globals())


# %% nbgrader={"grade_id": "circuit_backward", "solution": true}
def circuit_backward(cache):
    """Return the gradients (dw0, dx0, dw1, dx1, dw2) of f, given the cache of circuit_forward."""
    ### BEGIN SOLUTION
    da = cache["f"] * (1.0 - cache["f"])
    return da * cache["x0"], da * cache["w0"], da * cache["x1"], da * cache["w1"], da
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_circuit_backward", "grade": true, "locked": true}
kit.score("circuit_backward", globals())

# %% [markdown] covers=["GRAPH-08", "GRAPH-09"]
# ## 5 Layers: just add subscripts and sums
#
# When a node takes a vector and gives a vector, every output may depend on every input. $L$ is still one number, and
# the chain rule stays what it was, with one sum over **all** ways from $x_j$ to $L$:
#
# $$ \frac{\partial L}{\partial x_j} = \sum_i \frac{\partial L}{\partial h_i}\,\frac{\partial h_i}{\partial x_j}
# \qquad
# \frac{\partial L}{\partial x_{ab}} = \sum_{i,j} \frac{\partial L}{\partial h_{ij}}\,\frac{\partial h_{ij}}{\partial x_{ab}}
# \qquad
# \frac{\partial L}{\partial x_{abc}} = \sum_{i,j,k} \frac{\partial L}{\partial h_{ijk}}\,\frac{\partial h_{ijk}}{\partial x_{abc}} $$
#
# for vectors, matrices and images: just add subscripts and summations. A network is a chain of such layers,
# $h^{(n)}$ computed from $h^{(n-1)}$ with parameters $\theta^{(n)}$. Every layer does two things with the gradient that
# comes from the right: one for its own parameters, one to pass on,
#
# $$ \frac{\partial L}{\partial \theta^{(n)}} = \frac{\partial L}{\partial h^{(n)}}\,\frac{\partial h^{(n)}}{\partial \theta^{(n)}},
# \qquad
# \frac{\partial L}{\partial h^{(n-1)}} = \frac{\partial L}{\partial h^{(n)}}\,\frac{\partial h^{(n)}}{\partial h^{(n-1)}} . $$
#
# For an image of $3\times32\times32$ the full table $\partial h/\partial x$ would have nine million entries. It is never
# written down: nearly all of it is 0 or repeats itself, and each layer has a short formula instead.

# %% [markdown] covers=["GRAPH-11"]
# ### The dense layer
#
# $h=Wx+b$, that is $h_k=\sum_j W_{kj}x_j+b_k$. For one weight, start with the general sum
#
# $$ \frac{\partial L}{\partial W_{ij}} = \sum_k \frac{\partial L}{\partial h_k}\,\frac{\partial h_k}{\partial W_{ij}},
# \qquad \frac{\partial h_k}{\partial W_{ij}} = \begin{cases}x_j & k=i\\ 0 & \text{otherwise}\end{cases} $$
#
# and all terms but one vanish. The bias goes the same way; for $x$ every output counts:
#
# $$ \frac{\partial L}{\partial W_{ij}} = \frac{\partial L}{\partial h_i}\,x_j \qquad
# \frac{\partial L}{\partial b_i} = \frac{\partial L}{\partial h_i} \qquad
# \frac{\partial L}{\partial x_j} = \sum_k \frac{\partial L}{\partial h_k}\,W_{kj} $$
#
# An example to compare with:
#
# $$ x=\begin{bmatrix}1\\-2\\3\end{bmatrix},\quad W=\begin{bmatrix}1&0&2\\-1&1&0.5\end{bmatrix},\quad
# b=\begin{bmatrix}0.5\\-1\end{bmatrix}\ \Rightarrow\ h=\begin{bmatrix}7.5\\-2.5\end{bmatrix} $$
#
# $$ \mathrm{d}h=\begin{bmatrix}2\\-3\end{bmatrix}\ \Rightarrow\
# \mathrm{d}W=\begin{bmatrix}2&-4&6\\-3&6&-9\end{bmatrix},\ \mathrm{d}b=\begin{bmatrix}2\\-3\end{bmatrix},\
# \mathrm{d}x=\begin{bmatrix}5\\-3\\2.5\end{bmatrix} $$

# %% [markdown]
# ### `dense_forward` ({points:dense_forward}) and `dense_backward` ({points:dense_backward})
#
# Write both with explicit loops first, straight from the sums above. Then, if you like, with `@`, `.T` and `np.outer`.


# %% nbgrader={"grade_id": "dense_forward", "solution": true}
def dense_forward(x, W, b):
    """Return h = W x + b: h[i] = sum_j W[i,j] x[j] + b[i].

    x[D], W[M, D], b[M]; returns h[M]. The inputs must stay as they are.
    """
    ### BEGIN SOLUTION
    h = np.zeros(len(b))
    for i in range(len(b)):
        h[i] = b[i]
        for j in range(len(x)):
            h[i] += W[i, j] * x[j]
    return h
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_dense_forward", "grade": true, "locked": true}
kit.score("dense_forward", globals())


# %% nbgrader={"grade_id": "dense_backward", "solution": true}
def dense_backward(dh, x, W):
    """Return the gradients (dx, dW, db) of a dense layer.

    dh[M]: gradient of L with respect to h; x[D], W[M, D]; the inputs must stay as they are.
    dx[D], dW[M, D], db[M].
    """
    ### BEGIN SOLUTION
    dx, dW, db = np.zeros(W.shape[1]), np.zeros(W.shape), np.zeros(W.shape[0])
    for i in range(W.shape[0]):
        db[i] = dh[i]
        for j in range(W.shape[1]):
            dW[i, j] = dh[i] * x[j]
            dx[j] += dh[i] * W[i, j]
    return dx, dW, db
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_dense_backward", "grade": true, "locked": true}
kit.score("dense_backward", globals())

# %% [markdown]
# ### GRAPH-4 by hand ({points:GRAPH-4})
#
# With several examples, one per row, the layer is a product of matrices and the sums become products, too. Find them by
# their shapes. Write a matrix with one row per line and spaces between the numbers.

# %% nbgrader={"grade_id": "show-GRAPH-4", "locked": true}
kit.show("GRAPH-4", student)

# %% deletable=false nbgrader={"grade_id": "GRAPH-4"}
# answer: GRAPH-4
answer = {
    "dX": """

""",
    "dW": """

""",
}

# %% nbgrader={"grade_id": "test_GRAPH-4", "grade": true, "locked": true}
kit.score("GRAPH-4", globals())

# %% [markdown] covers=["GRAPH-15"]
# ### What does it cost? (no points)
#
# Count multiplications (each comes with an addition). A dense layer with 784 inputs and 128 outputs, on 64 examples:
#
# - forward, $Y=XW$: $64\cdot784\cdot128 = 6{,}422{,}528$;
# - backward: $\mathrm{d}X=\mathrm{d}Y\,W^T$ and $\mathrm{d}W=X^T\mathrm{d}Y$, as many *each*, together $12{,}845{,}056$.
#
# So the backward pass costs about **twice** the forward pass, one half for the parameters and one for the inputs.
#
# **Now you:** 32 examples, 100 inputs, 50 outputs, and it is the *first* layer of the network.
#
# <details><summary>Answer</summary>
# Forward 32·100·50 = 160,000. Backward would be 320,000, but nobody needs the gradient of the data: in the first layer
# dX can be left out, and 160,000 remain.
# </details>

# %% [markdown] covers=["NORM-13"]
# ### `grad_check` ({points:grad_check})
#
# A backward that is derived on paper is checked numerically, *always*. A layer does not give one number, so weigh its
# outputs with random numbers `dy` and add: $L(x)=\sum_i \mathrm{d}y_i\,h_i(x)$. For this $L$ the gradient that comes from
# the right is exactly `dy`, so `backward(dy, cache)` must equal the numeric gradient of $L$. Random weights matter: with
# `dy` of all ones, many wrong backwards look right.
#
# Here `forward(x)` returns `(y, cache)` and `backward(dy, cache)` returns `dx`. Use your `num_grad` and `rel_error`.


# %% nbgrader={"grade_id": "grad_check", "solution": true}
def grad_check(forward, backward, x, dy):
    """Return rel_error between backward(dy, cache) and the numeric gradient of sum(dy * y) at x, one float.

    forward: x -> (y, cache); backward: (dy, cache) -> dx, shaped like x.
    x: array of any shape; dy: array, shaped like y.
    """
    ### BEGIN SOLUTION
    _, cache = forward(x)
    numeric = num_grad(lambda moved: np.sum(forward(moved)[0] * dy), x)
    return rel_error(backward(dy, cache), numeric)
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_grad_check", "grade": true, "locked": true}
kit.score("grad_check", globals())

# %% [markdown]
# Try it on your dense layer. Below 1e-7 is right, above 1e-4 is wrong; then break `dense_backward` on purpose and look
# again.

# %% nbgrader={"grade_id": "try-grad-check", "locked": true}
if all(kit.ready(name, globals()) for name in ("dense_forward", "dense_backward", "grad_check")):
    rng = np.random.default_rng(1)
    x, W, b, dh = rng.normal(size=3), rng.normal(size=(2, 3)), rng.normal(size=2), rng.normal(size=2)
    for k, name, moved in ((0, "dx", x), (1, "dW", W)):

        def layer(value, k=k):
            """Run the layer with x or W replaced; the cache is what was put in."""
            inputs = (value, W) if k == 0 else (x, value)
            return dense_forward(*inputs, b), inputs

        error = grad_check(layer, lambda dy, inputs, k=k: dense_backward(dy, *inputs)[k], moved, dh)
        print(f"{name}: relative error {error:.1e}")

# %% [markdown] covers=["NORM-08", "NORM-09", "NORM-10"]
# ## 6 A layer of its own: mean subtraction
#
# Take one example $x$ with $D$ channels and subtract its mean:
#
# $$ h_i = x_i - \frac1D\sum_k x_k $$
#
# **Local derivative.** $x_j$ appears in $h_j$ directly, and in *every* $h_i$ through the mean:
#
# $$ \frac{\partial h_i}{\partial x_j} = \delta_{ij} - \frac1D,\qquad\text{for } D=3:\quad
# \begin{bmatrix}\tfrac23&-\tfrac13&-\tfrac13\\-\tfrac13&\tfrac23&-\tfrac13\\-\tfrac13&-\tfrac13&\tfrac23\end{bmatrix} $$
#
# **Backward.** Put it into the chain rule and let $\delta_{ij}$ pick its term:
#
# $$ \frac{\partial L}{\partial x_j} = \sum_i\frac{\partial L}{\partial h_i}\Big(\delta_{ij}-\frac1D\Big)
# = \frac{\partial L}{\partial h_j} - \frac1D\sum_i\frac{\partial L}{\partial h_i} $$
#
# An example: $x=(1,2,6)$ has mean 3, so $h=(-2,-1,3)$. If $\mathrm{d}h=(3,0,0)$ comes from the right, its mean is 1 and
# $\mathrm{d}x=(2,-1,-1)$.
#
# **Now you, by hand (no points):** $x=(4,0,2,6)$ and $\mathrm{d}h=(1,0,0,3)$.
#
# <details><summary>Answer</summary>
# The mean of x is 3: h = (1, −3, −1, 3). The mean of dh is 1: dx = (0, −1, −1, 2). Both add up to 0, as they must.
# </details>

# %% [markdown] covers=["NORM-12"]
# ### Rows, columns and NumPy
#
# With `X[N, D]` every row is an example and has its own mean, so `np.mean(X, axis=1)` has $N$ numbers. Look at what
# NumPy does with them:


# %% nbgrader={"grade_id": "try-broadcasting", "locked": true}
X = np.array([[1.0, 2.0], [3.0, 6.0]])
print("X - np.mean(X, axis=1):\n", X - np.mean(X, axis=1))
print("X - np.mean(X, axis=1, keepdims=True):\n", X - np.mean(X, axis=1, keepdims=True))
try:
    np.zeros((2, 3)) - np.mean(np.zeros((2, 3)), axis=1)
except ValueError as error:
    print("with 2 rows and 3 columns:", error)

# %% [markdown]
# NumPy lines arrays up at their *last* axis. Without `keepdims=True` (or `[:, np.newaxis]`) the $N$ means meet the
# columns. If $N\ne D$ this is an error, which is good luck. If $N=D$ there is no error: the mean of row $j$ is silently
# subtracted from **column** $j$. So test with a square `X`, too.
#
# ### `mean_sub_forward` ({points:mean_sub_forward}) and `mean_sub_backward` ({points:mean_sub_backward})


# %% nbgrader={"grade_id": "mean_sub_forward", "solution": true}
def mean_sub_forward(X):
    """Subtract from every row of X its own mean.

    X[N, D]; returns H[N, D]. X must stay as it is.
    """
    ### BEGIN SOLUTION
    return X - np.mean(X, axis=1, keepdims=True)
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_mean_sub_forward", "grade": true, "locked": true}
kit.score("mean_sub_forward", globals())


# %% nbgrader={"grade_id": "mean_sub_backward", "solution": true}
def mean_sub_backward(dH):
    """Return the gradient dX of mean subtraction.

    dH[N, D]: gradient with respect to H; returns dX[N, D]. dH must stay as it is.
    """
    ### BEGIN SOLUTION
    return dH - np.mean(dH, axis=1, keepdims=True)
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_mean_sub_backward", "grade": true, "locked": true}
kit.score("mean_sub_backward", globals())

# %% [markdown] covers=["NORM-11"]
# ### Think about it (no points)
#
# **I. Here `backward(dh)` does exactly what `forward(x)` does. Is that how layers are?**
#
# <details><summary>Answer</summary>
# No. It works because the table of local derivatives, I − (1/D)·(all ones), is symmetric, so its transpose, which the
# backward applies, is the table itself. A dense layer goes back with Wᵀ, which is not W. Forward and backward are often
# similar and hardly ever the same.
# </details>
#
# **J. When does `X - np.mean(X, axis=1)` raise an error, and when not?**
#
# <details><summary>Answer</summary>
# It raises only if N ≠ D (and neither is 1). For N = D it computes something else: the mean of row j leaves column j.
# For N = 1 it is even right; for D = 1 the result grows to N by N.
# </details>
#
# **K. Your classmate passes `dH` on unchanged: "the mean is only a constant". What goes wrong?**
#
# <details><summary>Answer</summary>
# The mean depends on X: every x of the row enters it. What comes out is the gradient of another function, one that
# subtracts a fixed number.
# </details>

# %% [markdown] covers=["GRAPH-17"]
# ## 7 One weight in a network
#
# Back to the curve of section 1. Its network is a chain, $x\to z_1\to\hat y\to J$, with two weights:
#
# $$ z_1=w_1x,\qquad \hat y=\sigma(w_2z_1),\qquad J=\tfrac12(\hat y-y)^2 $$
#
# The further to the left a weight stands, the more factors its gradient has:
#
# $$ \frac{\partial J}{\partial w_2}=\frac{\partial J}{\partial\hat y}\,\frac{\partial\hat y}{\partial w_2},\qquad
# \frac{\partial J}{\partial w_1}=\frac{\partial J}{\partial\hat y}\,\frac{\partial\hat y}{\partial z_1}\,\frac{\partial z_1}{\partial w_1} $$
#
# With $x=2,\ w_1=0.5,\ w_2=-1,\ y=1$: $z_1=1$ and $\hat y=\sigma(-1)=0.2689$, so
# $\partial J/\partial\hat y=\hat y-y=-0.7311$ and the slope of the sigmoid is $\hat y(1-\hat y)=0.1966$. Then
#
# $$ \frac{\partial J}{\partial w_2}=-0.7311\cdot0.1966\cdot z_1=-0.1437,\qquad
# \frac{\partial J}{\partial w_1}=-0.7311\cdot0.1966\cdot w_2\cdot x=0.2875 , $$
#
# the slope of the tangent in the first picture.
#
# **Now you (no points):** $x=1,\ w_1=2,\ w_2=0.5,\ y=0$. Write the chain as nodes and let your own functions check you.
#
# <details><summary>Answer</summary>
# z₁ = 2, ŷ = σ(1) = 0.7311, ∂J/∂ŷ = 0.7311, slope 0.1966. ∂J/∂w₂ = 0.7311·0.1966·2 = 0.2875 and
# ∂J/∂w₁ = 0.7311·0.1966·0.5·1 = 0.0719.
# </details>

# %% [markdown]
# ## 8 Self-check
#
# Can you answer these without looking?
#
# 1. What two things does a node need on the way back?
# 2. What does a product pass on to its left input?
# 3. A value feeds three nodes. What is its gradient?
# 4. Why is the random `dy` of a gradient check better than ones?
# 5. `dW` has the shape of what? And `dx`?
# 6. Your gradient check says 0.33 for one layer, on square inputs only. Where do you look first?
#
# <details><summary>Answers</summary>
# 1. The gradient that comes from the right, and its local gradient (for which it remembers values). ·
# 2. The gradient from the right times the value of the <em>other</em> input. ·
# 3. The sum of the three gradients that come back. ·
# 4. With ones, mistakes can hide: in mean subtraction the right dx is then 0, and a mean over the wrong axis gives 0, too. ·
# 5. That of W; that of x. ·
# 6. A forgotten transpose, or an axis without keepdims: with other shapes both would have raised an error.
# </details>
#
# The last cell runs all public checks once more. Before you hand in: *Kernel → Restart and Run All*, then save.

# %% nbgrader={"grade_id": "overview", "locked": true}
kit.overview(globals())
