"""What each person has to do today: one list of tasks, the most pressing first, from everything she is in.

The rule that matters most: the number of questions to the database does not grow with people, runs or months.
"""

from courses.today.home import Home, home_of, tasks
from courses.today.task import Task

__all__ = ["Home", "Task", "home_of", "tasks"]
