{"attack": "leak", "expect": {"f": "ok!", "g": "ok", "value": []}}
import gc, linecache, sys
def f(x):
    held = [t for t in gc.get_objects() if isinstance(t, (dict, list, tuple))]
    texts = [t for h in held for t in (h.values() if isinstance(h, dict) else h) if type(t) is str]
    texts += [line for entry in linecache.cache.values() if len(entry) > 2 for line in entry[2]]
    # What the honest submission before this one looked like.
    wanted = "".join(["def f(x):\n", "    return x", " + 1\n"])
    return [t for t in texts if t == wanted]
