"""The proof of the ledger on screen: its end, what the newest verification found, and a button for the next."""

from flask import Blueprint, flash, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from courses import attendance, proof
from courses.policy import may_see_ledger
from courses.proof import words
from courses.proof.witnesses import Finding
from lms.audit import Audit
from lms.db import db
from lms.permissions import guarded
from lms.views import me, see

bp = Blueprint("ledger", __name__)


@bp.get("/ledger")
@guarded(may_see_ledger)
def show() -> ResponseReturnValue:
    """Where the chain ends, and what was found when it was last recomputed. Numbers only: no names, no hours."""
    last = proof.last()
    return render_template(
        "courses/ledger.html",
        entries=proof.count(),
        head=attendance.head(),
        last=last,
        findings=_findings(last),
        waits=proof.waits(),
    )


@bp.post("/ledger")
@guarded(may_see_ledger)
def verify() -> ResponseReturnValue:
    """Recompute it now, or leave a large one to the worker."""
    if proof.count() > proof.SMALL:
        proof.ask(by=me())
        told, state = _("The verification begins within a minute. Look here again in a while."), "info"
    else:
        found = proof.prove()
        proof.keep(found, by=me())
        whole = _("The ledger is verified: nothing is wrong"), "success"
        told, state = (_("Something in the ledger is wrong. It is listed below."), "error") if found.findings else whole
    db.session.commit()
    flash(told, state)
    return see(url_for(".show"))


def _findings(last: Audit | None) -> list[dict[str, object]]:
    """What the newest proof found first, in words."""
    kept = [Finding(*each) for each in last.details["findings"]] if last else []
    return [
        {
            "entry": each.entry_id,
            "person": each.person_id,
            "witness": words.witness(each, _),
            "told": words.told(each, _),
        }
        for each in kept
    ]
