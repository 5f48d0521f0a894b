{"attack": "escape", "expect": {"f": "exception:PermissionError", "g": "ok"}}
import socket
def f(x):
    return socket.socketpair()
