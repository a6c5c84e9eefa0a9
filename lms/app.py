"""The composition root: settings, tables, views and commands become one application. Nobody else imports everything."""

import hashlib
import importlib
import os
import pkgutil
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from urllib.parse import quote

from babel.support import Translations
from flask import Flask, g, render_template, request, session
from flask.typing import ResponseReturnValue
from flask_babel import Babel, get_translations, gettext
from flask_bootstrap import Bootstrap5
from flask_login import LoginManager, current_user
from flask_wtf.csrf import CSRFError, CSRFProtect
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup
from sqlalchemy.exc import DataError, DBAPIError
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

import certificates.acts.issuing
import certificates.acts.revoking
import certificates.views
import certificates.views.checking
import certificates.views.verify
import config
import courses.assignments
import courses.attendance
import courses.background
import courses.consequences
import courses.enrolment
import courses.exemptions
import courses.horizontal
import courses.lessons
import courses.pointers
import courses.surveys
import courses.views
import lms.notes
import lms.views
from courses.views.navigation import navigation
from lms import accounts, clock, filters, jobs, message, text
from lms.bytecode import BesideTheTemplates
from lms.cookies import WITHOUT, CookiesForPeople
from lms.db import db, prepare_sqlite, reading, without_values
from lms.limits import limiter, seconds_left
from lms.packed import packed
from lms.people import Person
from lms.permissions import check_all_declared

PUBLICITY = {"sv": "Medfinansieras av Europeiska unionen", "en": "Co-funded by the European Union"}
CONTENT_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
STATIC = Path(__file__).parent / "static"
MOST_TYPED = 512 * 1024
"""Bytes of a form without files; parsing one is work that any stranger can ask for, before anything else is asked."""

csrf = CSRFProtect()
login = LoginManager()


def create_app(settings: config.Settings | None = None) -> Flask:
    """The application. Without settings they are read from the environment; raises SettingsError."""
    settings = settings or config.read(os.environ)
    settings.instance.mkdir(parents=True, exist_ok=True)
    app = Flask(
        "lms",
        instance_path=str(settings.instance),
        static_folder=str(STATIC),
        template_folder=str(config.ROOT / "templates"),
    )
    app.config.update(_flask_settings(settings))
    app.session_interface = CookiesForPeople()
    _start_database(app)
    Babel(app, locale_selector=language, default_translation_directories=str(STATIC.parent / "translations"))
    _start_limits(app)
    csrf.init_app(app)
    csrf.exempt(certificates.views.checking.bp)  # it changes nothing, and strangers have no cookie
    Bootstrap5().init_app(app)
    limiter.init_app(app)
    _start_sign_in(app)
    for package in (lms.views, certificates.views, courses.views):
        _register(app, package)
    _start_templates(app)
    _start_answers(app)
    jobs.connect(app)
    check_all_declared(app)
    if settings.secure:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    app.wsgi_app = certificates.views.verify.said_again(app)  # type: ignore[assignment, method-assign]
    return app


def _flask_settings(settings: config.Settings) -> dict[str, object]:
    return {
        "SETTINGS": settings,
        "SECRET_KEY": settings.secret_key,
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": {
            "pool_pre_ping": settings.database_url.startswith("postgresql"),
            "hide_parameters": True,  # an error in the log must not quote a code, an address or an answer
        },
        "MAX_CONTENT_LENGTH": 45 * 1024 * 1024,
        "MAX_FORM_MEMORY_SIZE": MOST_TYPED,
        "MAX_FORM_PARTS": 20_000,
        "SESSION_COOKIE_NAME": settings.cookie,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.secure,
        "SESSION_REFRESH_EACH_REQUEST": False,
        "WTF_CSRF_TIME_LIMIT": None,
        "BABEL_DEFAULT_LOCALE": "sv",
        "BOOTSTRAP_SERVE_LOCAL": True,
        "SEND_FILE_MAX_AGE_DEFAULT": 31_536_000,
        "RATELIMIT_ENABLED": not settings.testing,
        "RATELIMIT_STORAGE_URI": "swept://",
        "TESTING": settings.testing,
        "PROPAGATE_EXCEPTIONS": settings.testing,
    }


def _start_database(app: Flask) -> None:
    db.init_app(app)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            prepare_sqlite(db.engine)

    @app.before_request
    def _how_to_begin() -> None:
        reading(only=request.method in ("GET", "HEAD", "OPTIONS"))

    @app.teardown_request
    def _forget_how(_error: BaseException | None) -> None:
        reading(only=False)


def _start_limits(app: Flask) -> None:
    """Only files may be large: the settings of Flask limit the fields of a form with files and no other form."""

    @app.before_request
    def _small_forms() -> None:
        if request.mimetype != "multipart/form-data":
            request.max_content_length = MOST_TYPED


def _start_sign_in(app: Flask) -> None:
    login.init_app(app)
    login.session_protection = None  # the token in the cookie is the proof; addresses change on the road

    @login.user_loader  # type: ignore[untyped-decorator]
    def _load(token: str) -> Person | None:
        return accounts.person_of(token)


def _register(app: Flask, package: ModuleType) -> None:
    """Every module of a views package that has a blueprint is part of the site."""
    for found in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{found.name}")
        if hasattr(module, "bp"):
            app.register_blueprint(module.bp)


def language() -> str:
    """The language of this request: the person's, else the browser session's, else Swedish."""
    if not request:
        return "sv"
    if "language" in g:  # the page shows what was worded in this language
        return str(g.language)
    if request.path.startswith(WITHOUT):
        return filters.preferred(request.accept_languages)
    if current_user and current_user.is_authenticated:
        return str(current_user.language)
    return session.get("language") or filters.preferred(request.accept_languages)


@lru_cache(maxsize=64)
def _stamped(filename: str) -> str:
    """The address of a file below the static folder, with a stamp that changes when its content does."""
    return f"{quote(filename)}?v={hashlib.sha256((STATIC / filename).read_bytes()).hexdigest()[:10]}"


def _translator() -> Callable[..., str]:
    """`_` of the templates: what Flask-Babel's does, with the catalogue of each language looked up once."""
    catalogues: dict[str, Translations] = {}

    @pass_eval_context
    def translate(context: EvalContext, words: str, /, **values: object) -> str:
        spoken = filters.spoken()
        if spoken not in catalogues:
            catalogues[spoken] = get_translations()
        told = catalogues[spoken].ugettext(words)
        told = Markup(told) if context.autoescape else told  # noqa: S704  our own words, as Jinja treats them
        return told % values if "%" in told else told

    return translate


def _start_templates(app: Flask) -> None:
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.bytecode_cache = BesideTheTemplates()
    app.jinja_env.globals["asset"] = lambda name: f"{request.script_root}{app.static_url_path}/{_stamped(name)}"
    app.jinja_env.globals["_"] = _translator()
    for name in ("day", "plain_day", "short_day", "clock", "hours", "number"):
        app.jinja_env.filters[name] = _localised(name)
    app.jinja_env.filters["month"] = lambda first: filters.month(first.year, first.month, filters.spoken())
    app.jinja_env.filters["paragraphs"] = text.paragraphs
    app.jinja_env.filters["markdown"] = text.safe_html
    app.jinja_env.filters["message"] = _worded

    @app.context_processor
    def _everywhere() -> dict[str, object]:
        person = lms.views.me() if current_user and current_user.is_authenticated else None
        spoken = language()
        return {
            "language": spoken,
            "stranger": app.session_interface.is_null_session(session),
            "theme": person.theme if person else "",
            "publicity": PUBLICITY[spoken],
            "navigation": navigation(person) if person else [],
            "footer_project": getattr(g, "footer_project", ""),
            "demo": app.config["SETTINGS"].demo,
            "today": clock.today(),
        }


def _worded(told: object) -> object:
    """A message of pure code in the language of the request; anything else as it is."""
    return told.render(gettext) if isinstance(told, message.Message) else told


def _localised(name: str) -> object:
    function = getattr(filters, name)
    if name == "clock":
        return function
    return lambda value: function(value, filters.spoken())


def _start_answers(app: Flask) -> None:
    always = HEADERS | ({"Strict-Transport-Security": "max-age=31536000"} if app.config["SETTINGS"].secure else {})

    @app.after_request
    def _headers(response):  # type: ignore[no-untyped-def]
        headers = response.headers
        given = {name.lower() for name, _value in headers}
        for name, value in always.items():
            if name.lower() not in given:
                headers.add(name, value)
        if response.status_code < 400 and (request.endpoint or "").endswith("static"):
            return packed(request, response)
        headers.setdefault("Cache-Control", "no-store")  # errors too: they show the menu
        return response

    @app.errorhandler(CSRFError)
    def _csrf(_error: CSRFError) -> ResponseReturnValue:
        return render_template("errors/csrf.html"), 400

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> ResponseReturnValue:
        db.session.rollback()
        code = error.code or 500
        known = code if code in (400, 403, 404, 405, 413, 429, 500) else 400
        headers = {"Retry-After": str(seconds_left())} if code == 429 else {}
        return render_template(f"errors/{known}.html", reason=g.get("refused", "")), code, headers

    @app.errorhandler(OverflowError)
    @app.errorhandler(DataError)
    def _unreadable(_error: Exception) -> ResponseReturnValue:
        """A number or text that no column can hold: what came in is wrong, not the application."""
        db.session.rollback()
        return render_template("errors/400.html", reason=""), 400

    @app.errorhandler(Exception)
    def _crash(error: Exception) -> ResponseReturnValue:
        db.session.rollback()
        if app.testing:
            raise error
        if isinstance(error, DBAPIError):
            app.logger.error("unexpected error in %s: %s", request.endpoint, without_values(error))
        else:
            app.logger.exception("unexpected error in %s", request.endpoint)
        return render_template("errors/500.html"), 500
