{"attack": "notebook", "expect": {"f": "any", "g": "ok"}}
class Meta(type):
    def __prepare__(name, bases): return __import__("collections").defaultdict(lambda: "right")
    def __call__(cls, *a): return 100
class f(metaclass=Meta):
    x = whatever
