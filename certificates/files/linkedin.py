"""The address of LinkedIn's form for adding a certificate to one's profile; a link that only its holder opens.

The rule that matters most: nothing is sent from here, and the address holds no more than the page says it does.
"""

from urllib.parse import urlencode

from certificates.statement import Statement

_FORM = "https://www.linkedin.com/profile/add"


def address(statement: Statement, url: str) -> str:
    """The form, filled in with title, issuer, months, number, and the address `url` where anybody can check it."""
    until = statement.valid_until
    values: dict[str, str | int] = {
        "startTask": "CERTIFICATION_NAME",
        "name": statement.title,
        "organizationName": statement.issuer,
        "issueYear": statement.issued_on.year,
        "issueMonth": statement.issued_on.month,
        "certUrl": url,
        "certId": statement.number,
    }
    if until is not None:
        values |= {"expirationYear": until.year, "expirationMonth": until.month}
    return f"{_FORM}?{urlencode(values)}"
