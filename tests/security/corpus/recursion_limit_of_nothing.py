{"attack": "resources", "expect": {"f": "any", "g": "any"}}
import sys
def f(x):
    frame, depth = sys._getframe(), 0
    while frame:
        frame, depth = frame.f_back, depth + 1
    sys.setrecursionlimit(depth + 3)
    return [[[[[[[[x]]]]]]]]
