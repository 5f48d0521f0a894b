{"attack": "notebook", "expect": {"f": "missing", "g": "ok", "cells": ["exception"]}}
def f(x:
    return x
