{"attack": "resources", "expect": {"f": "ok", "g": "ok", "cells": ["timeout", "ok"]}}
import threading
threading.Event().wait()
def f(x):
    return x + 1
