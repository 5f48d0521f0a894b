{"attack": "escape", "expect": {"f": "exception:PermissionError", "g": "ok"}}
import socket
def f(x):
    socket.create_connection(("127.0.0.1", 80), timeout=1)
