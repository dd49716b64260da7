"""Commands over files: articles and claims as JSON lines, no database and no network."""

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import IO, Any

from extract.article import Article
from extract.charset import PageError
from extract.reader import read_document
from flows.writing import write_whole

DONE, FINDINGS, WRONG_USAGE = 0, 1, 2
_KINDS = {".html": "html", ".htm": "html", ".txt": "txt", ".pdf": "pdf"}
#: A larger file is no article; reading it whole would take the machine's memory.
_MOST_BYTES = 256 * 1024 * 1024


class InputError(ValueError):
    """Raised for a file or a line that cannot be read; carries its place."""


class _Complaints:
    """Counts what could not be read, a line each on stderr; the rest goes on."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, place: str, problem: object) -> None:
        self.count += 1
        sys.stderr.write(f"chiso: {place}: {problem}\n")


def extract_files(
    files: Iterable[str], *, home: str | None, published: str | None, url: str | None, explain: bool = False, page: Path | None = None
) -> int:
    """Print the claims of all files, or with `explain` how they were read; `page` shows the articles with their claims marked.

    Returns 1 if something could not be read, 2 if an option is wrong.
    """
    from extract.claims import Reading, read_claims  # noqa: PLC0415

    try:
        day = date.fromisoformat(published) if published else None
    except ValueError:
        sys.stderr.write(f"chiso: --published {published!r} is no day (YYYY-MM-DD)\n")
        return WRONG_USAGE
    complain = _Complaints()

    def readings() -> Iterator[tuple[Article, Reading]]:
        for article in _articles(files, url=url, complain=complain):
            completed = replace(article, home=article.home or home, published=article.published or day)
            yield completed, read_claims(completed)

    shown = _shown(readings(), explain=explain)
    if page is None:
        for _ in shown:
            pass
    else:
        from extract.explain import page as marked  # noqa: PLC0415

        try:
            write_whole(page, marked(shown))
        except OSError as error:
            sys.stderr.write(f"chiso: --html {page}: {error.strerror}\n")
            return WRONG_USAGE
    return FINDINGS if complain.count else DONE


def _shown(readings: Iterable[tuple[Article, Any]], *, explain: bool) -> Iterator[tuple[Article, Any]]:
    """Print each reading as it passes: its claims as JSON lines, or the explanation of every sentence."""
    if explain:
        from extract.explain import explain as explained  # noqa: PLC0415
    for article, reading in readings:
        if explain:
            sys.stdout.writelines(line + "\n" for line in explained(article, reading))
        else:
            sys.stdout.writelines(json.dumps(claim.to_json(), ensure_ascii=False) + "\n" for claim in reading.claims)
        yield article, reading


def print_articles(files: Iterable[str], *, url: str | None) -> int:
    """Print what was read from each file; return 1 if one could not be read."""
    complain = _Complaints()
    for article in _articles(files, url=url, complain=complain):
        record = {"article": article.id, **article.to_json()}
        sys.stdout.write(json.dumps(record, ensure_ascii=False) + "\n")
    return FINDINGS if complain.count else DONE


def _articles(files: Iterable[str], *, url: str | None, complain: _Complaints) -> Iterator[Article]:
    for name in files:
        if name == "-":
            yield from _from_lines("stdin", sys.stdin.buffer, complain)
            continue
        path = Path(name)
        try:
            if path.suffix == ".jsonl":
                with path.open("rb") as stream:
                    yield from _from_lines(name, stream, complain)
            else:
                yield _from_file(path, url)
        except OSError as error:
            complain(name, error.strerror)
        except (PageError, InputError) as error:
            complain(name, error)


def _from_file(path: Path, url: str | None) -> Article:
    kind = _KINDS.get(path.suffix.lower())
    if kind is None:
        raise InputError(f"unknown kind of file {path.suffix or path.name!r}; known: {', '.join(_KINDS)} and .jsonl")
    if path.stat().st_size > _MOST_BYTES:
        raise InputError(f"larger than {_MOST_BYTES // 2**20} MiB")
    return read_document(path.read_bytes(), article_id=str(path), kind=kind, url=url)


def _from_lines(name: str, stream: IO[bytes], complain: _Complaints) -> Iterator[Article]:
    for number, line in enumerate(stream, start=1):
        if line.strip():
            try:
                yield _from_record(json.loads(line))
            except (ValueError, InputError) as error:
                complain(f"{name}:{number}", error)


def _from_record(record: Any) -> Article:
    if not isinstance(record, dict) or not isinstance(record.get("id"), str):
        raise InputError('not an article: {"id", "text" or "html", ...}')
    texts = {key: record.get(key) for key in ("text", "html", "title", "url", "published", "home")}
    wrong = [key for key, value in texts.items() if value is not None and not isinstance(value, str)]
    if wrong:
        raise InputError(f"{', '.join(wrong)} must be text")
    published = date.fromisoformat(texts["published"][:10]) if texts["published"] else None
    if texts["text"] is not None:
        return Article(record["id"], texts["text"], title=texts["title"], published=published, url=texts["url"], home=texts["home"])
    if texts["html"] is None:
        raise InputError("neither text nor html")
    article = read_document(texts["html"].encode(), article_id=record["id"], kind="html", url=texts["url"], home=texts["home"])
    return replace(article, title=texts["title"] or article.title, published=published or article.published)


def reconcile_files(claims: str, references: Iterable[Path], decisions: Path | None, out: Path, *, shipped_tables: bool = True) -> int:
    """Write facts.jsonl and conflicts.jsonl; return 1 where conflicts stand or a line could not be read."""
    from flows.reconciling import decided, read_claim_lines, write_reconciled  # noqa: PLC0415
    from normalize.reference import ReferenceTableError, read_reference, shipped  # noqa: PLC0415

    complain = _Complaints()
    try:
        official = [statement for path in references for statement in read_reference(path)]
        if shipped_tables:
            official.extend(shipped())
        with sys.stdin.buffer if claims == "-" else Path(claims).open("rb") as stream:
            statements = read_claim_lines(claims, stream, complain)
        judged = decided(decisions, statements, complain)
        conflicts = write_reconciled([*statements, *official, *judged], out)
    except (OSError, ReferenceTableError) as error:
        sys.stderr.write(f"chiso: {error}\n")
        return WRONG_USAGE
    sys.stdout.write(f"{out / 'facts.jsonl'}\n{out / 'conflicts.jsonl'}\n{conflicts} conflicts\n")
    return FINDINGS if conflicts or complain.count else DONE
