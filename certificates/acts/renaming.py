"""A change of name, or a name that was misspelt: another certificate in the place of the first, on the name of today.

The rule that matters most: nothing else changes. Days, content, who certified and by what right come from the stored
statement; the first certificate stays what it was, replaced by the second, which names it.
"""

from dataclasses import replace
from typing import Literal

from flask_babel import gettext as _
from sqlalchemy import select

from certificates import register
from certificates.acts import issuing, revoking, telling, wishes
from certificates.acts.revoking import CertificateDecision
from certificates.acts.wishes import CertificateWish
from certificates.register import Certificate
from certificates.statement import tidy
from lms import audit, clock, filters, people
from lms.db import db
from lms.people import Person
from lms.refusals import Refused, Stale

Reason = Literal["name", "spelling", "protected"]
LONGEST = 80
LONGEST_WHY = 300


def rename(
    certificate: Certificate,
    *,
    given_name: str = "",
    family_name: str = "",
    reason: Reason = "name",
    seen: str | None = None,
    by: Person,
) -> Certificate:
    """The same certificate on another name, which becomes the holder's name everywhere; she is told by mail.

    Somebody with a protected identity gets it on the alias, whatever is typed. Who sends it twice gets the same back.
    A wish that waits is answered by it. `seen` is the name that was wished for when the leader looked, empty for none.

    Refused: a name that is empty or too long (`name`), the name that it has already (`same`), a certificate that does
    not hold today (`not_valid`) or is under review (`under_review`), letters that cannot be shown (`glyphs`). Stale:
    the wish is another one by now, or somebody else has answered it (`wish`).
    """
    given_name, family_name = tidy(given_name), tidy(family_name)
    _lock(certificate)
    holder, statement = certificate.holder, register.statement_of(certificate)
    found = register.with_ground(ground(certificate))
    if found is not None and _typed(holder, given_name, family_name) == register.statement_of(found).holder_name:
        return found
    _check(certificate)
    if seen is not None:
        _check_seen(certificate, seen)
    if not holder.protected:
        _check_name(given_name, family_name)
        people.rename(holder, given_name, family_name, by=by)
    if holder.name == statement.holder_name:
        raise Refused(_("That is the name on the certificate already."), "same")
    draft = replace(statement, number=register.DRAFT, holder_name=holder.name)
    why = "protected" if holder.protected else reason
    wishes.answer([certificate], "renamed", by=by)
    made = issuing.reissue(certificate, draft, ground=ground(certificate), reason=why, by=by)
    _carry_decisions(certificate, made)
    details = {"before": certificate.number, "after": made.number, "reason": why}
    audit.record("certificate.renamed", made, by=by, details=details)
    telling.renamed(certificate, made)
    return made


def ask(certificate: Certificate, wanted: str, *, by: Person) -> None:
    """The holder asks for another name, in the place of what she asked for before: a task of the project leaders.

    They get a mail, once a day. Refused: an empty or long name (`name`), the one it has (`same`), a certificate that
    does not hold today (`not_valid`), a protected identity (`protected`): she is called by her alias.
    """
    wanted = tidy(wanted)
    if not wanted or len(wanted) > wishes.LONGEST:
        told = _("Write the name as it should stand, at most %(count)s characters.", count=wishes.LONGEST)
        raise Refused(told, "name")
    _lock(certificate)
    if certificate.holder.protected:
        raise Refused(_("A protected identity is never shown by name."), "protected")
    _check_holds(certificate)
    if wanted == register.statement_of(certificate).holder_name:
        raise Refused(_("That is the name on the certificate already."), "same")
    wishes.write(certificate, wanted)
    telling.name_asked(certificate)
    audit.record("certificate.name_asked", certificate, by=by)


def keep(certificate: Certificate, why: str, *, seen: str, by: Person) -> None:
    """The name stays; the holder gets a mail that says why, and nothing of it is kept here.

    Refused: no word or more than 300 characters (`why`). Stale `wish`: it is another wish than the one that was `seen`,
    or somebody else has answered it.
    """
    why = why.strip()
    if not why or len(why) > LONGEST_WHY:
        raise Refused(_("Write why the name stays, at most %(count)s characters.", count=LONGEST_WHY), "why")
    _lock(certificate)
    _check_seen(certificate, seen)
    if wishes.waiting(certificate) is None:
        raise Stale(_("Nobody asks for another name any more."), "wish")
    wishes.answer([certificate], "kept", by=by)
    telling.name_kept(certificate, why)
    audit.record("certificate.name_kept", certificate, by=by)


def _lock(certificate: Certificate) -> None:
    """Whoever asks, answers, renames or revokes stands in line, and sees what happened before."""
    db.session.execute(select(Certificate.id).where(Certificate.id == certificate.id).with_for_update())
    db.session.expire(certificate, ["events"])


def _check_seen(certificate: Certificate, seen: str) -> None:
    """Stale when the wish that waits is not the one on the screen."""
    wish = wishes.waiting(certificate)
    if wish is not None and wish.wanted != seen:
        raise Stale(_("The holder asks for another name since you looked: %(name)s", name=wish.wanted), "wish")
    if wish is None and seen:
        raise Stale(_answered(wishes.of(certificate)), "wish")


def _answered(wish: CertificateWish | None) -> str:
    if wish is None or wish.answered_by is None or wish.answered_at is None:
        return str(_("Nobody asks for another name any more."))
    name, day = wish.answered_by.name, filters.moment(wish.answered_at, filters.spoken())
    if wish.outcome == "kept":
        return str(_("%(name)s has answered already, %(day)s: the name stays.", name=name, day=day))
    return str(_("%(name)s has answered already, %(day)s.", name=name, day=day))


def proposed(certificate: Certificate) -> tuple[str, str]:
    """First and family name to begin with: what the holder asks for when she does, else what she is called.

    A wish is one text. What it shares with her name of today says where it is divided; else the family begins with the
    first small letter (von, af, de), or is the last word.
    """
    holder, wish = certificate.holder, wishes.waiting(certificate)
    if wish is None or wish.wanted is None:
        return holder.given_name, holder.family_name
    if (rest := wish.wanted.removeprefix(f"{holder.given_name} ")) != wish.wanted:
        return holder.given_name, rest
    if (rest := wish.wanted.removesuffix(f" {holder.family_name}")) != wish.wanted:
        return rest, holder.family_name
    words = wish.wanted.split(" ")
    begins = next((place for place, word in enumerate(words) if place and word[0].islower()), len(words) - 1)
    return " ".join(words[:begins]), " ".join(words[begins:])


def ground(certificate: Certificate) -> str:
    """What a certificate on another name is earned by: once for each certificate."""
    return f"name:{certificate.id}"


def _typed(holder: Person, given_name: str, family_name: str) -> str:
    return holder.name if holder.protected else " ".join(f"{given_name} {family_name}".split())


def _check(certificate: Certificate) -> None:
    _check_holds(certificate)
    if revoking.is_under_review(certificate):
        raise Refused(_("The certificate is under review. Decide about it first."), "under_review")


def _check_holds(certificate: Certificate) -> None:
    state = register.state(certificate, clock.today())
    if state == "replaced":
        raise Refused(_("A newer certificate has replaced it. Change the name on that one."), "not_valid")
    if state != "valid":
        raise Refused(_("Only a certificate that holds today can be issued in another name."), "not_valid")


def _check_name(given_name: str, family_name: str) -> None:
    if not (given_name.strip() or family_name.strip()):
        raise Refused(_("Write the name as it should stand."), "name")
    if max(len(given_name), len(family_name)) > LONGEST:
        raise Refused(_("Each name is at most %(count)s characters.", count=LONGEST), "name")


def _carry_decisions(before: Certificate, after: Certificate) -> None:
    """What was decided about the first, that it stands, holds for the second: nobody is asked again."""
    query = select(CertificateDecision).where(CertificateDecision.certificate_id == before.id)
    for decision in db.session.scalars(query).all():
        carried = CertificateDecision(
            certificate_id=after.id,
            event_id=decision.event_id,
            outcome=decision.outcome,
            at=decision.at,
            by_id=decision.by_id,
            note=decision.note,
        )
        db.session.add(carried)
    db.session.flush()
