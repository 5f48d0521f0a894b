{"attack": "leak", "expect": {"f": "missing", "g": "ok", "cells": ["exception"]}}
raise SyntaxError("3_1_4", ("<cell 1>", "3_1_4", 314, "3.0"))
