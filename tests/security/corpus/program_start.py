{"attack": "escape", "expect": {"f": "exception:PermissionError", "g": "ok"}}
import subprocess
def f(x):
    return subprocess.run(["/bin/true"]).returncode
