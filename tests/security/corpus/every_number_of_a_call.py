{"attack": "escape", "expect": {"f": "refused", "g": "ok"}}
import ctypes, os
HERE = os.uname().machine == "aarch64"
call = ctypes.CDLL(None, use_errno=True).syscall

# What a computation needs, by number; all others there are, will be, or are not, must be refused. 335 and 336 are
# the kernel's own probes: no filter sees them, and to call them ends the process.
NEEDED = ((0, 28), (32, 40), (56, 56), (60, 63), (72, 75), (77, 81), (89, 89), (95, 100), (102, 102), (104, 104), (107, 108), (110, 111), (115, 115), (118, 118), (120, 121), (124, 125), (127, 128), (130, 131), (137, 138), (140, 140), (143, 143), (145, 147), (157, 157), (186, 186), (201, 202), (204, 204), (213, 213), (217, 219), (221, 221), (228, 234), (239, 239), (247, 247), (257, 257), (262, 262), (267, 267), (269, 271), (273, 274), (281, 281), (290, 293), (302, 302), (309, 309), (318, 318), (324, 324), (326, 326), (332, 332), (334, 336), (435, 436), (439, 439), (449, 449))
def f(x):
    if HERE:
        return [-1]
    numbers = [n for n in range(1200) if not any(a <= n <= b for a, b in NEEDED)]
    numbers += [0x40000000 + n for n in range(1200)] + [-1, -2, 1 << 31, (1 << 31) + 57, 0x7FFF_FFFF, 0xFFFF_FFFF]
    return [call(ctypes.c_long(n), 0, 0, 0, 0, 0, 0) for n in numbers]
