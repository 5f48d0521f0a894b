# %% [markdown]
# # Four short exercises
#
# A small assignment to time what a grader itself costs: its code runs for a few milliseconds.

# %% tags=["student"]
student = ""

# %% nbgrader={"grade_id": "setup", "locked": true}
import numpy as np

# %% nbgrader={"grade_id": "kit", "locked": true}
import backmark_kit as kit


# %% nbgrader={"grade_id": "conv_params", "solution": true}
def conv_params(c_in, k, c_out, bias=True):
    """Return the number of weights and biases of c_out filters of c_in x k x k."""
    ### BEGIN SOLUTION
    return c_out * (c_in * k * k + bool(bias))
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_conv_params", "grade": true, "locked": true}
kit.score("conv_params", globals())


# %% nbgrader={"grade_id": "relu_forward", "solution": true}
def relu_forward(x):
    """Return (y, cache), y = max(0, x) entry by entry."""
    ### BEGIN SOLUTION
    return np.maximum(x, 0.0), x
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_relu_forward", "grade": true, "locked": true}
kit.score("relu_forward", globals())


# %% nbgrader={"grade_id": "relu_backward", "solution": true}
def relu_backward(dy, cache):
    """Return dx: dy where the input was above 0, otherwise 0."""
    ### BEGIN SOLUTION
    return dy * (cache > 0)
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_relu_backward", "grade": true, "locked": true}
kit.score("relu_backward", globals())


# %% nbgrader={"grade_id": "softmax", "solution": true}
def softmax(F):
    """Turn scores F[N, C] into probabilities, row by row."""
    ### BEGIN SOLUTION
    E = np.exp(F - F.max(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True)
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_softmax", "grade": true, "locked": true}
kit.score("softmax", globals())
