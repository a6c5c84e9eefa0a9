"""The plan file: real figures, every wrong key by line, a plan that compares, moves and comes back."""

import json
import re
import tomllib
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms import plan as plans
from lms.plan import Cadence, Change, PlanError, from_document, parse, read, shift, shipped, to_document
from lms.plan.moving import moved
from lms.plan.toml_lines import lines_of

NAMES = ["smail", "smot", "siri"]
MINIMAL = """\
[project]
dnr = "2021/00320"
title = "Prov"
owner = "Förbundet"
region = "Mitten"
programme_area = 1
specific_objective = "1.1"
intervention_type = 117
eu_share = 50
starts = 2022-01-01
ends = 2022-12-31
planned_participants = 10

[money]
budget = 300
support = 200
other_funding = 100

[[phases]]
key = "one"
title.sv = "Ett"
starts = 2022-01-01
ends = 2022-03-31

[[phases]]
key = "two"
title = { sv = "Två", en = "Two" }
starts = 2022-05-01
ends = 2022-12-31

[[organisations]]
name = "Tierps kommun"
kind = "municipality"
own_trainer = true
staffing_share = 20

[[goals]]
key = "many"
kind = "certified"
level = "user"
target = 5
by = 2022-12-31
text.sv = "Många"

[[goals]]
key = "offered"
kind = "horizontal"
programme = "principles"
measure = "offered"
share = 100
of_whom = "participants"
by = 2022-12-31
text.sv = "Alla"

[[goals]]
key = "content"
kind = "survey"
question = "useful"
share = 80
of_whom = "users"
by = 2022-12-31
text.sv = "Nytta"

[rules]
rounding = "quarter"
countersignature = true
minimum_share = 80
retention = 2028-12-31
network = { every_months = 1 }

[rules.steering_group]
every_months = 2
in_planning = 2

[publicity]
emblem = "eu"
text.sv = "Medfinansieras av Europeiska unionen"

[[scb]]
heading = "Personnummer"
field = "personnummer"

[[scb]]
heading = "Mobil"
value = "okänt"
"""


def line_of(text, part):
    return text[: text.index(part)].count("\n") + 1


def test_smail_has_its_real_figures():
    smail = shipped("smail")
    assert (smail.dnr, smail.planned_participants) == ("2021/00320", 143)
    assert (smail.budget, smail.support, smail.other_funding) == (5_503_242, 3_708_012, 1_795_230)
    assert (smail.starts, smail.ends) == (date(2022, 1, 1), date(2023, 4, 30))
    assert [goal.target for goal in smail.goals if goal.kind == "certified"] == [14, 145]
    assert [goal.share for goal in smail.goals if goal.kind == "survey"] == [80, 80, 80]
    assert {goal.measure for goal in smail.goals if goal.kind == "horizontal"} == {"completed", "offered"}
    assert [each.name for each in smail.organisations if not each.own_trainer] == ["Östhammars kommun"]
    assert len(smail.organisations) == 8
    assert smail.rules.steering_group == Cadence(every_months=2, in_planning=2)
    assert smail.rules.reference_group == Cadence(per_year=4)
    assert smail.publicity.text.within("sv") == "Medfinansieras av Europeiska unionen"


def test_march_2023_belongs_to_no_phase():
    smail = shipped("smail")
    assert not any(phase.starts <= date(2023, 3, 15) <= phase.ends for phase in smail.phases)
    assert smail.phase("users").ends == date(2023, 2, 28)
    with pytest.raises(KeyError):
        smail.phase("none")


def test_projects_without_courses_are_plans_too():
    smot, siri = shipped("smot"), shipped("siri")
    assert (smot.dnr, smot.budget, smot.support, smot.planned_participants) == (
        "2019/00144",
        6_979_677,
        6_979_677,
        120,
    )
    assert (siri.dnr, siri.budget, siri.support, siri.planned_participants) == (
        "2020/00692",
        377_939,
        177_631,
        111,
    )
    assert smot.goals == siri.goals == ()


@pytest.mark.parametrize("name", NAMES)
def test_a_stored_plan_comes_back_the_same(name):
    plan = shipped(name)
    assert from_document(json.loads(json.dumps(to_document(plan)))) == plan
    assert plans.difference(plan, plan) == []


def test_a_document_that_is_no_plan_is_refused():
    document = to_document(read(MINIMAL))
    document["money"] = {}
    with pytest.raises(PlanError) as refused:
        from_document(document)
    assert [problem.key for problem in refused.value.problems] == [
        "money.budget",
        "money.support",
        "money.other_funding",
    ]


WRONG = [
    ('dnr = "2021/00320"', 'dnr = "2021-320"', "project.dnr"),
    ('title = "Prov"', "title = 7", "project.title"),
    ('owner = "Förbundet"', 'owner = "  "', "project.owner"),
    ("programme_area = 1", 'programme_area = "1"', "project.programme_area"),
    ('specific_objective = "1.1"', "specific_objective = 1.1", "project.specific_objective"),
    ("eu_share = 50", "eu_share = 101", "project.eu_share"),
    ("planned_participants = 10", "planned_participants = true", "project.planned_participants"),
    ("ends = 2022-12-31\nplanned", "ends = 2021-12-31\nplanned", "project.ends"),
    (
        "starts = 2022-01-01\nends = 2022-12-31",
        "starts = 2022-01-01T10:00:00\nends = 2022-12-31",
        "project.starts",
    ),
    ("budget = 300", "budget = 301", "money.budget"),
    ("support = 200", "support = -1", "money.support"),
    ("other_funding = 100", "other_funding = 100.0", "money.other_funding"),
    ('key = "two"', 'key = "one"', "phases[2].key"),
    ('key = "two"', 'key = "Två"', "phases[2].key"),
    ("starts = 2022-05-01", "starts = 2022-03-31", "phases[2].starts"),
    ("ends = 2022-03-31", "ends = 2023-03-31", "phases[1].ends"),
    ('title.sv = "Ett"', 'title.de = "Eins"\ntitle.sv = "Ett"', "phases[1].title.de"),
    ('kind = "municipality"', 'kind = "kommun"', "organisations[1].kind"),
    ("own_trainer = true", 'own_trainer = "ja"', "organisations[1].own_trainer"),
    ("staffing_share = 20", "staffing_share = 0", "organisations[1].staffing_share"),
    ("staffing_share = 20", "staffing_shre = 20", "organisations[1].staffing_shre"),
    ('level = "user"', 'level = "user"\nquestion = "useful"', "goals[1].question"),
    ('kind = "certified"\n', 'kind = "certificate"\n', "goals[1].kind"),
    ("target = 5", "target = 5\nshare = 50\nof_whom = 'users'", "goals[1]"),
    ('measure = "offered"', 'measure = "agree"', "goals[2].measure"),
    ('of_whom = "users"', 'of_whom = "everybody"', "goals[3].of_whom"),
    ('rounding = "quarter"', 'rounding = "half"', "rules.rounding"),
    ("retention = 2028-12-31", "retention = 2022-06-30", "rules.retention"),
    ("network = { every_months = 1 }", "network = { every_months = 1, per_year = 4 }", "rules.network"),
    ("in_planning = 2", "in_planning = 'two'", "rules.steering_group.in_planning"),
    ('emblem = "eu"', 'emblem = "flag"', "publicity.emblem"),
    ('heading = "Mobil"', 'heading = "personnummer"', "scb[2].heading"),
    ('field = "personnummer"', 'field = "shoe_size"', "scb[1].field"),
    ('value = "okänt"', 'value = "okänt"\nfield = "hours"', "scb[2]"),
]


@pytest.mark.parametrize(("right", "wrong", "key"), WRONG, ids=[key for *_, key in WRONG])
def test_a_wrong_value_is_told_by_line_key_and_what_was_expected(right, wrong, key):
    assert MINIMAL.count(right) >= 1
    text = MINIMAL.replace(right, wrong, 1)
    plan, problems = parse(text)
    assert plan is None
    [problem] = [each for each in problems if each.key == key]
    name = key.rpartition(".")[2]
    lines = text.split("\n")
    if name in wrong or name in right:
        assert name in lines[problem.line - 1]
    else:
        assert lines[problem.line - 1].startswith(("[[", "network"))
    assert problem.expected.render()
    assert problem.got
    assert problem.sentence().startswith(f"Line {problem.line}, {key}: ")


@pytest.mark.parametrize("line", [line for line in MINIMAL.split("\n") if re.match(r"\w+(\.sv)? = ", line)])
def test_a_missing_line_is_told_by_the_line_of_its_table(line):
    text = MINIMAL.replace(line + "\n", "", 1)
    plan, problems = parse(text)
    if line.split(" ")[0] in {"staffing_share", "network", "in_planning"}:
        assert plan
    else:
        assert plan is None
        assert all(problem.line > 0 and problem.sentence() for problem in problems)


def test_all_problems_are_told_at_once_in_the_order_of_the_file():
    text = MINIMAL.replace("eu_share = 50", "eu_share = 500").replace('emblem = "eu"', 'emblem = "x"')
    text = text.replace('level = "user"\n', "")
    with pytest.raises(PlanError) as refused:
        read(text)
    found = [(problem.line, problem.key, problem.got) for problem in refused.value.problems]
    assert found == [
        (line_of(text, "eu_share"), "project.eu_share", "500"),
        (line_of(text, "[[goals]]"), "goals[1].level", None),
        (line_of(text, "emblem"), "publicity.emblem", "”x”"),
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (MINIMAL.replace("eu_share = 50", "eu_share = "), 9),
        (MINIMAL.replace("eu_share = 50", "eu_share = 50\neu_share = 60"), 10),
        (MINIMAL.replace('title = "Prov"', 'title = "Prov'), 3),
        ("[project\n", 1),
        ("a = [1,\n2", 2),
        ("x = " + "[" * 50_000, 1),
        ("a\0 = 1", 1),
    ],
)
def test_text_that_is_not_toml_is_told_by_line(text, line):
    plan, problems = parse(text)
    assert plan is None
    assert [problem.line for problem in problems] == [line]
    assert problems[0].sentence()


@pytest.mark.parametrize(
    "text", ["", "project = 1", "goals = 1", "[[project]]", "goals = [1]", "rules.network = 3"]
)
def test_another_shape_is_refused_not_fallen_over(text):
    plan, problems = parse(text)
    assert plan is None
    assert {"money", "publicity"} <= {problem.key for problem in problems}


def test_line_ends_and_byte_order_mark_make_no_difference():
    assert read("\ufeff" + MINIMAL.replace("\n", "\r\n")) == read(MINIMAL)


def test_difference_names_what_changed_and_nothing_else():
    old = read(MINIMAL)
    heby = '[[organisations]]\nname = "Heby kommun"\nkind = "municipality"\nown_trainer = false\n\n'
    added = MINIMAL.replace("target = 5", "target = 6")
    added = added.replace("[[organisations]]", heby + "[[organisations]]")
    assert plans.difference(old, read(added)) == [
        Change("organisations.Heby kommun.name", None, "Heby kommun"),
        Change("organisations.Heby kommun.kind", None, "municipality"),
        Change("organisations.Heby kommun.own_trainer", None, False),
        Change("goals.many.target", 5, 6),
    ]
    gone = {change.key for change in plans.difference(read(added), old) if change.after is None}
    assert "organisations.Heby kommun.name" in gone


def test_difference_sees_another_order_and_a_new_plan():
    old = read(MINIMAL)
    new = replace(old, scb=tuple(reversed(old.scb)))
    assert plans.difference(old, new) == [Change("scb", "Personnummer, Mobil", "Mobil, Personnummer")]
    assert Change("project.title", None, "Prov") in plans.difference(None, old)


def test_the_demonstration_stands_two_thirds_through_part_two():
    smail = shipped("smail")
    today = date(2026, 11, 22)
    months = plans.months_to(plans.point(smail.phase("users"), 67), today)
    moved_plan = shift(smail, months)
    users = moved_plan.phase("users")
    assert (users.starts, users.ends) == (date(2026, 4, 1), date(2027, 2, 28))
    assert users.starts <= today <= users.ends
    assert from_document(to_document(moved_plan)) == moved_plan


@given(st.integers(-240, 240))
def test_phases_stay_on_month_boundaries_wherever_they_go(months):
    smail = shipped("smail")
    there = shift(smail, months)
    for phase in there.phases:
        assert phase.starts.day == 1
        assert (phase.ends + timedelta(days=1)).day == 1
    assert shift(there, -months) == smail


@given(st.dates(date(1995, 1, 1), date(2100, 1, 1)), st.dates(date(1995, 1, 1), date(2100, 1, 1)))
def test_the_nearest_whole_month_is_chosen(planned, wanted):
    assert abs(moved(planned, plans.months_to(planned, wanted)) - wanted).days <= 16


def paths_of(value, path=()):
    found = {path} if path else set()
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in pairs:
        found |= paths_of(each, (*path, key))
    return found


KEYS = st.sampled_from(["a", "b-c", "d_1", '"with space"', "'lit.eral'", '"esc\\u0041"'])
LEAVES = st.sampled_from(
    [
        "1",
        "true",
        "2022-01-01 10:00:00",
        '"#no"',
        '"a\\"]"',
        "'''x\ny'''",
        '"""a\n\\""" b"""""',
        "''",
        "-1.5e3",
        "'='",
    ]
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda each: "[ # note ]\n" + ",\n".join(each) + "\n]")
        | st.dictionaries(KEYS, inner, max_size=3).map(
            lambda each: "{ " + ", ".join(f"{key} = {value}" for key, value in each.items()) + " }"
        )
    ),
    max_leaves=6,
)
TABLES = st.lists(
    st.tuples(
        st.sampled_from(["[t.%s]", "[[ list.%s ]]", "[[deep]]\n[deep.%s]"]),
        st.dictionaries(KEYS, VALUES, max_size=3),
    ),
    max_size=4,
)


@given(TABLES)
def test_every_key_has_a_line_and_stands_on_it(tables):
    text = "first = 1 # = x\n"
    for number, (shape, values) in enumerate(tables):
        header = shape % ("one" if shape.startswith("[[ ") else f"n{number}")
        text += f"{header} # [not] = one\n" + "".join(f"  {key} = {value}\n" for key, value in values.items())
    lines = lines_of(text)
    assert set(lines) - {()} == paths_of(tomllib.loads(text))
    written = text.split("\n")
    for path, line in lines.items():
        if path and path[-1] in {"a", "b-c", "d_1", "with space", "lit.eral"}:
            assert path[-1] in written[line - 1]
