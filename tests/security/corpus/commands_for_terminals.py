{"attack": "notebook", "expect": {"f": "exception:ValueError", "g": "ok"}}
def f(x):
    raise ValueError("]0;full marks[2J") # [2J]0;full marks<script>alert(1)</script>=cmd|'/c calc'!A1
