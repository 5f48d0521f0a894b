{"attack": "notebook", "expect": {"f": "missing", "g": "ok", "cells": ["exception"]}}
x = "\x00"
def f(x)  return
