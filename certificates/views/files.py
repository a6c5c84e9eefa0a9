"""The files of a certificate, for those who may see it: the PDF for paper, the picture, the signed credential."""

from collections.abc import Callable

from flask import Blueprint, Response, abort, g, request
from flask.typing import ResponseReturnValue

from certificates import register
from certificates.files import making
from certificates.files.making import Kind, Stored
from certificates.files.pdf import Layout
from certificates.policy import may_see_certificate
from certificates.register import Certificate
from lms import audit
from lms.permissions import guarded
from lms.refusals import Refused
from lms.views import me

bp = Blueprint("certificate_files", __name__)


@bp.get("/certificates/<int:certificate_id>.pdf")
@guarded(may_see_certificate, Certificate)
def sealed_pdf(certificate: Certificate) -> ResponseReturnValue:
    """For paper, upright or (`layout=landscape`) lying; a band says when it no longer holds."""
    layout = request.args.get("layout", "portrait")
    if layout not in ("portrait", "landscape"):
        abort(404)
    chosen: Layout = "landscape" if layout == "landscape" else "portrait"
    return _sent(certificate, "pdf", "application/pdf", lambda of: making.sealed_pdf(of, making.stamp(), chosen))


@bp.get("/certificates/<int:certificate_id>.<any(json,png,svg):extension>")
@guarded(may_see_certificate, Certificate)
def other(certificate: Certificate, extension: Kind) -> ResponseReturnValue:
    """For programs and screens: the signed credential word for word, or the badge that carries it."""
    return _sent(certificate, extension, making.TYPES[extension], lambda of: making.file(of, extension))


def _sent(certificate: Certificate, extension: str, mimetype: str, make: Callable[[Stored], bytes]) -> Response:
    """The file as a download. Who opens the name of a protected person is in the log."""
    if register.tells_protected_name(certificate) and me().id != certificate.holder_id:
        audit.seen("name.revealed", certificate.holder, by=me(), details={"certificate": certificate.number})
    try:
        (of,) = making.stored([certificate])
        response = Response(make(of), mimetype=mimetype)
    except Refused as refused:
        g.refused = str(refused.message)
        abort(409)
    response.headers.set("Content-Disposition", "attachment", filename=making.name(of.statement, extension))
    return response
