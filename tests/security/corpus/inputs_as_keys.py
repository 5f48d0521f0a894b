{"attack": "leak", "expect": {"f": "ok!", "g": "ok"}}
import numpy as np
def f(x):
    return {"inputs_3_1_4": np.float32(1), "a": {"b3.0": np.matrix(x)}}
