"""The shell every screen stands in, rendered in a small application without database or people."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import flask_bootstrap
import pytest
from flask import Flask, flash, render_template, render_template_string, url_for
from flask_babel import Babel
from flask_bootstrap import Bootstrap5
from flask_wtf import FlaskForm
from flask_wtf.csrf import CSRFProtect
from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    DateField,
    FieldList,
    PasswordField,
    RadioField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Optional
from wtforms.widgets import CheckboxInput, ListWidget

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "lms" / "static"
TEMPLATES = ROOT / "templates"
UI = "{% import 'macros/ui.html' as ui %}"
FORMS = "{% import 'macros/forms.html' as forms %}"
ENDPOINTS = {"home.index": "/", "accounts.settings": "/settings", "accounts.sign_in": "/sign-in",
             "accounts.sign_out": "/sign-out", "accounts.language": "/language",
             "public.accessibility": "/accessibility", "public.privacy": "/privacy", "public.help": "/help"}
EU_TEXT = "Medfinansieras av Europeiska unionen"


class Everything(FlaskForm):  # type: ignore[misc]
    """One field of every kind that a screen may show."""

    name = StringField("Name", [InputRequired("Write a name")], description="As on the certificate")
    note = TextAreaField("Note", [Optional()])
    place = SelectField("Place", choices=[SelectChoice("h", "Heby"), SelectChoice("t", "Tierp")])
    level = RadioField("Level", [InputRequired("Choose a level")],
                       choices=[SelectChoice("a", "One"), SelectChoice("b", "Two")])
    days = SelectMultipleField("Days", choices=[SelectChoice("1", "Monday"), SelectChoice("2", "Tuesday")],
                               option_widget=CheckboxInput(), widget=ListWidget(prefix_label=False))
    starts = DateField("Starts", [InputRequired("Write a date")])
    paper = FileField("Paper")
    agree = BooleanField("Agree")
    code = PasswordField("Code")
    lines = FieldList(StringField("Line", [InputRequired("Write a line")]), min_entries=2)


@pytest.fixture
def app() -> Iterator[Flask]:
    app = Flask("shell", template_folder=str(TEMPLATES), static_folder=str(STATIC), static_url_path="/static")
    app.config.update(SECRET_KEY="test", TESTING=True, BABEL_DEFAULT_LOCALE="en")
    Babel(app)
    Bootstrap5(app)
    CSRFProtect(app)
    for endpoint, rule in ENDPOINTS.items():
        app.add_url_rule(rule, endpoint, lambda: "")
    app.jinja_env.globals["asset"] = lambda filename: url_for("static", filename=filename, v="1")
    with app.test_request_context("/runs?page=2"):
        yield app


def render(source: str, **values: Any) -> str:
    return render_template_string(source, **values)


def person(name: str = "Elin Forsman") -> SimpleNamespace:
    return SimpleNamespace(name=name, is_authenticated=True)


def page(**values: Any) -> str:
    values = {"publicity": EU_TEXT, "current_user": person(), "language": "sv", **values}
    source = "{% extends 'base.html' %}{% block title %}Runs{% endblock %}"
    source += "{% block main %}<h1>Runs</h1>{% endblock %}"
    return render(source, **values)


# base.html


def test_page_says_who_pays_before_the_content(app: Flask) -> None:
    html = page()
    assert html.index(EU_TEXT) < html.index("<main")
    assert html.index('eu.svg?v=1') < html.index(EU_TEXT)


def test_page_of_a_person(app: Flask) -> None:
    menu = [("Runs", "/runs", True), ("Goals", "/goals", False)]
    html = page(navigation=menu, footer_project="Project X", theme="dark")
    assert '<html lang="sv" data-bs-theme="dark">' in html
    assert "Elin Forsman" in html
    assert '<a href="/runs" aria-current="page">Runs</a>' in html
    assert '<a href="/goals">Goals</a>' in html
    assert re.search(r'method="post" action="/sign-out"><input type="hidden" name="csrf_token" value', html)
    assert '<a class="skip" href="#content">' in html
    assert '<main id="content" tabindex="-1">' in html
    assert 'name="next" value="/runs?page=2"' in html
    assert "Project X" in html
    assert "/demo" not in html


def test_page_of_a_stranger_offers_sign_in_and_no_menu(app: Flask) -> None:
    html = page(current_user=SimpleNamespace(is_authenticated=False))
    assert 'href="/sign-in"' in html
    assert "/sign-out" not in html
    assert "<nav" not in html


def test_everything_the_page_loads_is_served(app: Flask) -> None:
    loaded = re.findall(r'(?:<link[^>]+href|<script src|<img[^>]+src)="([^"]+)"', page())
    assert len(loaded) == 5
    for address in loaded:
        with app.test_client().get(address) as response:
            assert response.status_code == 200, address


def test_demo_says_so_and_leads_to_persons_and_mail(app: Flask) -> None:
    html = page(demo=True)
    assert 'href="/demo"' in html
    assert 'href="/demo/outbox"' in html


def test_english_page_has_the_english_text(app: Flask) -> None:
    html = page(language="en", publicity="Co-funded by the European Union")
    assert '<span class="eu-text">Co-funded by the European Union</span>' in html
    assert ">Svenska</button>" in html


def test_flash_is_a_note_in_a_status_region_and_escaped(app: Flask) -> None:
    flash("<b>Saved</b>", "success")
    flash(("Not sent", "Try again"), "error")
    html = page()
    assert 'role="status"' in html
    assert '<div class="note klar">' in html
    assert "&lt;b&gt;Saved" in html
    assert "<p>Try again</p>" in html


def test_a_page_can_do_without_cookie(app: Flask) -> None:
    html = render("{% extends 'base.html' %}{% block language_switch %}{% endblock %}",
                  publicity=EU_TEXT)
    assert "csrf_token" not in html


# macros/ui.html


@pytest.mark.parametrize("state", ["klar", "pagar", "saknas", "kommande", "utgar", "okand"])
def test_state_has_shape_and_word(app: Flask, state: str) -> None:
    html = render(UI + "{{ ui.pearl(s) }}{{ ui.chip(s) }}{{ ui.chip(s, 'Own word') }}", s=state)
    assert html.count('aria-hidden="true"') == 3
    assert "Own word" in html
    assert re.search(r"</svg>\w[\w ]+</span>", html)


def test_every_icon_draws_something(app: Flask) -> None:
    source = (TEMPLATES / "macros" / "ui.html").read_text()
    icons = re.findall(r"name == '(\w+)'", source)
    assert len(icons) > 15
    for name in icons:
        assert re.search(r"<(path|circle|rect)", render(UI + "{{ ui.icon(n) }}", n=name)), name


def test_beads_count_people(app: Flask) -> None:
    html = render(UI + "{{ ui.beads(145, 96, '96 of 145', extra={144: 'bad'}, goal=20) }}")
    assert html.count("<circle") == 145
    assert html.count('class="bd on"') == 96
    assert html.count('class="bd bad"') == 1
    assert 'role="img" aria-label="96 of 145"' in html
    assert "bd-part" in render(UI + "{{ ui.beads(10, 7, part=0.6) }}")
    assert "aria-label" not in render(UI + "{{ ui.beads(0, 0, decor=true) }}")


def test_string_is_an_ordered_list_in_real_order(app: Flask) -> None:
    steps = [{"title": f"Step {n}", "state": "kommande", "meta": "4 h", "chip": "Later", "url": f"/s/{n}",
              "current": n == 1, "clasp": n == 4} for n in range(5)]
    html = render(UI + "{{ ui.string(steps, slack=true) }}", steps=steps)
    assert re.findall(r">(Step \d)<", html) == [f"Step {n}" for n in range(5)]
    assert html.count('aria-current="step"') == 1
    assert re.findall(r"sag-(\d+)", html) == ["4", "10", "11", "10", "4"]
    assert "slack" not in render(UI + "{{ ui.string(steps, slack=true) }}", steps=steps * 2)


def test_next_step_has_one_white_button(app: Flask) -> None:
    html = render(UI + "{{ ui.lake('Confirm', 'Half a minute', '/c', 'Confirm my time', '/no', 'Wrong', "
                       "then={'title': 'Write', 'text': 'Until Friday', 'url': '/w', 'label': 'Go on'}) }}")
    assert html.count("btn-pearl") == 1
    assert html.count("btn-line") == 1
    assert 'aria-labelledby="next"' in html


def test_cards_keep_roles_and_labels(app: Flask) -> None:
    html = render(UI + """
      {% call(r) ui.cards('Runs', ['Place', ('Hours', 'num'), ('Action', 'hidden')], rows) -%}
      {{ ui.row_head(r[0], '/r', 'sub') }}{{ ui.cell('Hours', r[1], 'num') }}
      {% call ui.cell('') %}<a href="/x">Open</a>{% endcall %}
      {%- endcall %}""", rows=[("Heby", 12), ("<i>", 4)])
    assert html.count('role="row"') == 3
    assert html.count('data-label="Hours"') == 2
    assert '<th role="columnheader" scope="col" class="num">Hours</th>' in html
    assert "&lt;i&gt;" in html


def test_pager_keeps_the_filter_and_is_silent_for_one_page(app: Flask) -> None:
    html = render(UI + "{{ ui.pager(2, 3, '/people?q=a') }}")
    assert 'href="/people?q=a&amp;page=1"' in html
    assert 'href="/people?q=a&amp;page=3"' in html
    assert render(UI + "{{ ui.pager(1, 1, '/people') }}").strip() == ""


def test_small_parts(app: Flask) -> None:
    html = render(UI + """
      {{ ui.crumbs([('Runs', '/runs')], 'Heby') }}{{ ui.empty('Nothing', 'Later', '/h', 'Help') }}
      {{ ui.figure(96, 145, 'certified') }}{{ ui.logo() }}
      {{ ui.node('Eva', 'Heby', 'klar', '/p/1', 'utgar', 'Soon', 7, '7 users') }}
      {% call ui.note('pagar', 'Draft', 3) %}<p>Kept</p>{% endcall %}{{ ui.note('', 'Alone') }}""")
    assert '<a href="/runs">Runs</a>' in html
    assert 'aria-current="page">Heby' in html
    assert "<p class=\"big\">96 <small>of 145 certified</small></p>" in html
    assert "7 users" in html
    assert "<h3>Draft</h3><p>Kept</p>" in html


def test_post_button_carries_token_and_fields(app: Flask) -> None:
    html = render(UI + "{{ ui.post_button('/x', 'Remind', icon_name='mail', about='Heby', run=7) }}")
    assert 'name="csrf_token"' in html
    assert '<input type="hidden" name="run" value="7">' in html
    assert "visually-hidden" in html


# macros/forms.html


ALL_FIELDS = FORMS + """{% call forms.form_tag(form, '/save') %}
  {{ forms.field(form.name, autocomplete='name') }}{{ forms.field(form.note, rows=4) }}
  {{ forms.select(form.place) }}{{ forms.segments(form.level, {'a': ('klar', 'check', 'h')}) }}
  {{ forms.field(form.days) }}{{ forms.date(form.starts) }}{{ forms.upload(form.paper, accept='.pdf') }}
  {{ forms.field(form.agree) }}
  {{ forms.time(form.code) }}{{ forms.field(form.lines[0]) }}{{ forms.submit('Save', '/back') }}
  {% endcall %}"""


def test_form_shows_every_kind_of_field(app: Flask) -> None:
    form = Everything(meta={"csrf": True})
    html = render(ALL_FIELDS, form=form)
    assert 'enctype="multipart/form-data"' in html
    assert html.count('name="csrf_token"') == 1
    assert 'role="alert"' not in html
    assert '<p class="form-text" id="name-h">As on the certificate</p>' in html
    assert 'aria-describedby="name-h"' in html
    assert 'inputmode="numeric"' in html
    assert not re.search(r'type="(date|time)"| required|aria-invalid', html)
    assert "optional" in html


def test_wrong_form_is_explained_twice_and_keeps_what_was_typed(app: Flask) -> None:
    typed = {"starts": "in May", "note": "kept", "lines-0": "x"}
    with app.test_request_context("/", method="POST", data=typed):
        form = Everything(meta={"csrf": False})
        assert not form.validate()
        html = render(ALL_FIELDS, form=form)
    summary = html[html.index('role="alert"'):html.index("</ul>")]
    expected = {"name": "Write a name", "level-0": "Choose a level", "lines-1": "Write a line"}
    for target, words in expected.items():
        assert f'<a href="#{target}">{words}</a>' in summary
    assert 'id="level-0"' in html
    assert 'tabindex="-1"' in summary
    assert 'value="in May"' in html
    assert "kept</textarea>" in html
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="name-h name-e"' in html
    assert html.index('id="name-e"') < html.index('id="name" name="name"')
    assert "5 things to correct" in html


def test_form_without_object_has_a_token_and_get_has_none(app: Flask) -> None:
    source = FORMS + "{% call forms.form_tag(none, '/x', method) %}{% endcall %}"
    assert 'name="csrf_token"' in render(source, method="post")
    assert "csrf_token" not in render(source, method="get")


def test_likert_sets_the_way_out_apart(app: Flask) -> None:
    answers = [(1, "No"), (5, "Yes")]
    html = render(FORMS + "{{ forms.likert('q1', 'Useful?', answers, 5, (0, 'Pass'), ['Choose']) }}", answers=answers)
    assert html.count('type="radio"') == 3
    assert html.count(" checked") == 1
    assert 'class="dontknow"' in html
    assert 'aria-describedby="q1-e"' in html


# Whole pages


class Report(FlaskForm):  # type: ignore[misc]
    """What the accessibility page asks for."""

    message = TextAreaField("Message", [InputRequired("Write what stopped you")])
    contact = StringField("Contact", [Optional()])


@pytest.mark.parametrize("code", ["400", "403", "404", "405", "413", "429", "500", "csrf"])
def test_error_says_what_happened_and_what_to_do(app: Flask, code: str) -> None:
    html = render_template(f"errors/{code}.html", publicity=EU_TEXT)
    assert html.count("<h1>") == 1
    assert "What you can do" in html
    assert EU_TEXT in html


def test_refusal_shows_its_reason(app: Flask) -> None:
    assert "&lt;It has expired" in render_template("errors/403.html", reason="<It has expired")


def test_fault_page_touches_neither_person_nor_session(app: Flask) -> None:
    html = render_template("errors/500.html", current_user=person(), navigation=[("Runs", "/runs", True)])
    assert "Elin" not in html
    assert "csrf_token" not in html
    assert "/runs" not in html


@pytest.mark.parametrize("name", ["index", "accessibility", "privacy", "help"])
def test_public_page_has_one_heading_and_no_repeated_id(app: Flask, name: str) -> None:
    html = render_template(f"lms/{name}.html", form=Report(meta={"csrf": False}), demo=True)
    assert html.count("<h1>") == 1
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'aria-labelledby="([^"]+)"', html)) <= set(ids)


def test_front_page_signs_in_checks_a_certificate_and_shows_the_demo_only_in_demo(app: Flask) -> None:
    html = render_template("lms/index.html", demo=True)
    assert 'action="/verify" method="post"' in html
    assert 'name="code"' in html
    assert "Step into the demo" in html
    assert "/demo" not in render_template("lms/index.html")


def test_front_page_with_everything_it_loads_is_light(app: Flask) -> None:
    """Issue: a whole home page in 60 kB gzipped; a third is left to the content of signed-in homes."""
    bootstrap = Path(flask_bootstrap.__file__).parent / "static/bootstrap5/css/bootstrap.min.css"
    own = [STATIC / name for name in ("theme.css", "parlband.js", "eu.svg", "favicon.svg")]
    parts = [render_template("lms/index.html", demo=True).encode(), *(p.read_bytes() for p in [bootstrap, *own])]
    assert sum(len(gzip.compress(part, 6)) for part in parts) < 48_000
    assert (STATIC / "theme.css").stat().st_size < 45_000
