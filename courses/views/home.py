"""The front page: what the product is for a stranger; for everybody else what there is to do today."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user

from lms.permissions import public

bp = Blueprint("home", __name__)


@bp.get("/")
@public
def index() -> ResponseReturnValue:
    """`/`: the public page, or the home of who is signed in."""
    if not current_user.is_authenticated:
        return render_template("lms/index.html")
    return render_template("courses/home.html")
