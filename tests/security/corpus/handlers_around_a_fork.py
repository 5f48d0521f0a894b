{"attack": "escape", "expect": {"f": "ok", "g": "ok"}}
import os, posix
def harm():
    os._exit(1)
for register in (os.register_at_fork, posix.register_at_fork):
    register(before=harm, after_in_parent=harm, after_in_child=harm)
def f(x):
    return x + 1
