"""Acts of the log in words; what has no words yet is shown as it is written."""

from typing import Any

from flask_babel import gettext

from lms.message import N_

WORDS = {
    "accessibility.reported": N_("Reported something hard to use"),
    "adaptations.seen": N_("Looked at needs of adaptation"),
    "attendance.assignment": N_("Recorded the time of a home assignment"),
    "attendance.corrected": N_("Corrected attendance"),
    "attendance.moved": N_("Moved a person to another group"),
    "attendance.exported": N_("Downloaded an attendance sheet"),
    "attendance.recorded": N_("Recorded attendance"),
    "attendance.signed": N_("Signed an attendance sheet"),
    "backup.made": N_("Made a backup"),
    "backup.restored": N_("Restored a backup"),
    "bundle.made": N_("Wrote all certificates as static files"),
    "certificate.decided": N_("Decided about a certificate under review"),
    "certificate.issued": N_("Issued a certificate"),
    "certificate.name_asked": N_("Asked for a certificate in another name"),
    "certificate.name_kept": N_("Answered that the name on a certificate stays"),
    "certificate.renamed": N_("Issued a certificate anew in another name"),
    "certificate.renewed": N_("Renewed a certificate"),
    "certificate.reminded_7": N_("Reminded of a certificate that ends within 7 days"),
    "certificate.reminded_30": N_("Reminded of a certificate that ends within 30 days"),
    "certificate.reminded_90": N_("Reminded of a certificate that ends within 90 days"),
    "certificate.presented": N_("Chose the name on a certificate's page"),
    "certificate.revoked": N_("Revoked a certificate"),
    "key.succeeded": N_("The spare key took over"),
    "key.withdrawn": N_("Withdrew a key that others may have"),
    "check_in.opened": N_("Opened a session for check-in"),
    "demo.loaded": N_("Loaded the demo"),
    "enrolment.declined": N_("Declined an invitation"),
    "enrolment.moved_up": N_("Moved up from the waiting list"),
    "enrolment.needs_written": N_("Wrote needs of adaptation"),
    "enrolment.registered": N_("Registered for a run"),
    "enrolment.waiting": N_("Joined a waiting list"),
    "enrolment.walked_in": N_("Came without having registered"),
    "enrolment.withdrawn": N_("Left a run"),
    "esf.exported": N_("Exported hours"),
    "esf.files_downloaded": N_("Fetched files of a closed month"),
    "esf.scb_downloaded": N_("Fetched the file for SCB with personnummer"),
    "exemption.granted": N_("Gave an exemption"),
    "hours.confirmed": N_("Confirmed own hours"),
    "hours.corrected": N_("Corrected hours after an objection"),
    "hours.countersigned": N_("Signed the hours of one of the staff"),
    "hours.kept": N_("Answered an objection to hours"),
    "hours.objected": N_("Objected to recorded hours"),
    "hours.reminded": N_("Reminded of hours to confirm"),
    "hours.trainers_reminded": N_("Reminded of sheets to sign"),
    "horizontal.accepted": N_("Said yes to the horizontal principles"),
    "horizontal.completed": N_("Completed the horizontal principles"),
    "horizontal.offered": N_("Offered the horizontal principles"),
    "ledger.asked": N_("Asked for a verification of the ledger"),
    "ledger.verified": N_("Verified the ledger"),
    "hours.approved": N_("Approved hours without a sheet"),
    "hours.declared": N_("Declared own hours"),
    "hours.refused": N_("Refused hours without a sheet"),
    "keys.confirmed_kept": N_("Confirmed that the key is kept elsewhere"),
    "keys.rotated": N_("Changed the key that encrypts"),
    "hours.withdrawn": N_("Took back declared hours"),
    "lesson.ticked": N_("Ticked a lesson"),
    "lesson.unticked": N_("Unticked a lesson"),
    "mail.retried": N_("Tried a mail again"),
    "meeting.called": N_("Called a meeting"),
    "meeting.called_person": N_("Called a person to a meeting"),
    "meeting.cancelled": N_("Cancelled a meeting"),
    "month.closed": N_("Closed a month"),
    "month.corrected": N_("Made a new version of a closed month"),
    "month.sent": N_("Ticked off a month as sent"),
    "name.revealed": N_("Looked at the name behind an alias"),
    "participation.ended": N_("Wrote down the last day in a project"),
    "participation.placeholder_written": N_("Wrote a placeholder for a personnummer"),
    "participation.resumed": N_("Took a person back into a project"),
    "participation.started": N_("Took a person into a project"),
    "people.imported": N_("Read a list of people"),
    "person.added": N_("Added a person"),
    "person.employed": N_("Changed employer"),
    "person.imported": N_("Changed a person from a list"),
    "person.renamed": N_("Changed a person's name"),
    "person.protected": N_("Protected a person's identity"),
    "person.settings": N_("Changed own settings"),
    "person.signed_in": N_("Signed in"),
    "person.signed_out": N_("Signed out"),
    "person.unprotected": N_("Ended the protection of a person's identity"),
    "personnummer.removed": N_("Removed a personnummer"),
    "personnummer.revealed": N_("Looked at a personnummer"),
    "personnummer.revealed_protected": N_("Looked at the personnummer of a protected person"),
    "personnummer.taken": N_("Wrote a personnummer that belongs to somebody else"),
    "personnummer.written": N_("Wrote a personnummer"),
    "project.imported": N_("Updated the plan of a project"),
    "role.given": N_("Gave a role"),
    "role.taken": N_("Took a role"),
    "run.cancelled": N_("Cancelled a run"),
    "run.certificates_fetched": N_("Fetched the certificates of a run"),
    "run.certified": N_("Certified a person in a run"),
    "run.changed": N_("Changed a run"),
    "run.invited": N_("Invited people to a run"),
    "run.scheduled": N_("Scheduled a run"),
    "statistics.downloaded": N_("Downloaded statistics"),
    "submission.made": N_("Handed in a home assignment"),
    "submission.reviewed": N_("Assessed a home assignment"),
    "survey.closed": N_("Closed a survey"),
    "survey.planned": N_("Planned a survey"),
}
SUBJECTS = {
    "activity": N_("run or meeting"),
    "attendance_entry": N_("attendance"),
    "certificate": N_("certificate"),
    "enrolment": N_("registration"),
    "hours_signature": N_("signature of hours"),
    "material": N_("programme"),
    "objection": N_("objection"),
    "outbox_mail": N_("mail"),
    "person": N_("person"),
    "project": N_("project"),
    "session": N_("session"),
    "signing_key": N_("key that signs"),
    "submission": N_("home assignment"),
    "survey": N_("survey"),
}


def in_words(act: str) -> str:
    """The act as people say it."""
    return str(gettext(WORDS[act])) if act in WORDS else act


def subject(kind: str, number: int | None) -> str:
    """What the act was about, by its kind and number."""
    return f"{gettext(SUBJECTS[kind]) if kind in SUBJECTS else kind} {number}" if number else ""


NAMES = {
    "added": N_("added"),
    "after": N_("after"),
    "alias": N_("alias"),
    "before": N_("before"),
    "capacity": N_("capacity"),
    "changed": N_("changed"),
    "changes": N_("changes"),
    "day": N_("day"),
    "early": N_("minutes before the start"),
    "ends": N_("ends"),
    "entry": N_("entry"),
    "ground": N_("ground"),
    "key": N_("key"),
    "kind": N_("kind"),
    "late": N_("minutes after the start"),
    "lesson": N_("lesson"),
    "minutes": N_("minutes"),
    "month": N_("month"),
    "number": N_("number"),
    "opens": N_("opens"),
    "organisation": N_("organisation"),
    "outcome": N_("outcome"),
    "people": N_("people"),
    "person": N_("person"),
    "project": N_("project"),
    "reason": N_("reason"),
    "register_by": N_("register by"),
    "role": N_("role"),
    "run": N_("run"),
    "scale": N_("scale"),
    "sessions": N_("sessions"),
    "sign_off": N_("sign off"),
    "since": N_("since"),
    "starts": N_("starts"),
    "title": N_("title"),
    "to": N_("to"),
    "trainers": N_("trainers"),
    "unchanged": N_("unchanged"),
    "until": N_("until"),
    "version": N_("version"),
    "way": N_("way"),
}
"""Details of the log in words; a name that is not here stands as it was written."""
NOT_TO_READ = {"hash", "findings"}
"""Details that programs go by and that say nothing to people."""


def details(values: dict[str, Any]) -> str:
    """What the log says beside the act: names and values, lists after each other, nothing that is empty."""
    told = {
        gettext(NAMES.get(name, name)): _plain(value)
        for name, value in values.items()
        if value not in (None, "", []) and name not in NOT_TO_READ
    }
    return ", ".join(f"{name}: {value}" for name, value in told.items())


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    return {True: "✓", False: "–"}[value] if isinstance(value, bool) else str(value)
