"""Self-check quizzes: one engine, and the places where it is shown.

`quiz(...)` draws questions and judges answers; it prints nothing. `terminal` and `page` are two surfaces of it.
"""

from autograder.quiz.engine import NoSuchTopic, Outcome, Quiz, Seen, quiz

__all__ = ["NoSuchTopic", "Outcome", "Quiz", "Seen", "quiz"]
