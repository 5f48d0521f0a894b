{"attack": "protocol", "expect": {"f": "ok!", "g": "ok!"}}
import sys
# The inputs that the zygote keeps ready for all submissions: only this one may meet them changed.
frame = sys._getframe()
while frame and "known" not in frame.f_locals:
    frame = frame.f_back
for _, calls in frame.f_locals["known"]:
    for call in calls:
        call.args[0].flags.writeable = True
        call.args[0][...] = 7
def f(x):
    return x + 1
