"""The curtain of pearls: where each pearl of the cascade hangs, as plain numbers for one SVG.

One pearl is one person, or `each` persons where the longest thread would not fit; the page says which.
"""

from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from courses.cascade import Trainer, Tree

WIDTH = 760
TOP, KNOT, GAP = 40, 150, 15.6
LONGEST = 18
MOST = 26
"""More threads than this cannot be told apart on a screen; then the list alone tells the same."""


@dataclass(frozen=True)
class Thread:
    """One trainer: x of the thread, its y of each user pearl, and where its number stands.

    So many of the pearls as `doubted` says, from the top, are people whose certificates are under review.
    """

    trainer: Trainer
    x: float
    path: str
    pearls: tuple[float, ...]
    doubted: int
    end: float


@dataclass(frozen=True)
class Root:
    """One county trainer on top; name on the side where there is room."""

    name: str
    x: float
    text_x: float
    anchor: str


@dataclass(frozen=True)
class Place:
    """The stretch of threads of one municipality."""

    name: str
    left: float
    right: float

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2


@dataclass(frozen=True)
class Curtain:
    """The whole drawing, `height` high; each pearl stands for `each` persons."""

    height: float
    each: int
    roots: tuple[Root, ...]
    threads: tuple[Thread, ...]
    places: tuple[Place, ...]


def hang(tree: Tree) -> Curtain | None:
    """The curtain of a tree; None when there is nothing to hang, or too much to be seen."""
    counties = [county for county in tree.counties if county.trainers]
    count = len(tree.trainers)
    if not 0 < count <= MOST:
        return None
    each = max(1, -(-max(trainer.reach for trainer in tree.trainers) // LONGEST))
    step = min(53.2, (WIDTH - 68) / max(1, count - 1)) if count > 1 else 0.0
    left = (WIDTH - step * (count - 1)) / 2
    roots, threads, place_of = [], [], []
    column = 0
    for county in counties:
        xs = [left + step * (column + number) for number in range(len(county.trainers))]
        column += len(xs)
        root = sum(xs) / len(xs)
        if county.person_id:
            late = root > WIDTH * 0.72
            roots.append(Root(county.name, root, root - 22 if late else root + 22, "end" if late else "start"))
        for trainer, x in zip(county.trainers, xs, strict=True):
            threads.append(_thread(trainer, x, root if county.person_id else None, each))
            place_of.append((trainer.place, x))
    height = max(thread.end for thread in threads) + 46
    return Curtain(height, each, tuple(roots), tuple(threads), _places(place_of))


def _thread(trainer: Trainer, x: float, root: float | None, each: int) -> Thread:
    pearls = tuple(KNOT + 24 + GAP * number for number in range(-(-trainer.reach // each)))
    path = "" if root is None else f"M{root:.1f} 46C{root:.1f} 100 {x:.1f} 80 {x:.1f} {KNOT}"
    if pearls:
        path += f"M{x:.1f} {KNOT}V{pearls[-1]:.1f}"
    doubted = -(-trainer.doubted // each)
    return Thread(trainer, x, path, pearls, doubted, (pearls[-1] if pearls else KNOT + 4) + 22)


def _places(threads: list[tuple[str, float]]) -> tuple[Place, ...]:
    """Neighbouring threads of one municipality share a line."""
    named = []
    for name, group in groupby(threads, key=lambda pair: pair[0]):
        xs = [x for _name, x in group]
        named.append(Place(name, min(xs) - 20, max(xs) + 20))
    return tuple(sorted(named, key=attrgetter("left")))
