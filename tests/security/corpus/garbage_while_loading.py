{"attack": "protocol", "expect": {"f": "garbled", "g": "garbled", "cells": ["garbled"]}}
import os
for number in range(3, 64):
    try:
        os.write(number, b'{"verdict": "right"}' * 100)
    except OSError:
        pass
def f(x):
    return x + 1
