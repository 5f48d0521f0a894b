{"attack": "resources", "expect": {"f": "ok", "g": "ok"}}
def f(x):
    for name in ("a" * 255, "\n", "=cmd()", "<script>", "..a", "-rf", "\udcff"):
        with open(name, "w") as file:
            file.write("x")
    return x + 1
