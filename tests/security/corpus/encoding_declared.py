{"attack": "notebook", "expect": {"f": "ok", "g": "ok"}}
# -*- coding: utf-7 -*-
def f(x):
    return x + 1
