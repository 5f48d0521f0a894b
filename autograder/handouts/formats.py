"""The packages that read and write notebooks, loaded in a tenth of the time they would take.

To check notebooks they load jsonschema, which builds a grammar of web addresses at once (three seconds) where
the package for it happens to be installed. No notebook is checked for web addresses: jsonschema is told to do
without, as it does where the package is missing.
"""

from __future__ import annotations

import sys

_GRAMMAR = "rfc3987_syntax"

_left_out = _GRAMMAR not in sys.modules
if _left_out:
    sys.modules[_GRAMMAR] = None  # type: ignore[assignment]  # importing it now raises ImportError
try:
    import jupytext
    import nbformat
finally:
    if _left_out:
        del sys.modules[_GRAMMAR]

__all__ = ["jupytext", "nbformat"]
