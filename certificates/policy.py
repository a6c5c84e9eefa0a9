"""Who may do what with certificates: one page. What is printed on a certificate anybody may check at /v/<code>."""

from collections.abc import Sequence

from flask_babel import gettext as _

from certificates import register
from certificates.register import Certificate
from lms.people import Person, has_role
from lms.permissions import Answer, yes_if


def may_see_certificate(person: Person, certificate: Certificate) -> Answer:
    """Download the PDF: the holder, who issued it, and the project leader.

    One that names somebody whose identity was protected later is no longer for who issued it.
    """
    return yes_if(
        seen_by(person, [certificate]),
        _("Only the holder, the issuer and the project leader may open this certificate."),
    )


def seen_by(person: Person, certificates: Sequence[Certificate]) -> list[Certificate]:
    """Those of many that the person may open; each project is asked for once."""
    of_others = {each.project_dnr: each for each in certificates if person.id != each.holder_id}
    led = {dnr for dnr, each in of_others.items() if _leads_project_of(person, each)}
    return [
        each
        for each in certificates
        if person.id == each.holder_id
        or each.project_dnr in led
        or (person.id == each.issued_by_id and not register.tells_protected_name(each))
    ]


def may_revoke(person: Person, certificate: Certificate) -> Answer:
    """Revoke: the project leader."""
    return yes_if(_leads_project_of(person, certificate), _("Only the project leader may revoke a certificate."))


def may_rename(person: Person, certificate: Certificate) -> Answer:
    """Issue it on another name: the project leader, but nobody her own."""
    return yes_if(
        _leads_project_of(person, certificate) and person.id != certificate.holder_id,
        _("Only the project leader issues a certificate in another name, and nobody their own."),
    )


def may_present(person: Person, certificate: Certificate) -> Answer:
    """Choose what strangers read of the name: the holder."""
    return yes_if(person.id == certificate.holder_id, _("Only the holder chooses what strangers see."))


def _leads_project_of(person: Person, certificate: Certificate) -> bool:
    project = register.project_of(certificate)
    return project is not None and has_role(person, "project_leader", project_id=project.id)
