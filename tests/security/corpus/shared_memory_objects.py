{"attack": "escape", "expect": {"f": "refused", "g": "ok"}}
import ctypes, os
HERE = os.uname().machine == "aarch64"
call = ctypes.CDLL(None, use_errno=True).syscall
def numbers(*pairs):
    return [n for n in (pair[HERE] for pair in pairs) if n is not None]
def f(x):
    # memfd, secret memfd, shm get, at, ctl, message queues, semaphores, POSIX queues, userfaultfd
    pairs = ((319, 279), (447, 447), (29, 194), (30, 196), (31, 195), (68, 186), (64, 190), (240, 180), (323, 282))
    return [call(n, b"backmark-was-here" if n in (319, 279, 240, 180) else 0, 0o1700, 0o600, 0) for n in numbers(*pairs)]
