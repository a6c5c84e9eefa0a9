"""People of a file become people of a project: whole or not at all, nobody twice, nothing shown that may not be."""

from datetime import date

import pytest
from sqlalchemy import func, select

from lms import clock, people, people_import, projects
from lms.audit import Audit
from lms.db import db
from lms.people import Person
from lms.people_file import PeopleFile, Row, read_people
from lms.personnummer import synthetic
from lms.projects import Participation, participation_of
from lms.refusals import Refused
from lms.secrets import decrypted, keyed_hash
from tests.factories import make_participant, make_person, make_project, make_role
from tests.queries import count_queries

ANNA = synthetic(date(1990, 1, 1), 980).digits12
BERTIL = synthetic(date(1985, 5, 5), 981).digits12
HEAD = "Förnamn;Efternamn;E-post;Personnummer;Kommun;Kön;Befattning\r\n"


def file_of(*lines: str) -> PeopleFile:
    text = HEAD + "".join(f"{line}\r\n" for line in lines)
    return read_people(text.encode(), "lista.csv", today=clock.today())


def many(count: int, job: str = "Coach") -> PeopleFile:
    """`count` people without going through the reader."""
    rows = tuple(
        Row(n + 2, f"Förnamn{n}", "Efternamn", f"p{n}@tierp.example", _number(n), "Tierp", "woman", job)
        for n in range(count)
    )
    return PeopleFile(rows, (), ())


def _number(n: int) -> str:
    return synthetic(date.fromordinal(date(1950, 1, 1).toordinal() + n // 20), 980 + n % 20).digits12


@pytest.fixture
def project(app):
    return make_project()


@pytest.fixture
def leader(project):
    return make_role("project_leader", project)


def count_of(table):
    return db.session.scalar(select(func.count()).select_from(table))


def test_new_people_come_into_the_project(project, leader):
    file = file_of(f"Anna;Berg;Anna@Tierp.example;{ANNA};Tierps kommun;Kvinna;Coach", "Bo;Ek;bo@habo.example;;Håbo;;")
    outcome = people_import.import_people(project, file, by=leader)
    assert outcome == people_import.Outcome(added=2, changed=0, joined=2, unchanged=0)
    anna = people.find_person(email="anna@tierp.example")
    assert (anna.organisation.name, anna.gender, anna.job_title) == ("Tierp", "woman", "Coach")
    assert decrypted(anna.personnummer_cipher) == ANNA
    took_part = participation_of(anna.id, project.id)
    assert (took_part.esf, took_part.since, took_part.organisation_id) == (True, clock.today(), anna.organisation_id)


def test_a_dry_run_changes_nothing(project, leader):
    file = file_of(f"Anna;Berg;anna@tierp.example;{ANNA};Tierp;Kvinna;Coach")
    before = [count_of(table) for table in (Person, Participation, Audit)]
    shown = people_import.preview(project, file)
    assert [row.given_name for row in shown.new] == ["Anna"]
    assert not db.session.dirty
    assert not db.session.new
    assert [count_of(table) for table in (Person, Participation, Audit)] == before


def test_the_same_file_twice_changes_nothing(project, leader):
    file = file_of(f"Anna;Berg;anna@tierp.example;{ANNA};Tierp;Kvinna;Coach", "Bo;Ek;bo@habo.example;;Håbo;;")
    people_import.import_people(project, file, by=leader)
    db.session.flush()
    logged = count_of(Audit)
    outcome = people_import.import_people(project, file, by=leader)
    assert outcome == people_import.Outcome(0, 0, 0, unchanged=2)
    assert count_of(Audit) == logged


def test_known_people_are_matched_by_number_or_address_and_changed(project, leader):
    people_import.import_people(project, file_of(f"Anna;Berg;anna@tierp.example;{ANNA};Tierp;;"), by=leader)
    anna = people.find_person(email="anna@tierp.example")
    file = file_of(f"Anna;Lund;anna.lund@habo.example;{ANNA};Håbo;Kvinna;")
    shown = people_import.preview(project, file)
    (match,) = shown.matched
    assert [(c.field, c.before, c.after) for c in match.changes] == [
        ("family_name", "Berg", "Lund"),
        ("gender", "unknown", "woman"),
        ("email", "anna@tierp.example", "anna.lund@habo.example"),
        ("organisation", "Tierp", "Håbo"),
    ]
    people_import.import_people(project, file, by=leader, shown=shown.digest)
    assert (anna.family_name, anna.email, anna.organisation.name) == ("Lund", "anna.lund@habo.example", "Håbo")
    assert participation_of(anna.id, project.id).organisation_id == anna.organisation_id


def test_empty_cells_take_nothing_away(project, leader):
    full = file_of(f"Anna;Berg;anna@tierp.example;{ANNA};Tierp;Kvinna;Coach")
    people_import.import_people(project, full, by=leader)
    assert people_import.preview(project, file_of("Anna;Berg;anna@tierp.example;;Tierp;;")).unchanged == 1
    assert people_import.preview(project, file_of(f"Anna;Berg;;{ANNA};Tierp;;")).unchanged == 1


def test_a_number_is_added_to_who_was_known_by_address_only(project, leader):
    person = make_participant(project, email="anna@tierp.example", organisation="Tierp")
    person.given_name, person.family_name = "Anna", "Berg"
    file = file_of(f"Anna;Berg;anna@tierp.example;{ANNA};Tierp;;")
    (match,) = people_import.preview(project, file).matched
    assert [(c.field, c.before, c.after) for c in match.changes] == [("personnummer", "", "")]
    people_import.import_people(project, file, by=leader)
    assert person.personnummer_hash == keyed_hash(ANNA)


def problems(project, *lines):
    return [(p.line, p.code) for p in people_import.preview(project, file_of(*lines)).problems]


def test_problems_are_told_by_row(project, leader):
    people_import.import_people(
        project,
        file_of(f"Anna;Berg;anna@tierp.example;{ANNA};Tierp;;", f"Bertil;Ek;bertil@habo.example;{BERTIL};Håbo;;"),
        by=leader,
    )
    assert problems(project, f"Anna;Berg;bertil@habo.example;{ANNA};Tierp;;") == [(2, "two_people")]
    other = synthetic(date(1991, 1, 1), 982).digits12
    assert problems(project, f"Anna;Berg;anna@tierp.example;{other};Tierp;;") == [(2, "other_personnummer")]
    assert problems(project, "Anna;Berg;anna@tierp.example;;Tierp;;", f"A;B;a@tierp.example;{ANNA};Tierp;;") == [
        (3, "duplicate")
    ]
    (unknown,) = people_import.preview(project, file_of("A;B;a@lund.example;;Lund;;")).problems
    assert unknown.code == "unknown_organisation"
    assert "Lund" in unknown.message.render()
    assert "Älvkarleby" in unknown.message.render()


def test_one_problem_stops_all_of_it(project, leader):
    before = count_of(Person)
    file = file_of("A;B;a@habo.example;;Håbo;;", "C;D;c@lund.example;;Lund;;")
    with pytest.raises(Refused) as refused:
        people_import.import_people(project, file, by=leader)
    assert refused.value.code == "problems"
    assert count_of(Person) == before
    unread = file_of("A;B;no address;;Håbo;;", "C;D;c@habo.example;;Håbo;;")
    assert len(unread.rows) == 1
    with pytest.raises(Refused):
        people_import.import_people(project, unread, by=leader)


def test_exactly_what_was_shown_is_done(project, leader):
    file = file_of("Anna;Berg;anna@tierp.example;;Tierp;;")
    shown = people_import.preview(project, file).digest
    make_participant(project, "Anna Berg", email="anna@tierp.example", organisation="Tierp")
    with pytest.raises(Refused) as refused:
        people_import.import_people(project, file, by=leader, shown=shown)
    assert refused.value.code == "stale"


def test_a_file_cannot_take_over_anybody(project, leader):
    administrator = make_role("administrator", person=make_person("Ada Min", email="ada@lan.example"))
    administrator.personnummer_hash = keyed_hash(ANNA)
    trainer = make_role("trainer", project, person=make_participant(project, "Tor Ek", email="tor@tierp.example"))
    trainer.personnummer_hash = keyed_hash(BERTIL)
    db.session.flush()
    file = file_of(f"X;Y;thief@habo.example;{ANNA};Håbo;;", f"Tor;Ek;other@habo.example;{BERTIL};Håbo;;Lärare")
    first, second = people_import.preview(project, file).matched
    assert (first.kept, first.changes, first.joins) == ("elsewhere", (), True)
    assert (second.kept, [change.field for change in second.changes]) == ("address", ["job_title"])
    people_import.import_people(project, file, by=leader)
    assert (administrator.full_name, administrator.email) == ("Ada Min", "ada@lan.example")
    assert (trainer.email, trainer.job_title) == ("tor@tierp.example", "Lärare")


def test_people_of_another_project_join_and_keep_their_details(project, leader):
    other = make_project(like="smot")
    person = make_participant(other, "Anna Berg", email="anna@tierp.example")
    outcome = people_import.import_people(project, file_of("Annan;Namn;anna@tierp.example;;Håbo;;"), by=leader)
    assert (outcome.joined, outcome.changed, person.full_name) == (1, 0, "Anna Berg")


def test_protected_people_are_matched_and_left_alone(project, leader):
    person = make_participant(project, "Hemlig Person", email="h@habo.example", protected=True, alias="Deltagare 7")
    (match,) = people_import.preview(project, file_of("Ny;Person;h@habo.example;;Håbo;;")).matched
    assert (match.kept, match.changes) == ("protected", ())
    people_import.import_people(project, file_of("Ny;Person;h@habo.example;;Håbo;;"), by=leader)
    assert person.full_name == "Hemlig Person"


def test_without_esf_no_number_is_stored(project, leader):
    file = file_of(f"Anna;Berg;anna@tierp.example;{ANNA};Tierp;;")
    people_import.import_people(project, file, by=leader, esf=False)
    person = people.find_person(email="anna@tierp.example")
    assert (person.personnummer_hash, person.personnummer_cipher) == (None, None)
    assert participation_of(person.id, project.id).esf is False
    only_number = file_of(f"Bo;Ek;;{BERTIL};Tierp;;")
    assert [p.code for p in people_import.preview(project, only_number, esf=False).problems] == ["no_email"]
    people_import.import_people(project, file, by=leader)
    assert participation_of(person.id, project.id).esf is True
    assert person.personnummer_hash == keyed_hash(ANNA)


def test_an_ended_project_takes_nobody(project, leader):
    file = file_of("Anna;Berg;anna@tierp.example;;Tierp;;")
    with clock.moved(clock.at(date(2023, 6, 1), clock.now().time())):
        assert [p.code for p in people_import.preview(project, file).problems] == ["project_ended"]


def test_no_number_reaches_the_log(project, leader):
    people_import.import_people(project, file_of(f"Anna;Berg;anna@tierp.example;{ANNA};Tierp;;"), by=leader)
    rows = db.session.scalars(select(Audit)).all()
    assert {"people.imported", "person.added"} <= {row.act for row in rows}
    told = " ".join(str(row.details) for row in rows)
    assert ANNA not in told
    assert ANNA[2:] not in told
    assert keyed_hash(ANNA) not in told
    assert "anna@tierp.example" not in told


def test_queries_grow_with_thousands_not_with_rows(project, leader):
    people_import.import_people(project, many(10), by=leader)
    db.session.commit()
    counts, dnr = [], project.dnr
    for size in (5, 10):
        db.session.expunge_all()
        here = projects.project_with(dnr)
        with count_queries() as queries:
            assert len(people_import.preview(here, many(size, job="Lärare")).changed) == size
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_five_thousand_rows(project, leader):
    with count_queries() as queries:
        outcome = people_import.import_people(project, many(5_000), by=leader)
        db.session.commit()
    assert outcome.added == 5_000
    assert len(queries) < 3 * 5_000 + 100, "each row: the person, her place in the project, the note in the log"
    db.session.expire_all()
    with count_queries() as queries:
        shown = people_import.preview(project, many(5_000))
    assert shown.unchanged == 5_000
    assert len(queries) < 80
