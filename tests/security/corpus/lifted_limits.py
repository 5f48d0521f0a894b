{"attack": "resources", "expect": {"f": "any-not-ok", "g": "ok"}}
import resource
def f(x):
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
