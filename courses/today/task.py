"""A task: what to do, why now, and the one link that does it."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Task:
    """`state` is a state of the pearls; `weight` orders tasks, the heaviest first.

    `act`: what a form sends that does it in one tap, hours to confirm; `url` is then where to look at it first.
    """

    state: str
    title: str
    text: str
    url: str
    label: str
    weight: int = 0
    act: Mapping[str, str] = field(default_factory=dict)
