{"attack": "forging", "expect": {"f": "ok!", "g": "ok"}}
import array, ctypes, io, mmap
def f(x):
    held = bytes((x + 1).tobytes())
    return [held, bytearray(held), memoryview(held), array.array("d", x + 1), (ctypes.c_double * 3)(4, 2, 5), io.BytesIO(held), mmap.mmap(-1, 4096)]
