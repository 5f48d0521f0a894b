{"attack": "resources", "expect": {"f": "exception:MemoryError", "g": "ok"}}
import zlib
def f(x):
    small = zlib.compress(b"\0" * (64 << 20), 9)
    return b"".join(zlib.decompress(small) for _ in range(99))
