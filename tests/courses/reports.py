"""Attendance reports as Teams and Zoom write them, about people who do not exist."""

from collections.abc import Sequence

Stay = tuple[str, str, str, str]
"""Name, e-mail, join, leave."""


def teams(stays: Sequence[Stay], *, activities: bool = True, swedish: bool = False, utf16: bool = True) -> bytes:
    """A report with its sections apart by empty lines, tabs between the columns."""
    words = _SWEDISH if swedish else _ENGLISH
    lines = [words["summary"], f"{words['title']}\tNätverk", f"{words['start']}\t{stays[0][2]}", ""]
    lines += [words["people"], words["people_columns"]]
    for name in dict.fromkeys(stay[0] for stay in stays):
        hers = [stay for stay in stays if stay[0] == name]
        lines.append(f"{name}\t{hers[0][2]}\t{hers[-1][3]}\t3h 20m 5s\t{hers[0][1]}\t{hers[0][1]}\t{words['role']}")
    if activities:
        lines += ["", words["activities"], words["activity_columns"]]
        lines += [f"{name}\t{join}\t{leave}\t1h 2m\t{email}\t{words['role']}" for name, email, join, leave in stays]
    text = "\r\n".join(lines)
    return text.encode("utf-16") if utf16 else text.encode("utf-8-sig")


_ENGLISH = {
    "summary": "1. Summary",
    "title": "Meeting title",
    "start": "Start time",
    "people": "2. Participants",
    "people_columns": "Name\tFirst Join\tLast Leave\tIn-Meeting Duration\tEmail\tParticipant ID (UPN)\tRole",
    "activities": "3. In-Meeting Activities",
    "activity_columns": "Name\tJoin Time\tLeave Time\tDuration\tEmail\tRole",
    "role": "Attendee",
}
_SWEDISH = {
    "summary": "1. Sammanfattning",
    "title": "Mötesrubrik",
    "start": "Starttid",
    "people": "2. Deltagare",
    "people_columns": "Namn\tAnslöt först\tLämnade sist\tVaraktighet i mötet\tE-post\tDeltagar-ID (UPN)\tRoll",
    "activities": "3. Aktiviteter i mötet",
    "activity_columns": "Namn\tAnslutningstid\tTid då personen lämnade\tVaraktighet\tE-post\tRoll",
    "role": "Deltagare",
}


def zoom(stays: Sequence[Stay], *, header: bool = True, waiting: Sequence[Stay] = ()) -> bytes:
    """A report of Zoom: a line per connection, also those of the waiting room."""
    lines = []
    if header:
        lines.append("Meeting ID,Topic,Start Time,End Time,User Email,Duration (Minutes),Participants")
        lines.append("812 3456 7890,Nätverk,10/11/2022 08:20:00 AM,10/11/2022 12:40:00 PM,t@region.example,260,9")
        lines.append("")
    lines.append("Name (Original Name),User Email,Join Time,Leave Time,Duration (Minutes),Guest,In Waiting Room")
    for rows, answer in ((stays, "No"), (waiting, "Yes")):
        lines += [f"{name},{email},{join},{leave},60,Yes,{answer}" for name, email, join, leave in rows]
    return "\n".join(lines).encode()


def old_teams(events: Sequence[tuple[str, str, str]]) -> bytes:
    """The list of an older Teams, downloaded during the meeting: who did what when."""
    lines = ["Full Name\tUser Action\tTimestamp", *("\t".join(event) for event in events)]
    return "\n".join(lines).encode("utf-16")
