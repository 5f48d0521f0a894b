{"attack": "resources", "expect": {"f": "ok", "g": "ok", "cells": ["timeout"]}}
def f(x):
    return x + 1
while True:
    pass
