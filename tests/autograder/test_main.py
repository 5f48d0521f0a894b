"""The command on an installation that lacks what it needs."""

import subprocess
import sys


def test_a_bare_installation_says_what_to_install():
    code = "import sys; sys.modules['click'] = None; from autograder.__main__ import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert "backmark[student]" in done.stderr
