{"attack": "resources", "expect": {"f": "any-not-ok", "g": "ok"}}
class Deep:
    def __repr__(self): return "<" + repr(self) + ">"
    def __hash__(self): return 0
    def __eq__(self, other): return repr(self) == repr(other)
def f(x):
    return {Deep(), 1, Deep()}
