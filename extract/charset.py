"""Bytes to text: what was compressed, within limits, and whatever charset a page declares, lies about, or leaves out."""

import codecs
import gzip
import re
import unicodedata
import zlib
from collections.abc import Iterator
from io import BytesIO

import brotli
from bs4.dammit import EncodingDetector

from extract.legacy_fonts import to_unicode

#: The largest page read; what unpacks to more is a bomb.
MOST_BYTES = 64 * 1024 * 1024
_CHUNK = 1 << 18
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"),
         (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
_CHARSET = re.compile(r"charset=[\"']?([\w.:-]{1,40})", re.IGNORECASE)
#: What Vietnamese pages were written in; one that declares another is judged by what comes out.
_OLD = ("windows-1258", "windows-1252")
_COMMON = re.compile(
    r"(?<!\w)(?:của|và|được|là|năm|tỉnh|các|trong|với|đã|những|công|hành|chính|xếp|điểm|số|thứ|cải|cách|đạt|một|theo)(?!\w)", re.IGNORECASE
)
#: UTF-8 read as windows-1252 and written as UTF-8 once more.
_TWICE = re.compile(r"áº|á»|Ã¡|Ã¢|Ãª|Ã´|Æ°|Æ¡|Ä‘|Äƒ")
_LEAST_TWICE = 3
_MOST_BROKEN = 0.002


class PageError(ValueError):
    """Raised by the readers for bytes that are no readable page: empty, binary, cut short, too large; says which."""


def decompress(body: bytes, encoding: str) -> bytes:
    """Undo a response's content encodings, up to MOST_BYTES; raises PageError for a damaged stream and for a bomb."""
    for name in reversed([part.strip().lower() for part in encoding.split(",") if part.strip()][:4]):
        if name in {"identity", "none", "utf-8"}:
            continue
        if name not in _UNPACK:
            raise PageError(f"unknown content encoding {name!r}")
        out = bytearray()
        try:
            for chunk in _UNPACK[name](body):
                out += chunk
                if len(out) > MOST_BYTES:
                    raise PageError(f"more than {MOST_BYTES // 2**20} MB when unpacked ({len(body)} bytes of {name})")
        except (OSError, EOFError, zlib.error, brotli.error) as error:
            raise PageError(f"damaged {name} data: {error}") from error
        body = bytes(out)
    return body


def _gzip(body: bytes) -> Iterator[bytes]:
    with gzip.open(BytesIO(body)) as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def _deflate(body: bytes) -> Iterator[bytes]:
    try:  # with the header of zlib, as the standard says, or raw, as some servers send it
        zlib.decompressobj().decompress(body[:64], 1)
        unpacker = zlib.decompressobj()
    except zlib.error:
        unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    chunk = unpacker.decompress(body, _CHUNK)
    while chunk or unpacker.unconsumed_tail:
        yield chunk
        chunk = unpacker.decompress(unpacker.unconsumed_tail, _CHUNK)
    if not unpacker.eof:
        raise EOFError("cut short")


def _brotli(body: bytes) -> Iterator[bytes]:
    unpacker = brotli.Decompressor()
    yield unpacker.process(body, output_buffer_limit=_CHUNK)
    while not unpacker.is_finished():
        if unpacker.can_accept_more_data():
            raise EOFError("cut short")
        yield unpacker.process(b"", output_buffer_limit=_CHUNK)


def _zstd(body: bytes) -> Iterator[bytes]:
    from backports import zstd  # noqa: PLC0415 (rare)

    try:
        with zstd.open(BytesIO(body)) as stream:
            while chunk := stream.read(_CHUNK):
                yield chunk
    except zstd.ZstdError as error:
        raise EOFError(str(error)) from error


_UNPACK = {"gzip": _gzip, "x-gzip": _gzip, "deflate": _deflate, "br": _brotli, "zstd": _zstd}


def decode(body: bytes, content_type: str = "") -> str:
    """Turn a page's bytes into NFC text; raises PageError for what is no text.

    UTF-8 that decodes strictly is UTF-8 (no other charset does so by accident), and so is UTF-8 with a rare broken
    byte. Then whichever of the declared charset, the one in the page's head and those of old Vietnamese pages gives
    the most Vietnamese. Text encoded twice and text for the fonts of before Unicode is put right.
    """
    if not body.strip():
        raise PageError("an empty file")
    if body[:4] in {b"%PDF", b"PK\x03\x04"}:
        raise PageError("not a text page (binary data)")
    text = _decoded(body, content_type).replace("\x00", "")
    if len(_TWICE.findall(text[:200_000])) >= _LEAST_TWICE:
        text = _once(text)
    return unicodedata.normalize("NFC", to_unicode(text))


def _decoded(body: bytes, content_type: str) -> str:
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body.decode(name, errors="replace").removeprefix("\ufeff")
    if b"\x00" in body[:1024]:
        return _utf16_unmarked(body)
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        pass
    almost = body.decode("utf-8", errors="replace")
    if almost.count("\ufffd") <= _MOST_BROKEN * len(almost) and _said(almost):
        return almost
    names = [
        found[1] if (found := _CHARSET.search(content_type)) else None,
        EncodingDetector.find_declared_encoding(body, is_html=True),
        *_OLD,
    ]
    read = [text for name in dict.fromkeys(names) if name and (text := _try(body, name)) is not None]
    if not read:
        raise PageError("no charset fits its bytes")
    return max(read, key=_said)  # the first of equals: what was declared


def _utf16_unmarked(body: bytes) -> str:
    head = body[:2048]
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) < len(head) // 5 or min(even, odd) > len(head) // 20:
        raise PageError("not a text page (binary data)")
    return body.decode("utf-16-le" if odd > even else "utf-16-be", errors="replace")


def _try(body: bytes, name: str) -> str | None:
    try:
        if not codecs.lookup(name)._is_text_encoding:  # noqa: SLF001 ("charset=zlib" would unpack it)
            return None
        return unicodedata.normalize("NFC", body.decode(name, errors="replace"))
    except (LookupError, UnicodeError):
        return None


def _said(text: str) -> int:
    """Count common words of Vietnamese; what was read in a wrong charset has few."""
    return len(_COMMON.findall(text[:200_000]))


def _once(text: str) -> str:
    """Undo a second encoding, where that gives more Vietnamese."""
    try:
        undone = bytes(_CP1252[char] for char in text).decode("utf-8", errors="replace")
    except KeyError:
        return text
    return undone if _said(undone) > _said(text) and "\ufffd" not in undone else text


# windows-1252, and latin-1 where a server took it at its word.
_CP1252 = {chr(code): code for code in range(256)} | {
    bytes([code]).decode("cp1252"): code for code in range(0x80, 0xA0) if code not in {0x81, 0x8D, 0x8F, 0x90, 0x9D}
}
