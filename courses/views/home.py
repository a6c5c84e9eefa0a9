"""The front page: what the product is for a stranger; for everybody else what there is to do today."""

from flask import Blueprint, current_app, render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user

from courses.today import home_of
from courses.views import pearls
from lms.permissions import public
from lms.views import me

bp = Blueprint("home", __name__)
TREE = "cascade.show"


@bp.get("/")
@public
def index() -> ResponseReturnValue:
    """`/`: the public page, or the home of who is signed in."""
    if not current_user.is_authenticated:
        return render_template("lms/index.html")
    home = home_of(me())
    learning = home.learning
    steps = pearls.steps(learning.run, learning.progress) if learning and learning.run and learning.progress else []
    tree = TREE if TREE in current_app.view_functions else ""
    return render_template("courses/home/index.html", home=home, steps=steps, tree=tree)
