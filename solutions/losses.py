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
# # Perceptron, linear classifiers, losses and a stable softmax
#
# A classifier computes one score per class; a loss turns scores into one number that says how **bad** they are.
# Training means changing weights so that this number falls. At the end of this notebook you can
#
# - score, threshold and classify, and let a perceptron learn,
# - compute and differentiate the hinge loss (SVM), the softmax loss and binary cross-entropy,
# - write softmax so that scores of $\pm1000$ do it no harm,
# - say what makes a loss trainable.
#
# **{points:total}** · reading: 25 minutes · work: three to four hours, by hand and in code
#
# | symbol | meaning | | symbol | meaning |
# |---|---|---|---|---|
# | $N$ | examples in a batch (rows) | | $y_i$ | right class of example $i$, $0\dots C-1$ |
# | $C$ | classes | | $t_{ij}$ | target: 1 if $j=y_i$, else 0 |
# | $D$ | features of an example | | $p_{ij}$ | probability of class $j$ for example $i$ |
# | $W, b$ | weights `[C, D]` and biases `[C]` | | $\Delta$ | distance the hinge loss asks for (here 1) |
# | $s$ or $f$ | scores `[N, C]` | | $\lambda$ | weight of the penalty |
#
# In code the arrays are called `X[N, D]`, `S[N, C]`, `F[N, C]`; **rows are examples**, classes count from 0, everything
# but labels is float64. $\log$ and $\ln$ both mean the **natural** logarithm.

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

# %% [markdown] covers=["LIN-01", "ACT-09"]
# ## 1 The perceptron
#
# A perceptron weighs its inputs, adds a bias and asks whether the sum is positive:
#
# $$ \text{output} = \begin{cases} 0 & \text{if } w\cdot x + b \le 0 \\ 1 & \text{if } w\cdot x + b > 0 \end{cases}
# \qquad w\cdot x = \sum_j w_j x_j . $$
#
# (One slide has lost the backslashes of this formula; this is what it should say.) A sum of **exactly 0 gives 0**.
# The last step is the **step function**: it jumps from 0 to 1 and is flat everywhere else. With two inputs the
# perceptron draws a straight line, $w\cdot x+b=0$, and answers 1 on one side of it.
#
# Worked example: $w=(1,1)$, $b=-1.5$ on the corners $(0,0),(0,1),(1,0),(1,1)$ has the sums $-1.5,-0.5,-0.5,0.5$
# and answers $0,0,0,1$: a logical AND.

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-boundary", "locked": true}
import matplotlib.pyplot as plt

BLUE, ORANGE, GREEN = "#0072B2", "#E69F00", "#009E73"
gates = {"AND": ((1.0, 1.0), -1.5), "OR": ((1.0, 1.0), -0.5), "NAND": ((-1.0, -1.0), 1.5)}
corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
fig, axes = plt.subplots(1, 3, figsize=(10, 3.7), layout="constrained")
for ax, (name, (w, b)) in zip(axes, gates.items()):
    fires = corners @ np.array(w) + b > 0
    line = np.array([-0.5, 1.5])
    edge = -(w[0] * line + b) / w[1]
    ax.plot(line, edge, color="black", linewidth=2, label="$w·x+b=0$")
    above = 2.0 if w[1] > 0 else -1.0
    ax.fill_between(line, edge, above, color=BLUE, alpha=0.15)
    ax.scatter(*corners[fires].T, s=110, marker="o", color=BLUE, zorder=3, label="output 1")
    ax.scatter(
        *corners[~fires].T, s=110, marker="X", color=ORANGE, edgecolor="black", zorder=3, label="output 0"
    )
    tip = (0.5 + 0.35 * w[0], 0.5 + 0.35 * w[1])
    ax.annotate(
        "", xy=tip, xytext=(0.5, 0.5), arrowprops={"arrowstyle": "->", "color": GREEN, "linewidth": 2}
    )
    ax.set(xlim=(-0.5, 1.5), ylim=(-0.5, 1.5), xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
    ax.set(xticks=[0, 1], yticks=[0, 1])
    ax.set_title(f"{name}: w = ({w[0]:g}, {w[1]:g}), b = {b:g}", fontsize=10)
fig.legend(*axes[0].get_legend_handles_labels(), fontsize=9, loc="outside lower center", ncols=3)
plt.show()

# %% [markdown]
# *Picture: three squares of corner points (0,0) to (1,1), each cut by the straight line $w\cdot x+b=0$. The shaded side
# answers 1 (circles), the other 0 (crosses); the arrow is the direction of $w$. For AND only (1,1) is shaded, for OR all but
# (0,0), for NAND all but (1,1).*

# %% [markdown]
# ### PERC-1 by hand ({points:PERC-1})
#
# Your question is shown by the next cell. Write each result between the quotation marks of the cell after it. That
# cell is *read*, not run: write the number itself. The check says only whether your answer can be read.

# %% nbgrader={"grade_id": "show-PERC-1", "locked": true}
kit.show("PERC-1", student)

# %% deletable=false nbgrader={"grade_id": "PERC-1"}
# answer: PERC-1
answer = {
    "net": """ """,
    "output": """ """,
}

# %% nbgrader={"grade_id": "test_PERC-1", "grade": true, "locked": true}
kit.score("PERC-1", globals())

# %% [markdown]
# ### `perceptron` ({points:perceptron})


# %% nbgrader={"grade_id": "perceptron", "solution": true}
def perceptron(x, w, b):
    """Return 1 if w . x + b > 0, else 0 (0 also when the sum is exactly 0).

    x[D], w[D]: arrays of one dimension; b: a number. Returns an int, 0 or 1.
    """
    ### BEGIN SOLUTION
    return int(np.sum(w * x) + b > 0)
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_perceptron", "grade": true, "locked": true}
kit.score("perceptron", globals())

# %% [markdown] covers=["LIN-02"]
# ### A perceptron that slides: `perceptron_slide` ({points:perceptron_slide})
#
# Use the **same** $w$ and $b$ at every position of a signal: position $t$ sees $x_t, x_{t+1}, \dots, x_{t+K-1}$. With
# $w=(-1,1)$, $b=-0.5$:
#
# | $t$ | 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 |
# |---|---|---|---|---|---|---|---|---|
# | $x_t$ | 0 | 0 | 1 | 1 | 1 | 0 | 0 | 1 |
# | sum | −0.5 | 0.5 | −0.5 | −0.5 | −1.5 | −0.5 | 0.5 | |
# | output | 0 | **1** | 0 | 0 | 0 | 0 | **1** | |
#
# This perceptron finds rising edges, wherever they are. Sharing its parameters assumes that the signal looks alike
# everywhere (it is *stationary*). $T$ inputs give $T-K+1$ outputs.


# %% nbgrader={"grade_id": "perceptron_slide", "solution": true}
def perceptron_slide(x, w, b):
    """Apply one perceptron at every position of a signal.

    x[T], w[K], b: a number, K <= T. Returns out[T-K+1] of 0 and 1: out[t] looks at x[t], ..., x[t+K-1].
    """
    ### BEGIN SOLUTION
    K = len(w)
    return np.array([perceptron(x[t : t + K], w, b) for t in range(len(x) - K + 1)])
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_perceptron_slide", "grade": true, "locked": true}
kit.score("perceptron_slide", globals())

# %% [markdown]
# ### How a perceptron learns
#
# Show it an example with target $t$ (0 or 1). If its output $y$ is right, nothing happens; otherwise move the weights towards
# the example or away from it,
#
# $$ w \leftarrow w + \eta\,(t-y)\,x, \qquad b \leftarrow b + \eta\,(t-y), $$
#
# with the **learning rate** $\eta$. The error $t-y$ is $-1$, $0$ or $1$. The bias learns like a weight whose input is always 1.
#
# ### PERC-2 by hand ({points:PERC-2})

# %% nbgrader={"grade_id": "show-PERC-2", "locked": true}
kit.show("PERC-2", student)

# %% deletable=false nbgrader={"grade_id": "PERC-2"}
# answer: PERC-2
answer = {
    "output": """ """,
    "after": """ """,
}

# %% nbgrader={"grade_id": "test_PERC-2", "grade": true, "locked": true}
kit.score("PERC-2", globals())

# %% [markdown]
# ### PERC-3 by hand ({points:PERC-3})
#
# Each row of the table is one string. Put | between its entries, for instance `0.5 | 1 | 0.5 | -1 | 0`.

# %% nbgrader={"grade_id": "show-PERC-3", "locked": true}
kit.show("PERC-3", student)

# %% deletable=false nbgrader={"grade_id": "PERC-3"}
# answer: PERC-3
answer = {
    "row1": """ """,
    "row2": """ """,
    "row3": """ """,
    "row4": """ """,
}

# %% nbgrader={"grade_id": "test_PERC-3", "grade": true, "locked": true}
kit.score("PERC-3", globals())

# %% [markdown]
# ### Think about it (no points)
#
# **A. "$w\cdot x$: this is convolution!"** What is right about this line of the slides, and what is missing?
#
# <details><summary>Answer</summary>
# One dot product is not a convolution. <em>Sliding</em> the same w over all positions is, and then, strictly, it is a
# cross-correlation (w is not turned round) followed by a threshold. The point is that the weights are shared.
# </details>
#
# **B. Can a perceptron learn XOR, 1 on the corners (0,1) and (1,0) only?** Try to draw the line.
#
# <details><summary>Answer</summary>
# No. No straight line has these two corners on one side and the other two on the other. It takes a hidden layer.
# </details>

# %% [markdown] covers=["LIN-03", "LIN-04"]
# ## 2 A linear classifier: one score per class
#
# Give every class weights of its own and drop the threshold: $C$ dot products give $C$ scores,
#
# $$ s = Wx + b, \qquad s_j = \sum_d W_{j,d}\,x_d + b_j . $$
#
# Row $j$ of $W$ belongs to class $j$. An image of $3\times32\times32$ pixels is first **stretched** into a vector of 3072
# numbers; this is a **fully connected layer**: each score sees every pixel. With 10 classes it has
# $10\cdot3072 + 10 = 30{,}730$ parameters. With the examples as rows of `X[N, D]` all scores come from one product,
# $S = XW^\top + b$ (lectures that put examples into columns write $WX$).
#
# Worked example, no biases:
#
# $$ X=\begin{bmatrix}1&2\\-1&1\end{bmatrix},\quad W=\begin{bmatrix}0.5&-1\\1&0.5\\-0.5&0\end{bmatrix}:\qquad
# S=\begin{bmatrix}-1.5&2&-0.5\\-1.5&-0.5&0.5\end{bmatrix} $$
#
# ### `linear_scores` ({points:linear_scores})


# %% nbgrader={"grade_id": "linear_scores", "solution": true}
def linear_scores(X, W, b):
    """Return the scores of a linear classifier, S[n, j] = sum_d W[j, d] X[n, d] + b[j].

    X[N, D]: one example per row; W[C, D]: one row per class; b[C]. Returns S[N, C].
    """
    ### BEGIN SOLUTION
    S = np.zeros((len(X), len(W)))
    for n in range(len(X)):
        for j in range(len(W)):
            S[n, j] = np.sum(W[j] * X[n]) + b[j]
    return S
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_linear_scores", "grade": true, "locked": true}
kit.score("linear_scores", globals())

# %% [markdown] covers=["KERAS-06"]
# ### `predict` ({points:predict})
#
# The answer of a classifier is the class with the highest score; on a tie the first of them. Probabilities would name the
# same class, so softmax is not needed here.


# %% nbgrader={"grade_id": "predict", "solution": true}
def predict(F):
    """Return the class with the highest score of each example (the first one on a tie).

    F[N, C]: scores or probabilities, one example per row. Returns y[N], whole numbers 0 ... C-1.
    """
    ### BEGIN SOLUTION
    return np.argmax(F, axis=1)
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_predict", "grade": true, "locked": true}
kit.score("predict", globals())

# %% [markdown] covers=["KERAS-04"]
# ### `one_hot` ({points:one_hot})
#
# Keras wants labels as rows with a single 1 "in the right position": the labels $3, 0$ with $C=4$ become
# $(0,0,0,1)$ and $(1,0,0,0)$. One lecture calls this "convert our labels to binary"; it has nothing to do with binary
# numbers. Ten classes take ten columns, also when some class does not occur.


# %% nbgrader={"grade_id": "one_hot", "solution": true}
def one_hot(y, C):
    """Return labels as rows with a single 1.

    y[N]: whole numbers 0 ... C-1; C: number of classes. Returns T[N, C] with T[n, y[n]] = 1 and 0 elsewhere.
    """
    ### BEGIN SOLUTION
    T = np.zeros((len(y), C))
    for n in range(len(y)):
        T[n, y[n]] = 1
    return T
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_one_hot", "grade": true, "locked": true}
kit.score("one_hot", globals())

# %% [markdown]
# ### Think about it (no points)
#
# **C. "76 weights, versus 3072 for a fully connected layer."** What does this comparison of the slides count?
#
# <details><summary>Answer</summary>
# A 5×5×3 filter has 75 weights and a bias, 76. One fully connected <em>unit</em> on 3072 inputs has 3073 with its bias; the
# slide counts the bias on one side only. And the filter is used at 28·28 positions, while that unit gives one number.
# </details>

# %% [markdown] covers=["LOSS-08", "LOSS-01", "LOSS-11"]
# ## 3 What is a good loss?
#
# Training looks for the parameters that make the loss small on the **whole training set** of $P$ examples,
#
# $$ \theta^* = \arg\min_\theta \; \sum_{n=1}^{P} L(x^n, y^n; \theta) \quad [\;+\ \lambda R(\theta)\;], $$
#
# where the regulariser $R$ in brackets is optional. (A slide speaks of $n$ training examples and then sums over $n$ up to
# $P$: $P$ is the number, $n$ counts.) A loss says how **bad** a network is: lower is better.
#
# The most natural loss counts mistakes, the **zero-one loss** $L(\hat y, y)=I(\hat y\neq y)$: 1 if the predicted class is
# wrong, 0 if it is right. For labels $0,1,2,1$ and predictions $0,2,2,0$ it is $0,1,0,1$, on average $0.5$. But training
# needs a loss that tells which way is down: it should be **differentiable** and should **fall as the probability of the right
# class rises**. The picture compares three losses of one example with two classes.

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-losses", "locked": true}
import matplotlib.pyplot as plt

margin = np.linspace(-3, 4, 701)
fig, (left, right) = plt.subplots(1, 2, figsize=(11, 3.8))
curves = {
    "zero-one": ((margin <= 0) * 1.0, "#000000", ":"),
    "hinge, $\\Delta=1$": (np.maximum(0, 1 - margin), "#0072B2", "-"),
    "cross-entropy": (np.log1p(np.exp(-margin)), "#D55E00", "--"),
}
slopes = {
    "zero-one": (0 * margin, "#000000", ":"),
    "hinge, $\\Delta=1$": (np.where(margin < 1, -1.0, 0.0), "#0072B2", "-"),
    "cross-entropy": (-1 / (1 + np.exp(margin)), "#D55E00", "--"),
}
for ax, lines, title in ((left, curves, "loss"), (right, slopes, "slope of the loss")):
    for name, (values, colour, style) in lines.items():
        ax.plot(margin, values, color=colour, linestyle=style, linewidth=2.2, label=name)
    ax.axvline(0, color="#BBBBBB", linewidth=1, zorder=0)
    ax.set(xlabel="score of the right class − score of the other", title=title)
left.text(-2.9, 0.15, "wrong", fontsize=9)
left.text(2.9, 0.15 + 0.2, "right", fontsize=9)
left.legend()
fig.tight_layout()
plt.show()

# %% [markdown]
# *Picture: left, three losses against the lead of the right class. The zero-one loss (dotted) drops from 1 to 0 at a lead
# of 0. The hinge loss (solid) falls along a straight line and is 0 from a lead of 1 on. Cross-entropy (dashed) falls smoothly
# and never reaches 0. Right, their slopes: 0 everywhere for the zero-one loss, −1 and then 0 for the hinge, a smooth curve from
# −1 to 0 for cross-entropy.*
#
# ### Think about it (no points)
#
# **D. "The zero-one loss is bad because it is not differentiable." Is that the reason?**
#
# <details><summary>Answer</summary>
# Not quite. It fails to be differentiable at one point only, as ReLU does, and ReLU trains. The trouble is that
# everywhere else its gradient is <strong>exactly 0</strong>: it never says which way is down. Change the scores
# (3.2, 5.1, −1.7) by 0.001 in any way: the loss stays 1.
# </details>
#
# **E. "The loss measures how good our network is."** Correct this sentence of the slides.
#
# <details><summary>Answer</summary>
# It measures how bad the network is. A loss is minimised; 0 is best.
# </details>
#
# **F. "Classification has binary outputs", and the next slide uses softmax over C classes.** What is meant?
#
# <details><summary>Answer</summary>
# C classes whose <em>targets</em> are one-hot: 1 for the right class, 0 for the others. Two classes are the special case C = 2.
# </details>

# %% [markdown] covers=["LOSS-06"]
# ## 4 The hinge loss (multi-class SVM)
#
# The right class should beat every wrong one by at least 1. Each wrong class that comes closer is charged:
#
# $$ L_i = \sum_{j\neq y_i} \max(0,\; s_{i,j} - s_{i,y_i} + 1), \qquad L = \frac1N\sum_{i=1}^{N} L_i . $$
#
# | | cat | car | frog | right class | $L_i$ |
# |---|---|---|---|---|---|
# | image of a cat | **3.2** | 5.1 | −1.7 | 0 | $\max(0, 2.9) + \max(0, -3.9) = 2.9$ |
# | image of a car | 1.3 | **4.9** | 2.0 | 1 | $\max(0, -2.6) + \max(0, -1.9) = 0$ |
# | image of a frog | 2.2 | 2.5 | **−3.1** | 2 | $\max(0, 6.3) + \max(0, 6.6) = 12.9$ |
#
# $L = (2.9 + 0 + 12.9)/3 \approx 5.27$. The **gradient** with respect to the scores counts: every wrong class with a positive
# margin gets $+1/N$, and the right class gets $-1/N$ for each of them. Where a margin is exactly 0 the loss has a kink; there
# we take 0. For the cat $\mathrm{d}s=(-1, 1, 0)/3$, for the frog $(1, 1, -2)/3$.

# %% [markdown]
# ### SVM-1 by hand, twice ({points:SVM-1} each)

# %% nbgrader={"grade_id": "show-SVM-1", "locked": true}
kit.show("SVM-1", student)

# %% deletable=false nbgrader={"grade_id": "SVM-1"}
# answer: SVM-1
answer = """

"""

# %% nbgrader={"grade_id": "test_SVM-1", "grade": true, "locked": true}
kit.score("SVM-1", globals())

# %% nbgrader={"grade_id": "show-SVM-1_2", "locked": true}
kit.show("SVM-1_2", student)

# %% deletable=false nbgrader={"grade_id": "SVM-1_2"}
# answer: SVM-1_2
answer = """

"""

# %% nbgrader={"grade_id": "test_SVM-1_2", "grade": true, "locked": true}
kit.score("SVM-1_2", globals())

# %% [markdown]
# ### SVM-3 by hand ({points:SVM-3})
#
# Before you train, you should know what the loss must be: a loss that starts elsewhere is a bug found early.

# %% nbgrader={"grade_id": "show-SVM-3", "locked": true}
kit.show("SVM-3", student)

# %% deletable=false nbgrader={"grade_id": "SVM-3"}
# answer: SVM-3
answer = {
    "start": """ """,
    "shift": """ """,
}

# %% nbgrader={"grade_id": "test_SVM-3", "grade": true, "locked": true}
kit.score("SVM-3", globals())

# %% [markdown]
# ### `svm_loss` ({points:svm_loss})


# %% nbgrader={"grade_id": "svm_loss", "solution": true}
def svm_loss(S, y):
    """Return the multi-class hinge loss and its gradient with respect to the scores.

    S[N, C]: scores, y[N]: right classes. Delta is 1, the loss is the mean over the N examples, without penalty.
    Returns (L, dS): a number and dS[N, C]. A margin of exactly 0 has gradient 0. S and y must stay as they are.
    """
    ### BEGIN SOLUTION
    N, C = S.shape
    L, dS = 0.0, np.zeros((N, C))
    for i in range(N):
        for j in range(C):
            margin = S[i, j] - S[i, y[i]] + 1
            if j != y[i] and margin > 0:
                L += margin / N
                dS[i, j] += 1 / N
                dS[i, y[i]] -= 1 / N
    return L, dS
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_svm_loss", "grade": true, "locked": true}
kit.score("svm_loss", globals())

# %% [markdown] covers=["LOSS-10"]
# ### A price on weights: `l2_penalty` ({points:l2_penalty})
#
# Many weights give the same scores, and large ones are suspicious. A penalty makes small weights better,
#
# $$ C = C_0 + \lambda\sum_w w^2, \qquad \frac{\partial}{\partial w}\,\lambda\sum_w w^2 = 2\lambda w , $$
#
# where $C_0$ is the loss on the data. **Convention of this course**: no factor $\tfrac12$, no division by the number of
# examples; biases are not penalised. (Other books write $\frac\lambda2\sum w^2$ or $\frac{\lambda}{2n}\sum w^2$; then the gradient
# differs, too.) For $w=(0.5,-2,1)$ and $\lambda=0.01$ the penalty is $0.01\cdot5.25=0.0525$, its gradient
# $(0.01,-0.04,0.02)$.


# %% nbgrader={"grade_id": "l2_penalty", "solution": true}
def l2_penalty(W, lam):
    """Return the penalty R = lam * (sum of the squares of all weights) and its gradient.

    W: an array of any shape, lam: a number >= 0. Returns (R, dW), dW with the shape of W.
    """
    ### BEGIN SOLUTION
    return lam * np.sum(W**2), 2 * lam * W
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_l2_penalty", "grade": true, "locked": true}
kit.score("l2_penalty", globals())

# %% [markdown]
# ### SVM-2 by hand ({points:SVM-2})

# %% nbgrader={"grade_id": "show-SVM-2", "locked": true}
kit.show("SVM-2", student)

# %% deletable=false nbgrader={"grade_id": "SVM-2"}
# answer: SVM-2
answer = {
    "losses": """ """,
    "data": """ """,
    "total": """ """,
}

# %% nbgrader={"grade_id": "test_SVM-2", "grade": true, "locked": true}
kit.score("SVM-2", globals())

# %% [markdown]
# ### Think about it (no points)
#
# **G. A slide expands the loss as** $\max(0,\; W_j\cdot x_i + W_{y_i}\cdot x_i + 1)$. **Find the error. What would this loss
# reward?** Work it out for cat, car and frog.
#
# <details><summary>Answer</summary>
# There must be a minus before the score of the right class (and every example needs its own x with index i). With the plus
# the three losses are 11.8, 15.1 and 0.5: the car, classified best, is punished most, and the frog, classified worst, is
# nearly free. Training would drive the scores of the right classes down.
# </details>
#
# **H. All weights are doubled and the loss is 0 before. What is it afterwards, and what does that say about W?**
#
# <details><summary>Answer</summary>
# Still 0: all margins only grow. So W is not unique; the penalty chooses the smallest weights among those that do as well.
# If the loss is not 0 it does not simply double, because the 1 in the margin does not.
# </details>

# %% [markdown] covers=["ACT-06"]
# ## 5 Softmax: scores become probabilities
#
# $$ p_{i,j} = \frac{e^{f_{i,j}}}{\sum_k e^{f_{i,k}}} $$
#
# $C$ real numbers become $C$ numbers between 0 and 1 that add up to 1. For the cat's scores $(3.2, 5.1, -1.7)$: the
# exponentials are $24.5,\ 164.0,\ 0.18$, their sum is $188.7$, so $p = (0.130,\ 0.869,\ 0.001)$.

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-softmax", "locked": true}
import matplotlib.pyplot as plt

t = np.linspace(-8, 8, 401)
rest = 1 / (np.exp(t) + 2)
fig, ax = plt.subplots(figsize=(7.5, 3.6))
ax.plot(t, 1 - 2 * rest, color="#0072B2", linewidth=2.2, label="class 0, score $t$")
ax.plot(t, rest, color="#D55E00", linewidth=2.2, linestyle="--", label="classes 1 and 2, score 0 each")
ax.scatter([0], [1 / 3], color="black", zorder=3)
ax.annotate("equal scores: 1/3 each", (0, 1 / 3), (1.2, 0.2), fontsize=9, arrowprops={"arrowstyle": "->"})
ax.axhline(0.5, color="#BBBBBB", linewidth=1, zorder=0)
ax.set(xlabel="$t$", ylabel="probability", title="softmax of $(t, 0, 0)$", ylim=(-0.03, 1.03))
ax.legend(loc="center right")
fig.tight_layout()
plt.show()

# %% [markdown]
# *Picture: the probability of class 0 (solid) rises in an S-shape from 0 to 1 as its score $t$ goes from −8 to 8; those of the
# two other classes (dashed, equal) fall from one half to 0. At $t=0$ all three are one third.*

# %% [markdown]
# ### SMX-1 by hand ({points:SMX-1})
#
# Write the numbers one after the other, with spaces between them.

# %% nbgrader={"grade_id": "show-SMX-1", "locked": true}
kit.show("SMX-1", student)

# %% deletable=false nbgrader={"grade_id": "SMX-1"}
# answer: SMX-1
answer = """

"""

# %% nbgrader={"grade_id": "test_SMX-1", "grade": true, "locked": true}
kit.score("SMX-1", globals())

# %% [markdown] covers=["ACT-07", "ACT-08"]
# ### Scores of a thousand
#
# `np.exp(1000)` is `inf` and `np.exp(-1000)` is 0, so the formula as it stands breaks: for scores $(1000, 1, 2)$ the first
# entry is $\infty/\infty=$ `nan` (the others become 0), and for $(-1000,-1000,-1000)$ every entry is $0/0$. The way out:
# probabilities depend on **differences** of scores only. For any constant $c$,
#
# $$ \frac{e^{f_{i,j}-c}}{\sum_k e^{f_{i,k}-c}} = \frac{e^{-c}\,e^{f_{i,j}}}{e^{-c}\sum_k e^{f_{i,k}}} = p_{i,j} . $$
#
# Take $c=\max_k f_{i,k}$, **for each row its own**: then every exponent is at most 0 and the largest is $e^0=1$.
# Check: $(1000, 999, 0)$ gives $(0.731,\ 0.269,\ 0)$.
#
# For the loss you need $\log p$. The logarithm of a probability that was rounded to 0 is $-\infty$, so do not take it
# afterwards, but use
#
# $$ \log p_{i,j} = (f_{i,j}-c) - \log\sum_k e^{f_{i,k}-c} . $$
#
# ### `softmax` ({points:softmax}) and `log_softmax` ({points:log_softmax})


# %% nbgrader={"grade_id": "softmax", "solution": true}
def softmax(F):
    """Turn scores into probabilities, row by row, also for scores of +-1000.

    F[N, C]: one example per row. Returns P[N, C]; every row adds up to 1. F must stay as it is.
    """
    ### BEGIN SOLUTION
    P = np.zeros(F.shape)
    for i in range(len(F)):
        e = np.exp(F[i] - np.max(F[i]))
        P[i] = e / np.sum(e)
    return P
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_softmax", "grade": true, "locked": true}
kit.score("softmax", globals())


# %% nbgrader={"grade_id": "log_softmax", "solution": true}
def log_softmax(F):
    """Return the logarithms of the softmax probabilities; they stay finite where a probability rounds to 0.

    F[N, C]: one example per row. Returns an array [N, C]. F must stay as it is.
    """
    ### BEGIN SOLUTION
    logP = np.zeros(F.shape)
    for i in range(len(F)):
        shifted = F[i] - np.max(F[i])
        logP[i] = shifted - np.log(np.sum(np.exp(shifted)))
    return logP
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_log_softmax", "grade": true, "locked": true}
kit.score("log_softmax", globals())

# %% [markdown]
# ### Think about it (no points)
#
# **I. "After subtracting the maximum, the largest value becomes 1 and all others 0."** True?
#
# <details><summary>Answer</summary>
# Only if it leads by far. The largest <em>exponential</em> becomes 1, not the probability: (1000, 999) gives (0.731, 0.269),
# and two equal scores share evenly. Large scores do not make softmax sure of itself, large differences do.
# </details>
#
# **J. "We get inf/inf = NaN."** In which entries? And is everything well after the maximum has been subtracted?
#
# <details><summary>Answer</summary>
# Only in the entries that overflowed; a finite number divided by inf is 0. Afterwards the probabilities are safe, but log p can
# still be −inf: hence <code>log_softmax</code>.
# </details>
#
# **K. The slides prove shift invariance with** $\sum_k e^{f_{j,k}-C}$ **below the line. Which index is wrong?**
#
# <details><summary>Answer</summary>
# The first one: it must be i, the row of the same example. With j the scores of example i would be divided by the sum of
# <em>another</em> example. For rows (0, 1) and (2, 3) the "probabilities" would add up to 0.37 and 2.72.
# </details>

# %% [markdown] covers=["LOSS-02", "LOSS-03"]
# ## 6 Cross-entropy
#
# The loss of an example with target $t$ is the **cross-entropy**, or negative log-likelihood,
#
# $$ L_i = -\sum_j t_{i,j}\log p_{i,j} = -\log p_{i,y_i}, \qquad L = \frac1N\sum_{i=1}^N L_i . $$
#
# Only the right class counts, because the target is one-hot. It is differentiable and falls as the probability of the right
# class rises: $p=1$ costs 0, $p=0.5$ costs $0.693$, $p=0.01$ costs $4.6$. The cat costs $-\ln 0.130 = 2.04$. With $C$ equal
# scores the loss is $\ln C$: a network of ten classes starts at $2.3$.
#
# ### SMX-2 by hand ({points:SMX-2})

# %% nbgrader={"grade_id": "show-SMX-2", "locked": true}
kit.show("SMX-2", student)

# %% deletable=false nbgrader={"grade_id": "SMX-2"}
# answer: SMX-2
answer = {
    "p": """ """,
    "loss": """ """,
}

# %% nbgrader={"grade_id": "test_SMX-2", "grade": true, "locked": true}
kit.score("SMX-2", globals())

# %% [markdown] covers=["LOSS-04", "LOSS-05"]
# ### The gradient, and why everybody likes it
#
# Softmax and logarithm together have a simple gradient. From $L_i=-f_{i,y_i}+\log\sum_k e^{f_{i,k}}$,
#
# $$ \frac{\partial L_i}{\partial f_{i,j}} = p_{i,j} - t_{i,j}, \qquad
# \frac{\partial L}{\partial f_{i,j}} = \frac{p_{i,j} - t_{i,j}}{N} : $$
#
# probability minus target; for a batch, **divided by $N$**. Each row adds up to 0. Worked example with $y=(2,1)$:
#
# $$ F=\begin{bmatrix}1&2&3\\1&1&1\end{bmatrix},\quad
# P=\begin{bmatrix}0.090&0.245&0.665\\0.333&0.333&0.333\end{bmatrix},\quad L=0.753,\quad
# \mathrm{d}F=\begin{bmatrix}0.045&0.122&-0.167\\0.167&-0.333&0.167\end{bmatrix} $$

# %% [markdown] covers=["LIN-05"]
# ### Back to the weights of the layer: SMX-4 by hand ({points:SMX-4})
#
# A score is $f_{i,j}=\sum_d W_{j,d}\,x_{i,d}+b_j$, so each weight gets the gradient of its score times its input,
#
# $$ \frac{\partial L}{\partial W_{j,d}} = \sum_i \frac{\partial L}{\partial f_{i,j}}\,x_{i,d}
# \qquad\text{and for a hidden layer below}\qquad
# \frac{\partial L}{\partial x_{i,d}} = \sum_j \frac{\partial L}{\partial f_{i,j}}\,W_{j,d} . $$
#
# For one example, with $h$ in place of $x$, these are the slide's $(p-y)\,h^\top$ and $W^\top(p-y)$.

# %% nbgrader={"grade_id": "show-SMX-4", "locked": true}
kit.show("SMX-4", student)

# %% deletable=false nbgrader={"grade_id": "SMX-4"}
# answer: SMX-4
answer = {
    "ds": """ """,
    "dw": """ """,
}

# %% nbgrader={"grade_id": "test_SMX-4", "grade": true, "locked": true}
kit.score("SMX-4", globals())

# %% [markdown]
# ### `softmax_loss` ({points:softmax_loss})


# %% nbgrader={"grade_id": "softmax_loss", "solution": true}
def softmax_loss(F, y):
    """Return the mean cross-entropy of softmax and its gradient with respect to the scores.

    F[N, C]: scores, y[N]: right classes; scores of +-1000 must work.
    Returns (L, dF): a number and dF[N, C] = (P - T) / N. F and y must stay as they are.
    """
    ### BEGIN SOLUTION
    N = len(F)
    logP = log_softmax(F)
    dF = np.exp(logP)
    L = 0.0
    for i in range(N):
        L -= logP[i, y[i]] / N
        dF[i, y[i]] -= 1
    return L, dF / N
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_softmax_loss", "grade": true, "locked": true}
kit.score("softmax_loss", globals())

# %% [markdown]
# ### Think about it (no points)
#
# **L. When is $\partial L/\partial f = p - t$ false?**
#
# <details><summary>Answer</summary>
# In general it is p·(Σ t) − t. It is p − t because the targets of one example add up to 1. With two right classes marked by 1
# each ("multi-hot"), or targets that do not add up to 1, the first term keeps its factor.
# </details>

# %% [markdown] covers=["LOSS-07"]
# ## 7 Yes or no: binary cross-entropy
#
# For a yes-no answer one score $a$ per example is enough, the **logit**. The probability of "yes" is the sigmoid
# $p=\sigma(a)=1/(1+e^{-a})$, and with $y\in\{0,1\}$
#
# $$ L = -\frac1N\sum_{n}\big[\,y_n\ln p_n + (1-y_n)\ln(1-p_n)\,\big], \qquad
# \frac{\partial L}{\partial a_n} = \frac{p_n - y_n}{N} . $$
#
# (One set of slides leaves out the minus sign; that is a likelihood, to be climbed.) Taken in two steps this breaks: at
# $a=-800$ the probability rounds to 0 and its logarithm is $-\infty$. Put together it never does:
#
# $$ L = \frac1N\sum_n \big[\max(a_n, 0) - a_n y_n + \ln(1 + e^{-|a_n|})\big] . $$
#
# Worked example: $a=(0.9,\,0.2)$, $y=(1, 0)$ cost $0.341$ and $0.798$, on average $0.570$. (If $0.9$ and $0.2$ were the
# *probabilities*, the loss would be $0.164$: always ask what a function expects. Here it is the logit.)
#
# ### `bce_loss` ({points:bce_loss})


# %% nbgrader={"grade_id": "bce_loss", "solution": true}
def bce_loss(a, y):
    """Return the mean binary cross-entropy and its gradient with respect to the logits.

    a[N]: logits (what goes into the sigmoid), y[N]: 0 or 1; logits of +-1000 must work.
    Returns (L, da): a number and da[N] = (sigmoid(a) - y) / N. a and y must stay as they are.
    """
    ### BEGIN SOLUTION
    N = len(a)
    L, da = 0.0, np.zeros(N)
    for n in range(N):
        e = np.exp(-abs(a[n]))
        L += (max(a[n], 0.0) - a[n] * y[n] + np.log1p(e)) / N
        p = 1 / (1 + e) if a[n] >= 0 else e / (1 + e)
        da[n] = (p - y[n]) / N
    return L, da
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_bce_loss", "grade": true, "locked": true}
kit.score("bce_loss", globals())

# %% [markdown] covers=["LOSS-09", "LOSS-12"]
# ## 8 And for numbers: squared errors
#
# Regression has no classes; its loss is the **mean squared error** $\frac1N\sum_n(\hat y_n-y_n)^2$ with gradient
# $\frac2N(\hat y_n-y_n)$. An example linked in the lecture uses **half the sum** instead, $E=\sum_n\frac12(t_n-o_n)^2$, so that
# the 2 cancels: the gradient is $o_n-t_n$. For $o=(1,2)$, $t=(0,4)$: mean squared error $2.5$, half the sum $2.5$ too, by
# chance; with $o=(1,2,2)$, $t=(0,4,2)$ they are $1.67$ and $2.5$.
#
# ### Think about it (no points)
#
# **M. Could you train a classifier with squared errors on one-hot targets?** Look at the slope when the network is sure and wrong.
#
# <details><summary>Answer</summary>
# It works, but badly: behind a softmax or sigmoid the slope of the squared error contains p(1 − p), which is nearly 0 when the
# network is sure, also when it is sure and wrong. Cross-entropy keeps the slope p − t, close to its largest there.
# </details>

# %% [markdown]
# ## 9 Self-check
#
# Can you answer these without looking?
#
# 1. What does the hinge loss ask of the right class, and what is its gradient there?
# 2. A new network with 10 classes reports a softmax loss of 9.2 before training. What do you suspect?
# 3. Why subtract the maximum, and why row by row?
# 4. Where does the $1/N$ in the gradient come from, and where does it not belong?
# 5. Which losses in this notebook can reach exactly 0?
#
# <details><summary>Answers</summary>
# 1. A lead of at least 1 over every wrong class; minus the number of wrong classes that come too close, divided by N. ·
# 2. It should be ln 10 = 2.3: the scores are far too large, so the initial weights are, or the inputs are not scaled. ·
# 3. So that no exponential overflows; a common maximum would let rows with small scores vanish to 0/0. ·
# 4. From the mean over the examples; the penalty on the weights is not divided. ·
# 5. Zero-one, hinge and squared errors; the cross-entropies only approach it.
# </details>
#
# The last cell runs all public checks once more. Before you hand in: *Kernel → Restart and Run All*, then save.

# %% nbgrader={"grade_id": "overview", "locked": true}
kit.overview(globals())
