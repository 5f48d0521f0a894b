{"attack": "forging", "expect": {"f": "any", "g": "any"}}
import sys
def f(x):
    def refuse(event, arguments):
        raise RuntimeError("right")
    sys.addaudithook(refuse)
    return x + 1
