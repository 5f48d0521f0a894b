{"attack": "forging", "expect": {"f": "any", "g": "any"}}
import sys
def trace(frame, event, value):
    if "status" in frame.f_locals:
        frame.f_locals["status"] = "right"
    frame.f_trace_opcodes = True
    return trace
def f(x):
    frame = sys._getframe(1)
    while frame:
        frame.f_trace = trace
        frame = frame.f_back
    sys.settrace(trace)
    return x
