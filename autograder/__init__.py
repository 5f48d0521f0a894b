"""Ask, judge and report: what is asked of students and how it is judged."""

__version__ = "0.1.0"
