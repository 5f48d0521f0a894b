{"attack": "protocol", "expect": {"f": "exception:SystemExit", "g": "ok", "cells": ["exception"]}}
import sys
def f(x):
    sys.exit("100 points")
sys.exit(0)
