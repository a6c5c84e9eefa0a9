"""What a proof has found, in words: where it is, whom it is about, and who says so."""

from courses.proof.witnesses import Finding
from lms.message import N_, Message, Translate, plain

WORDS = {
    "changed": N_("The entry is changed: it no longer gives its hash."),
    "unlinked": N_("The entry does not follow the one before it: something was put in, moved or rewritten there."),
    "removed": N_("The entry is missing from the chain."),
    "cut_off": N_("The chain ends too early: this entry was there once."),
    "rewritten": N_("The entry has another hash than it had then."),
    "replaces": N_("The entry replaces something that is not there, or is about somebody or something else."),
    "gone": N_("The entry was signed or reported, and is not there."),
    "signed_otherwise": N_("What was signed is not what the ledger says now."),
    "unsigned": N_("The entry stands on a signed sheet that the signature is not over."),
    "snapshot": N_("The closed month is changed: it no longer gives its hash."),
    "trigger": N_("The database does not refuse changes of this table."),
}
_WITNESSES = {
    "sign_off": N_("signed sheet %(number)s"),
    "hours_signature": N_("signature of hours %(number)s"),
    "month_closing": N_("closed month %(number)s"),
    "audit": N_("the log, line %(number)s"),
}


def witness(finding: Finding, translate: Translate = plain) -> str:
    """Which row disagrees with the ledger: a table's own name stands for itself."""
    kind, _space, number = finding.witness.partition(" ")
    return Message(_WITNESSES[kind], {"number": number}).render(translate) if number else finding.witness


def told(finding: Finding, translate: Translate = plain) -> str:
    """What is wrong, as one sentence."""
    return Message(WORDS[finding.code]).render(translate)


def sentence(finding: Finding, translate: Translate = plain) -> str:
    """Everything in one line, for a terminal."""
    place = [f"entry {finding.entry_id}"] if finding.entry_id else []
    place += [f"person {finding.person_id}"] if finding.person_id else []
    place += [witness(finding, translate)] if finding.witness else []
    return f"{', '.join(place)}: {told(finding, translate)}"
