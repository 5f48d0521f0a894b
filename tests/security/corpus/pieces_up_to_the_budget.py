{"attack": "resources", "expect": {"f": "ok!", "g": "ok"}}
def f(x):
    # As much as may be sent, of the kind that takes longest to read.
    return [{"a": 1 << 60, "b": (None, 1e-300, 1j)} for _ in range(9_000)]
