{"attack": "escape", "expect": {"f": "refused", "g": "ok"}}
import ctypes, os
HERE = os.uname().machine == "aarch64"
call = ctypes.CDLL(None, use_errno=True).syscall
def numbers(*pairs):
    return [n for n in (pair[HERE] for pair in pairs) if n is not None]
def f(x):
    if HERE:
        return [-1]
    # x32: the same processor word, other numbers; fork, vfork, clone, socket, kill, ptrace, execve, rt_sigqueueinfo
    return [call(0x40000000 + n, 17, 0, 0, 0, 0) for n in (57, 58, 56, 41, 62, 101, 520, 524, 521, 545, 425)]
