{"attack": "resources", "expect": {"f": "any-not-ok", "g": "ok"}}
import select
def f(x):
    held = [select.epoll() for _ in range(40)]
    for a, b in zip(held, held[1:]):
        a.register(b.fileno(), select.EPOLLIN)
    held[0].poll()
