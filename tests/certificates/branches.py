"""A trainer certificate with user certificates under it, for tests of what happens when it is revoked."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from certificates import register
from certificates.acts import issuing
from certificates.proof import status_lists
from certificates.register import Certificate
from certificates.statement import ProjectRef
from lms import clock
from lms.people import Person
from lms.projects import Project
from tests.certificates.examples import EXAMPLE, example
from tests.factories import make_person, make_project, make_role


@dataclass
class Branch:
    """The project with its leader, the trainer's certificate, and what she issued: an early half and a late half."""

    project: Project
    leader: Person
    trainer: Certificate
    early: list[Certificate] = field(default_factory=list)
    late: list[Certificate] = field(default_factory=list)

    @property
    def under(self) -> list[Certificate]:
        return self.early + self.late

    @property
    def since(self) -> date:
        """The first day of the late half."""
        return self.late[0].issued_on


def make_branch(early: int = 2, late: int = 2) -> Branch:
    """The early half is issued forty days ago, the late half ten days ago."""
    project = make_project()
    made = Branch(project, make_role("project_leader", project), None)  # type: ignore[arg-type]
    today = clock.today()
    with clock.moved(clock.now() - timedelta(days=100)):
        trainer = make_role("trainer", project, person=make_person("Eva Dahlgren"))
        made.trainer = make_certificate(project, trainer, "trainer", valid_until=today + timedelta(days=600))
    for days, many, where in ((40, early, made.early), (10, late, made.late)):
        with clock.moved(clock.now() - timedelta(days=days)):
            where += [make_certificate(project, make_person(), "user", under=made.trainer) for _each in range(many)]
    status_lists.renew_due()
    return made


def make_certificate(
    project: Project,
    holder: Person,
    level: str = "user",
    *,
    under: Certificate | None = None,
    valid_until: date | None = None,
    ground: str = "",
    programme: str = "smail-anvandare",
) -> Certificate:
    """A certificate of the project, issued today to the holder by who holds the one above (or by the holder)."""
    draft = example(
        number=register.DRAFT,
        level=level,
        holder_name=holder.name,
        issued_on=clock.today(),
        valid_until=valid_until,
        project=ProjectRef(project.name, project.dnr),
        programme=replace(EXAMPLE.programme, key=programme),
    )
    return issuing.issue(
        draft,
        holder=holder,
        ground=ground or f"{level}:{holder.id}",
        issuer_certificate=under,
        by=under.holder if under else holder,
    )
