"""A task: what to do, why now, and the one link that does it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Task:
    """`state` is a state of the pearls; `weight` orders tasks, the heaviest first."""

    state: str
    title: str
    text: str
    url: str
    label: str
    weight: int = 0
