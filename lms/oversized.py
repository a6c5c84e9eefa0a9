"""A form that is too large to be read whole: what was typed in it is saved for the page that says so.

Fields that stand before the first file are read, up to a limit; the rest of the body is let go unread, so that the
browser gets to see the answer.
"""

from collections.abc import Iterator
from typing import Any

from flask import Request
from werkzeug.datastructures import MultiDict
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Field, File, MultipartDecoder, NeedData

_PIECE = 64 * 1024
MOST_READ = 4 * 1024 * 1024
MOST_DROPPED = 400 * 1024 * 1024


def typed_before_files(request: Request) -> MultiDict[str, str]:
    """The text fields of a multipart request that stand before its first file; empty when it is no such request."""
    typed: MultiDict[str, str] = MultiDict()
    kind, options = parse_options_header(request.content_type)
    pieces = _pieces(request)
    if kind == "multipart/form-data" and "boundary" in options:
        try:
            _read_fields(MultipartDecoder(options["boundary"].encode("latin-1", "replace")), pieces, typed)
        except ValueError:  # not a multipart body after all
            typed.clear()
    for _dropped in pieces:
        pass
    return typed


def _pieces(request: Request) -> Iterator[bytes]:
    stream: Any = request.environ["wsgi.input"]
    left = min(request.content_length or 0, MOST_DROPPED)
    while left > 0:
        piece = stream.read(min(_PIECE, left))
        if not piece:
            return
        left -= len(piece)
        yield piece


def _read_fields(decoder: MultipartDecoder, pieces: Iterator[bytes], typed: MultiDict[str, str]) -> None:
    name, value, read = "", b"", 0
    for piece in pieces:
        read += len(piece)
        decoder.receive_data(piece)
        while not isinstance(event := decoder.next_event(), NeedData):
            if isinstance(event, File) or read > MOST_READ:
                return
            if isinstance(event, Field):
                name, value = event.name, b""
            elif isinstance(event, Data):
                value += event.data
                if not event.more_data:
                    typed.add(name, value.decode("utf-8", "replace"))
