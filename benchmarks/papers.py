"""What paper costs: the PDF of a certificate, its seal, the badge, and the archive of a run.

`python -m benchmarks.papers` takes the first certificate of the instance of the environment and prints one JSON
document. The baselines are an empty page from the same press, and a bare signature with the seal's key.
"""

import json
import resource
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from sqlalchemy import select

from benchmarks.credentials import milliseconds
from benchmarks.servers import call
from certificates.files import making, pdf
from certificates.files.making import Stamp, Stored
from certificates.files.seal import Words, sealed
from certificates.register import Certificate
from courses.esf import bundle
from courses.esf.files import File
from lms import press
from lms.app import create_app
from lms.db import db

MOST_PDF, MOST_SEAL = 30, 80  # ms
MOST_MEMORY = 180
RUN = 30
EMPTY = Path(__file__).parent / "empty.typ"


def measure() -> dict[str, float]:
    """Every figure, in ms but for the archive (s) and the memory (MiB)."""
    certificate = db.session.scalars(select(Certificate).order_by(Certificate.id).limit(1)).one()
    (of,), stamp = making.stored([certificate]), making.stamp()
    made = pdf.render(of.statement, of.proof, base_url=stamp.base_url)
    words = Words(of.statement.issuer, stamp.host, of.statement.number)
    found = {
        "bare": milliseconds(lambda: press.pdf(EMPTY, {}, datetime(2022, 1, 1, tzinfo=UTC))),
        "pdf": milliseconds(lambda: pdf.render(of.statement, of.proof, base_url=stamp.base_url)),
        "signature": milliseconds(lambda: _sign(stamp)),
        "seal": milliseconds(lambda: sealed(made, stamp.seal, of.since, words)),
        "svg": milliseconds(lambda: making.file(of, "svg")),
        "png": milliseconds(lambda: making.file(of, "png")),
        "size": len(sealed(made, stamp.seal, of.since, words)),
    }
    return found | _archive(of, stamp) | {"peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def _sign(stamp: Stamp) -> None:
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415  as who seals does
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415  goes with it

    key = serialization.load_pem_private_key(stamp.seal.secret.encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    key.sign(b"x", ec.ECDSA(hashes.SHA256()))


def _archive(of: Stored, stamp: Stamp) -> dict[str, float]:
    """A run of thirty, thrown away as it comes."""
    papers = [File(f"{number}.pdf", partial(making.sealed_pdf, of, stamp)) for number in range(RUN)]
    begun = time.perf_counter()
    size = sum(map(len, bundle.zipped(papers, RUN + 1, of.since)))
    return {"archive": time.perf_counter() - begun, "bytes": size}


def lines(folder: Path) -> Iterator[tuple[str, str, float, str, float | None]]:
    """What the table shows: key, words, value, unit, goal."""
    found = json.loads(call(folder, "benchmarks.papers"))
    yield "paper_bare", "An empty page from the same press", found["bare"], "ms", None
    yield "paper_pdf", "The PDF of a certificate", found["pdf"], "ms", MOST_PDF
    yield "paper_pdf_share", "… as many empty pages", found["pdf"] / found["bare"], "×", None
    yield "paper_seal", "Its seal", found["seal"], "ms", MOST_SEAL
    yield "paper_seal_share", "… as many bare signatures", found["seal"] / found["signature"], "×", None
    yield "paper_size", "… the whole file", found["size"] / 1000, "kB", None
    yield "badge_svg", "The badge as a drawing", found["svg"], "ms", MOST_PDF
    yield "badge_png", "The badge as a picture", found["png"], "ms", MOST_PDF
    yield "paper_archive", f"The papers of {RUN} people as one ZIP", found["archive"], "s", None
    yield "paper_peak", "… memory, at most", found["peak"], "MiB", MOST_MEMORY


if __name__ == "__main__":
    app = create_app()
    with app.app_context():
        print(json.dumps(measure()))
