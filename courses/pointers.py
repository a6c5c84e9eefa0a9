"""What courses know about a certificate that its own page can point to: its renewal."""

from flask import url_for
from flask_babel import gettext as _

from certificates import register
from certificates.acts import history
from certificates.acts.history import Pointer
from certificates.register import Certificate
from courses.policy import may_see_renewal
from lms import clock
from lms.people import Person


def of_renewal(certificate: Certificate, viewer: Person) -> list[Pointer]:
    """The page of the renewal, for a certificate with a last day that nobody has revoked or replaced."""
    if certificate.valid_until is None or register.state(certificate, clock.today()) in ("revoked", "replaced"):
        return []
    if not may_see_renewal(viewer, certificate):
        return []
    url = url_for("renewals.show", certificate_id=certificate.id)
    return [Pointer(_("Renewal: what counts and what is missing"), url)]


if of_renewal not in history.ASKED:
    history.ASKED.append(of_renewal)
