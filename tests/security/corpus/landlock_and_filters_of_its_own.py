{"attack": "escape", "expect": {"f": "refused", "g": "ok"}}
import ctypes, os
HERE = os.uname().machine == "aarch64"
call = ctypes.CDLL(None, use_errno=True).syscall

def f(x):
    # What is put on once more could take from the harness what it needs to answer, or ask for notices of its calls.
    filters = (277, 167) if HERE else (317, 157)
    program = (ctypes.c_uint64 * 2)(1, 0)
    got = [call(filters[0], op, flags, program) for op in range(4) for flags in (0, 1, 2, 4, 8, 16, 32)]
    got += [call(filters[1], 22, mode, program, 0, 0) for mode in (1, 2)] + [call(filters[1], 38, 1, 0, 0, 0), call(filters[1], 65, 1, 0, 0, 0), call(filters[1], 59, 1, 0, 0, 0)]
    return got + [call(n, a, b, c, 0) for n in (444, 445, 446) for a, b, c in ((0, 0, 1), (0, 0, 0), (3, 1, 0))]
