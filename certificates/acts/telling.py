"""The mails about certificates that were revoked, doubted, kept or replaced; to the holders and the project leaders.

The rule that matters most: who is only doubted reads in the first line that the certificate is not revoked.
"""

from collections.abc import Sequence

from certificates import words
from certificates.proof.credentials import base_url
from certificates.register import Certificate, CertificateEvent, project_of
from lms import clock, mail
from lms.people import Person, holders


def revoked(certificate: Certificate, event: CertificateEvent) -> None:
    """The holder is told that the certificate no longer holds, and why in general terms."""
    key = f"revoked:{certificate.id}"
    mail.enqueue(certificate.holder, "revoked", key=key, certificate=certificate, event=event, words=words)


def doubted(certificate: Certificate, event: CertificateEvent, under: Sequence[Certificate]) -> None:
    """The holders of what was issued under it hear that theirs is looked at; the project leaders what to decide."""
    for each in under:
        mail.enqueue(each.holder, "doubted", key=f"doubted:{event.id}:{each.id}", certificate=each, url=page_of(each))
    project = project_of(certificate)
    url = f"{base_url()}/projects/{project.id}/certificates-under-review" if project else ""
    for leader in leaders_of(certificate):
        mail.enqueue(
            leader, "revoked_leader", key=f"revoked-leader:{event.id}:{leader.id}", certificate=certificate,
            count=len(under), url=url,
        )  # fmt: skip


def kept(certificate: Certificate, event: CertificateEvent) -> None:
    """The holder is told that the certificate stands and that there is a new file."""
    key, url = f"certificate-kept:{event.id}:{certificate.id}", page_of(certificate)
    mail.enqueue(certificate.holder, "certificate_kept", key=key, certificate=certificate, url=url)


def renamed(before: Certificate, after: Certificate) -> None:
    """The holder is told that there is a certificate on the new name."""
    key, url = f"renamed:{after.id}", page_of(after)
    mail.enqueue(after.holder, "renamed", key=key, certificate=after, before=before, url=url)


def renewed(before: Certificate, after: Certificate) -> None:
    """The holder is told that there is a certificate for another period."""
    key, url = f"renewed:{after.id}", page_of(after)
    mail.enqueue(after.holder, "renewed", key=key, certificate=after, before=before, url=url)


def name_asked(certificate: Certificate) -> None:
    """The project leaders are told that somebody wants another name, and where it stands; the mail does not say it."""
    url = f"{page_of(certificate)}/name"
    for leader in leaders_of(certificate):
        if leader.id != certificate.holder_id:
            key = f"name-asked:{certificate.id}:{clock.today()}:{leader.id}"
            mail.enqueue(leader, "name_asked", key=key, certificate=certificate, url=url)


def name_kept(certificate: Certificate, why: str) -> None:
    """The holder is told that the name stays, and why."""
    key, url = f"name-kept:{certificate.id}:{clock.now().isoformat()}", page_of(certificate)
    mail.enqueue(certificate.holder, "name_kept", key=key, certificate=certificate, why=why, url=url)


def page_of(certificate: Certificate) -> str:
    """The address of the certificate for who is signed in."""
    return f"{base_url()}/certificates/{certificate.id}"


def leaders_of(certificate: Certificate) -> list[Person]:
    """The leaders of the project that the certificate is from."""
    project = project_of(certificate)
    return holders("project_leader", project_id=project.id) if project else []
