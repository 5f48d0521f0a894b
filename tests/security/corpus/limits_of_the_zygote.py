{"attack": "escape", "expect": {"f": "refused", "g": "ok"}}
import os, resource
def f(x):
    answers = []
    for process in (os.getppid(), 1):
        for limit in (resource.RLIMIT_NOFILE, resource.RLIMIT_AS, resource.RLIMIT_FSIZE):
            try:
                resource.prlimit(process, limit, (0, 0))
                answers.append(process)
            except OSError:
                answers.append(-1)
    return answers
