{"attack": "notebook", "expect": {"f": "any", "g": "any"}}
class Every(str):
    def __eq__(self, other): return True
    def __hash__(self): return hash("g")
def f(x):
    return x + 1
globals()[Every("g")] = lambda x: "right"
