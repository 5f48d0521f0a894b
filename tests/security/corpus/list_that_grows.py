{"attack": "forging", "expect": {"f": "foreign:too large", "g": "ok"}}
class Grows(list):
    def __iter__(self):
        for item in list.__iter__(self):
            self.append(self)
            yield item
def f(x):
    return Grows([1])
