"""Every byte of the archive checked against its index: what was changed, what a crash has torn."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from spiders.archive import BadLine, Page, index_of, read_index, warc_of


@dataclass(frozen=True, slots=True)
class Finding:
    """What `verify` found: `what` is damaged or torn; `where` is file and place; `why` is one sentence."""

    what: str
    where: str
    why: str


def verify(root: Path, portal: str) -> Iterator[Page | Finding]:
    """Check every byte of one portal's archive; yield each record that is whole and each thing that is not.

    damaged: a line or a record whose bytes are not those that were written. torn: the end that a crash left,
    which loses only the response that was in flight.
    """
    folder = root / portal
    indexes = sorted(folder.glob(f"{portal}-*.jsonl"))
    for index in indexes:
        yield from _verify_pair(index)
    for warc in sorted(folder.glob("*.warc.gz")):
        if index_of(warc) not in indexes:
            yield Finding("damaged", str(warc), "there is no index beside it")


def _verify_pair(index: Path) -> Iterator[Page | Finding]:
    warc = warc_of(index)
    if not warc.exists():
        yield Finding("damaged", str(warc), "missing, its index is there")
        return
    end = 0
    with warc.open("rb") as stream:
        for page, _ in read_index(index):
            if isinstance(page, BadLine):
                yield Finding("torn", page.where, "the last line is cut short") if page.torn else Finding("damaged", page.where, page.why)
                continue
            if page.offset != end:
                yield Finding("damaged", f"{warc} at {end}", f"{page.offset - end} bytes that no line speaks of")
            stream.seek(page.offset)
            raw = stream.read(page.size)
            end = page.offset + page.size
            if len(raw) < page.size:
                yield Finding("damaged", f"{warc} at {page.offset}", f"cut short ({page.url})")
            elif hashlib.sha256(raw).hexdigest() != page.record_sha256:
                yield Finding("damaged", f"{warc} at {page.offset}", f"a changed byte ({page.url})")
            else:
                yield page
    if (size := warc.stat().st_size) > end:
        yield Finding("torn", f"{warc} at {end}", f"{size - end} bytes behind the last listed record: a crash while writing")
