"""What the page says of each state: by itself, through the link above it, after decisions, and at midnight."""

from datetime import UTC, date, datetime, timedelta

from flask import Flask
from flask.testing import FlaskClient

from certificates import register
from certificates.acts import issuing, revoking
from certificates.acts.revoking import CertificateDecision
from certificates.answering.verification import entries, judged
from certificates.register import Certificate
from lms import clock
from lms.db import db
from lms.people import Person
from tests.certificates.test_register import draft
from tests.certificates.test_verify import DAY, chain, page
from tests.factories import make_person


def english(client: FlaskClient, code: str, days: int = 0) -> str:
    """The page in English, some days later."""
    with clock.moved(clock.now() + timedelta(days=days)):
        return page(client, code, **{"Accept-Language": "en"})


def links(code: str, on: date) -> list[tuple[str, str]]:
    """What each link of the chain was and is, the first of all first and the certificate itself last."""
    db.session.commit()
    known = judged(entries(code), on)
    assert known is not None
    return [(link.then, link.now) for link in (*known.above, known.subject)]


def decide(certificate: Certificate, above: Certificate, outcome: str) -> None:
    """A decision about a certificate whose link above was revoked."""
    event = register.revocation(above)
    assert event is not None
    made = CertificateDecision(
        certificate_id=certificate.id, event_id=event.id, outcome=outcome, at=clock.now(), by_id=certificate.holder_id
    )
    db.session.add(made)


def test_a_revoked_trainer_puts_the_certificate_under_review(app: Flask, client: FlaskClient) -> None:
    made, own, _holder, _trainer = chain()
    assert "In force on the day of issue below and today." in english(client, made.code)
    with clock.moved(clock.now() + timedelta(days=1)):
        revoking.revoke(own, reason_code="conduct", by=make_person())
        told = english(client, made.code)
    assert "The certificate is under review" in told
    assert 'class="verdict pagar"' in told
    assert "In force on the day of issue below, revoked since 13 October 2022." in told
    assert "Whether the certificate below stands is being decided." in told
    assert "Samordningsförbundet Uppsala län is deciding whether this one stands" in told
    assert links(made.code, DAY + timedelta(days=1)) == [("valid", "revoked"), ("valid", "review")]
    assert links(made.code, DAY) == [("valid", "valid"), ("valid", "valid")], "the day before, nothing had happened"


def test_what_was_decided_counts(app: Flask, client: FlaskClient) -> None:
    made, own, _holder, _trainer = chain()
    other = issuing.issue(draft(), holder=make_person(), ground="v", issuer_certificate=own, by=own.holder)
    with clock.moved(clock.now() + timedelta(days=1)):
        revoking.revoke(own, reason_code="conduct", by=make_person())
    with clock.moved(clock.now() + timedelta(days=2)):
        decide(made, own, "keep")
        decide(other, own, "revoke")
        told = english(client, other.code)
        assert "The certificate is under review" in told, "until it is revoked itself, nobody says that it holds"
        revoking.revoke(other, reason_code="grounds", by=make_person())
        told = english(client, other.code)
        assert "Revoked certificate" in told
        assert "The certificate below was revoked as well." in told
        told = english(client, made.code)
        assert "Valid certificate" in told
        assert "Confirmed by Samordningsförbundet Uppsala län on 14 October 2022." in told
        assert "The certificate below was reviewed and stands since 14 October 2022." in told


def test_a_decision_about_one_says_nothing_about_the_next(app: Flask, client: FlaskClient) -> None:
    made, own, _holder, _trainer = chain()
    other = issuing.issue(draft(), holder=make_person(), ground="v", issuer_certificate=own, by=own.holder)
    revoking.revoke(own, reason_code="conduct", by=make_person())
    decide(made, own, "keep")
    assert "Valid certificate" in english(client, made.code)
    assert "The certificate is under review" in english(client, other.code)
    assert [revoking.is_under_review(each) for each in (made, other, own)] == [False, True, False], "one rule"


def test_three_links_and_each_is_judged_by_the_one_above_it(app: Flask, client: FlaskClient) -> None:
    county, trainer, user = make_person("Tomas Rydell"), make_person("Eva Dahlgren"), make_person()
    first = issuing.issue(draft(level="trainer"), holder=county, ground="c", issuer_certificate=None, by=county)
    own = issuing.issue(draft(level="trainer"), holder=trainer, ground="t", issuer_certificate=first, by=county)
    made = issuing.issue(draft(), holder=user, ground="u", issuer_certificate=own, by=trainer)
    with clock.moved(clock.now() + timedelta(days=1)):
        revoking.revoke(first, reason_code="holder", by=county)
    later = DAY + timedelta(days=1)
    assert links(own.code, later) == [("valid", "revoked"), ("valid", "review")]
    assert links(made.code, later) == [("valid", "revoked"), ("valid", "review"), ("valid", "valid")]
    told = english(client, made.code, days=1)
    assert "In force on the day of issue below, itself under review since 13 October 2022." in told


def test_an_expired_trainer_hurts_nothing(app: Flask, client: FlaskClient) -> None:
    trainer = make_person()
    own = issuing.issue(
        draft(level="trainer", valid_until=DAY + timedelta(days=3)), holder=trainer, ground="t",
        issuer_certificate=None, by=trainer,
    )  # fmt: skip
    made = issuing.issue(draft(), holder=make_person(), ground="u", issuer_certificate=own, by=trainer)
    told = english(client, made.code, days=4)
    assert "Valid certificate" in told
    assert "expired since 16 October 2022. What was issued before holds on." in told


def renewed(name: str) -> tuple[Certificate, Certificate, Person]:
    """A certificate, the one with this name that replaced it a day later, and their holder."""
    holder = make_person("Elin Maria Forsman")
    first = issuing.issue(
        draft(holder_name=holder.name), holder=holder, ground="a", issuer_certificate=None, by=holder
    )
    with clock.moved(clock.now() + timedelta(days=1)):
        second = issuing.issue(
            draft(holder_name=name), holder=holder, ground="b", issuer_certificate=None, by=holder, replaces=first
        )
    return first, second, holder


def test_a_replaced_certificate_names_the_new_one_and_leads_there(app: Flask, client: FlaskClient) -> None:
    first, second, holder = renewed("Elin Maria Forsman")
    told = english(client, first.code, days=1)
    assert "Replaced certificate" in told
    assert "a new certificate took its place on 13 October 2022" in told
    assert f'<a class="nowrap" href="/v/{second.code}">{second.number}</a>' in told
    assert f"<dt>Replaces</dt><dd>{first.number}</dd>" in english(client, second.code, days=1)
    assert first.code not in english(client, second.code, days=1)
    holder.protected, holder.alias = True, "Deltagare 7"
    told = english(client, first.code, days=1)
    assert second.number in told
    assert second.code not in told


def test_nobody_is_led_from_an_old_name_to_a_new_one(app: Flask, client: FlaskClient) -> None:
    first, second, holder = renewed("Nytt Namn")
    register.present(second, full_name=True, by=holder)
    told = english(client, first.code, days=1)
    assert second.number in told
    assert second.code not in told
    assert "Namn" not in told
    assert "N.\u00a0N." not in told


def test_who_revoked_and_the_public_text_are_told(app: Flask, client: FlaskClient) -> None:
    made, *_rest = chain()
    by = make_person("Maria Projekt")
    revoking.revoke(made, reason_code="mistake", public_text="Fel <kurs> angavs.", note="hemligt", by=by)
    told = english(client, made.code)
    assert "Fel &lt;kurs&gt; angavs." in told
    assert "Decided by the project management at Samordningsförbundet Uppsala län." in told
    assert "hemligt" not in told
    assert "Maria" not in told


def test_what_is_kept_of_the_words_never_outlives_what_happened(app: Flask, client: FlaskClient) -> None:
    made, own, holder, _trainer = chain()
    seen = [english(client, made.code)]
    revoking.revoke(own, reason_code="conduct", by=make_person())
    seen.append(english(client, made.code))
    decide(made, own, "keep")
    seen.append(english(client, made.code))
    register.present(made, full_name=True, by=holder)
    seen.append(english(client, made.code))
    holder.protected, holder.alias = True, "Deltagare 7"
    seen.append(english(client, made.code))
    db.session.flush()
    revoking.revoke(made, reason_code="grounds", by=make_person())
    seen.append(english(client, made.code))
    assert len(set(seen)) == 6, "all of it within one minute"


def test_midnight_in_stockholm_is_where_a_certificate_ends(app: Flask, client: FlaskClient) -> None:
    holder = make_person()
    made = issuing.issue(draft(valid_until=DAY), holder=holder, ground="o", issuer_certificate=None, by=holder)
    for moment, words in (((12, 21, 59), "Valid certificate"), ((12, 22, 0), "The certificate has expired")):
        with clock.moved(datetime(2022, 10, *moment, tzinfo=UTC)):
            assert words in english(client, made.code)
