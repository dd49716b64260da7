"""What a claim or a table says, as pages quote it: the figure, and the stretch of text around it."""

from flows.figures import Row

#: How much of a sentence is shown on either side of the figure.
_CONTEXT = 160


def quote_claim(claim: Row) -> Row:
    """Return a claim (with its article's `text`) as it is quoted: before, figure, after, who says it and where."""
    text, start, end = claim["text"], claim["value_start"], claim["value_end"]
    first, last = _stretch(text, start, end)
    return {
        **{
            name: claim[name]
            for name in ("claim_id", "source", "source_title", "kind", "url", "title", "published", "page_id", "cluster", "gone")
        },
        "value": claim["printed"] or "",
        "link": link_to(claim["url"]),
        "before": ("… " if first and text[first - 1] != "\n" else "") + text[first:start],
        "figure": text[start:end],
        "after": text[end:last] + (" …" if last < len(text) and text[last] != "\n" else ""),
        "rule": claim["rule"],
        "year_reason": claim["year_reason"],
    }


def quote_table(row: Row) -> Row:
    """Return a row of a reference table, or a decision, as it is quoted."""
    return {
        **{name: row[name] for name in ("claim_id", "source", "kind", "url", "published", "cluster")},
        "source_title": row["source"],
        "title": None,
        "page_id": None,
        "gone": False,
        "value": row["printed"] or "",
        "link": link_to(row["url"]),
        "before": row["evidence"],
        "figure": "",
        "after": "",
        "rule": row["kind"],
        "year_reason": None,
    }


def link_to(url: str | None) -> str | None:
    """Return an address that a page may link to: of the web, and of nothing else."""
    return url if url and url.startswith(("https://", "http://")) else None


def _stretch(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the part of a paragraph around a figure, cut between words."""
    first = text.rfind("\n", 0, start) + 1
    if start - first > _CONTEXT:
        first = text.find(" ", start - _CONTEXT) + 1
    stop = text.find("\n", end)
    last = len(text) if stop < 0 else stop
    if last - end > _CONTEXT:
        last = text.rfind(" ", end, end + _CONTEXT)
    return min(first, start), max(last, end)
