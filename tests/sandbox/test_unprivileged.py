"""The same promises for a user without any privilege."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

NOBODY = 65534
PROGRAM = """
import json, sys
import numpy as np
from autograder.sandbox import Call, Cell, Limits, Sandbox
attacks = json.loads(sys.stdin.read())
x = np.arange(3.0)
with Sandbox(limits=Limits(seconds=20, memory_mb=200)) as box:
    found = {}
    for name, source in attacks.items():
        box.limits = Limits(seconds=0.8 if name == "loop" else 20)
        outcome = box.run([Cell(1, source)], {"f": [Call("f", (x,))]}).questions["f"][0]
        found[name] = [outcome.status, (outcome.error or {}).get("type"), outcome.value if isinstance(outcome.value, (list, int)) else None]
    honest = box.run([Cell(1, "def f(x):\\n    return x + 1\\n")], {"f": [Call("f", (x,))]}).questions["f"][0].value
print(json.dumps([box.tier, list(box.layers), found, honest.tolist()]))
"""  # noqa: E501
ATTACKS = {
    "read": "def f(x):\n    return len(open('/etc/passwd').read())\n",
    "write": "def f(x):\n    open('/tmp/backmark-nobody', 'w')\n",
    "fork": "import os\ndef f(x):\n    return os.fork()\n",
    "network": "import socket\ndef f(x):\n    socket.socket()\n",
    "kill": "import os\ndef f(x):\n    os.kill(os.getppid(), 0)\n",
    "memory": "def f(x):\n    kept = [0]\n    while True:\n        kept = kept * 2\n",
    "loop": "def f(x):\n    while True: pass\n",
    "threads": "import threading\ndef f(x):\n    threading.stack_size(65536)\n    while True:\n        threading.Thread(target=threading.Event().wait).start()\n",  # noqa: E501
    "one thread": "import threading\ndef f(x):\n    out = []\n    t = threading.Thread(target=out.append, args=(5,))\n    t.start()\n    t.join()\n    return out\n",  # noqa: E501
}
EXPECTED = {
    "read": ["exception", "PermissionError", None],
    "write": ["exception", "PermissionError", None],
    "fork": ["exception", "PermissionError", None],
    "network": ["exception", "PermissionError", None],
    "kill": ["exception", "PermissionError", None],
    "memory": ["exception", "MemoryError", None],
    "loop": ["timeout", "ran out of time", None],
    "threads": ["exception", "RuntimeError", None],
    "one thread": ["ok", None, [5]],
}


def _readable_by_all(path: Path) -> bool:
    return all(p.stat().st_mode & 0o005 == 0o005 for p in (path, *path.parents))


@pytest.mark.skipif(
    not sys.platform.startswith("linux") or os.getuid() != 0, reason="needs root to become another user"
)
def test_an_unprivileged_user_is_confined_as_well(tmp_path_factory):
    import json

    root = Path(__file__).parents[2]
    base = Path(os.path.realpath(sys.executable)).parents[1]
    packages = Path(np.__file__).parents[1]
    places = [root, base / "lib", packages]
    if not all(_readable_by_all(p) for p in places):
        pytest.skip("another user cannot read this Python installation")
    home = tmp_path_factory.mktemp("home")
    os.chown(home, NOBODY, NOBODY)
    done = subprocess.run(
        [sys.executable, "-B", "-c", PROGRAM],
        input=json.dumps(ATTACKS),
        capture_output=True,
        text=True,
        cwd=root,
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
        env={"PATH": os.defpath, "HOME": "/nonexistent", "TMPDIR": "/tmp", "PYTHONPATH": str(packages)},
        timeout=60,
        check=False,
    )
    shutil.rmtree(home, ignore_errors=True)
    assert done.returncode == 0, done.stderr
    tier, layers, found, honest = json.loads(done.stdout)
    assert tier == "T1"
    assert {"landlock", "seccomp", "rlimits", "no_new_privs"} <= set(layers)
    assert found == EXPECTED
    assert honest == [1.0, 2.0, 3.0]
