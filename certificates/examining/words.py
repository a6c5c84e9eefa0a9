"""The words of an examination: a title for every check, a sentence for every verdict, a name for every fact.

English here; pages say them through gettext, the command as they stand.
"""

from lms.message import N_

CHECKS = {
    "shape": N_("It is a certificate of the kind we issue"),
    "endorsement": N_("The county's word about the trainer is genuine"),
    "endorsement-status": N_("The trainer's right has not been revoked"),
    "chain": N_("The trainer had the right to certify when it was issued"),
    "signature": N_("Nothing was changed since it was signed"),
    "dates": N_("It is valid on this day"),
    "status": N_("It has not been revoked"),
    "seal": N_("The PDF is as the county sealed it"),
    "page": N_("The page says what was signed"),
    "paper": N_("The county has signed the paper"),
    "issuer": N_("The issuer is known here"),
    "code": N_("The code belongs to the paper"),
}
OUTCOMES = {"passed": N_("Right"), "failed": N_("Not right"), "open": N_("Could not be checked")}
VERDICTS = {
    "genuine": (N_("Genuine and valid"), N_("Everything has been checked, and everything is right.")),
    "expired": (N_("Genuine, but its time has run out"), N_("It was valid, and it has not been revoked.")),
    "doubted": (
        N_("Genuine, but the trainer's right has been revoked"),
        N_("Who issued it may no longer certify. Ask the issuer whether this certificate still holds."),
    ),
    "kept": (
        N_("Genuine, and confirmed by the county"),
        N_("The trainer's right was revoked later; the county stands by this certificate. There is a newer file."),
    ),
    "unsealed": (
        N_("The certificate in the file is genuine, the page may not be"),
        N_("The PDF does not have the county's seal. Go by what was signed, below, and not by the page."),
    ),
    "unknown": (
        N_("We cannot tell whether it is valid"),
        N_("Something that is needed for the answer is not at hand. Go by no certificate that cannot be checked."),
    ),
    "foreign": (
        N_("Another issuer's certificate"),
        N_("It is not issued here, so we cannot vouch for it. Ask its issuer."),
    ),
    "replaced": (
        N_("Genuine, but replaced"),
        N_("A newer certificate holds instead of this one."),
    ),
    "revoked": (N_("Revoked"), N_("It was genuine, and it no longer holds.")),
    "differs": (
        N_("The page has been changed"),
        N_("Its PDF is not what the county made. What was signed stands below; go by nothing else."),
    ),
    "refused": (N_("Not genuine"), N_("It is not what the county signed. Do not go by anything in it.")),
}
LOOKS = {
    "genuine": ("klar", "klar"),
    "expired": ("pagar", "utgar"),
    "doubted": ("pagar", "pagar"),
    "kept": ("pagar", "klar"),
    "unsealed": ("pagar", "pagar"),
    "unknown": ("pagar", "okand"),
    "foreign": ("kommande", "okand"),
    "replaced": ("pagar", "utgar"),
    "revoked": ("saknas", "saknas"),
    "differs": ("saknas", "saknas"),
    "refused": ("saknas", "saknas"),
}
"""Verdict → the colours of its box and its pearl (look.md §4)."""
FACTS = {
    "name": N_("Holder"),
    "number": N_("Certificate number"),
    "programme": N_("Programme"),
    "level": N_("Level"),
    "issued": N_("Issued"),
    "until": N_("Valid until"),
    "days": N_("Course days"),
    "issuer": N_("Signed by"),
}
ROLES = {"county": N_("County"), "trainer": N_("Trainer"), "certificate": N_("This certificate")}
