{"attack": "escape", "expect": {"f": "refused", "g": "ok"}}
import ctypes, os
HERE = os.uname().machine == "aarch64"
call = ctypes.CDLL(None, use_errno=True).syscall
def numbers(*pairs):
    return [n for n in (pair[HERE] for pair in pairs) if n is not None]
def f(x):
    how = (ctypes.c_uint64 * 3)()
    got = [call(437, -100, b"/etc/passwd", how, 24)]  # openat2
    # handles of files, trees and mounts, root and quota, truncate, links, modes, owners, times, attributes, creat
    pairs = ((303, 264), (304, 265), (428, 428), (429, 429), (430, 430), (431, 431), (432, 432), (433, 433), (442, 442))
    pairs += ((155, 41), (161, 51), (165, 40), (166, 39), (167, 224), (179, 60), (76, 45), (86, None), (88, None), (265, 37))
    pairs += ((266, 36), (82, None), (264, 38), (316, 276), (83, None), (258, 34), (133, None), (259, 33), (268, 53), (452, 452))
    pairs += ((260, 54), (280, 88), (188, 5), (285, 47), (85, None), (87, None), (263, 35), (84, None))
    return got + [call(n, b".", b"backmark-was-here", b"x", 0, 0) for n in numbers(*pairs)]
