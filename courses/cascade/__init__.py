"""The string of the project: county trainers, the trainers they certified, the users these reached."""

from courses.cascade.branches import Branch, Only, branch, branch_size, certificate_of, is_trainer
from courses.cascade.tree import CountyTrainer, Known, Month, Place, Trainer, Tree, Wanted, grow, tree

__all__ = [
    "Branch",
    "CountyTrainer",
    "Known",
    "Month",
    "Only",
    "Place",
    "Trainer",
    "Tree",
    "Wanted",
    "branch",
    "branch_size",
    "certificate_of",
    "grow",
    "is_trainer",
    "tree",
]
