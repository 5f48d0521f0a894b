{"attack": "escape", "packages": ["numpy", "numba"], "expect": {"f": "exception:PermissionError|OSError", "g": "ok"}}
import os, numba
def f(x):
    folder = os.path.join(os.path.dirname(numba.__file__), "__pycache__")
    with open(os.path.join(folder, "poison.nbi"), "wb") as file:
        file.write(b"x")
