"""Style, scripts and drawings go out gzipped to browsers that take it, also where no proxy stands in front.

Each file is packed once in a process. Pages are not: the length of a packed page tells on what stands in it.
"""

import gzip

from flask import Request, Response

KINDS = ("text/css", "text/javascript", "image/svg+xml")
LEAST, MOST = 500, 1_000_000
"""Bytes between which it is worth it."""

_packed: dict[str, tuple[str, bytes]] = {}
"""Path → the mark of the file that was packed last, and what came out."""


def packed(request: Request, response: Response) -> Response:
    """A file of a static folder as it is, or packed when it is worth it and whoever asks takes it."""
    size, (mark, _weak) = response.content_length or 0, response.get_etag()
    if response.status_code != 200 or mark is None or response.mimetype not in KINDS or not LEAST <= size <= MOST:
        return response
    response.vary.add("Accept-Encoding")
    if request.accept_encodings["gzip"] <= 0:
        return response
    known, data = _packed.get(request.path, ("", b""))
    if known != mark:
        response.direct_passthrough = False
        data = gzip.compress(response.get_data(), 6, mtime=0)
        _packed[request.path] = (mark, data)
    response.close()
    response.direct_passthrough = False
    response.set_data(data)
    response.set_etag(mark, weak=True)
    response.content_encoding = "gzip"
    return response
