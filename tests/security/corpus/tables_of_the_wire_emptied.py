{"attack": "protocol", "expect": {"f": "killed", "g": "killed"}}
import sys
for name, module in list(sys.modules.items()):
    if name.endswith(".wire"):
        module._CODES.clear()
def f(x):
    return x + 1
