"""What courses know about a certificate that its own page can point to: its renewal."""

from flask import url_for
from flask_babel import gettext as _

from certificates import history
from certificates.history import Pointer
from certificates.register import Certificate
from courses.policy import may_see_renewal
from lms.people import Person


def of_renewal(certificate: Certificate, viewer: Person) -> list[Pointer]:
    """The page of the renewal, for a certificate with a last day."""
    if certificate.valid_until is None or not may_see_renewal(viewer, certificate):
        return []
    url = url_for("renewals.show", certificate_id=certificate.id)
    return [Pointer(_("Renewal: what counts and what is missing"), url)]


if of_renewal not in history.ASKED:
    history.ASKED.append(of_renewal)
