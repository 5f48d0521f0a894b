{"attack": "escape", "expect": {"f": "refused", "g": "ok"}}
import ctypes, os
HERE = os.uname().machine == "aarch64"
call = ctypes.CDLL(None, use_errno=True).syscall
def numbers(*pairs):
    return [n for n in (pair[HERE] for pair in pairs) if n is not None]
def f(x):
    # reboot, modules, kexec, clock, host name, log, ports, accounting, swap, terminal, segments, personality
    pairs = ((169, 142), (175, 105), (313, 273), (176, 106), (246, 104), (320, 294), (164, 170), (227, 112), (159, 171))
    pairs += ((170, 161), (171, 162), (103, 116), (172, None), (173, None), (163, 89), (168, 225), (153, 58), (154, None), (135, 92))
    return [call(n, 0, 0, 0, 0, 0) for n in numbers(*pairs)]
