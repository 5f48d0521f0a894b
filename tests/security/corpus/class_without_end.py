{"attack": "notebook", "expect": {"f": "missing", "g": "ok", "cells": ["timeout"]}}
class Never:
    while True:
        pass
def f(x):
    return x + 1
