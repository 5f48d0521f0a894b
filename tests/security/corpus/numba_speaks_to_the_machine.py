{"attack": "escape", "packages": ["numpy", "numba"], "expect": {"f": "ok!", "g": "ok"}}
import os
from llvmlite import binding, ir
from numba import njit, types
from numba.extending import intrinsic
binding.initialize_native_asmparser()
@intrinsic
def speak(context, number, first):
    def generate(_context, builder, _signature, arguments):
        word = ir.IntType(64)
        kind = ir.FunctionType(word, [word, word, word, word])
        if os.uname().machine == "aarch64":
            return word(-1)
        said = ir.InlineAsm(kind, "syscall", "={rax},{rax},{rdi},{rsi},{rdx},~{rcx},~{r11},~{memory}", side_effect=True)
        return builder.call(said, [*arguments, word(1), word(0)])
    return types.int64(types.int64, types.int64), generate
@njit
def all_of_them():
    worst = -1
    for number, first in ((41, 2), (57, 0), (58, 0), (56, 17), (101, 16), (425, 8), (321, 0), (272, 0x10000000)):
        if speak(number, first) >= 0:
            worst = number
    return worst
def f(x):
    assert all_of_them() == -1
    return "refused"
