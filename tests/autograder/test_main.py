"""The command on an installation that lacks what it needs."""

import subprocess
import sys

import pytest

from autograder.__main__ import main


def test_a_bare_installation_says_what_to_install():
    code = "import sys; sys.modules['click'] = None; from autograder.__main__ import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert "backmark[student]" in done.stderr


def test_ctrl_c_while_the_command_loads_leaves_no_traceback(monkeypatch):
    class Interrupted:
        def find_spec(self, name, _path=None, _target=None):
            if name == "autograder.cli":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "autograder.cli", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Interrupted(), *sys.meta_path])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 130
