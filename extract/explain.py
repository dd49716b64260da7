"""Why an article reads as it does: each sentence with its mentions, its claims by rule, and what was dropped and why."""

import html
from collections.abc import Iterable, Iterator
from dataclasses import fields

from extract.article import Article
from extract.claims import Reading
from extract.mentions import Mention
from normalize.claim import Claim

_HEAD = """<!doctype html>
<html lang="vi"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>chiso extract</title>
<style>
body { font: 1.05rem/1.7 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #1c2733; }
h1 { font-size: 1.35rem; line-height: 1.3; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; }
mark { background: #fde68a; border-radius: .2rem; padding: 0 .15rem; }
mark.dropped { background: #e5e7eb; text-decoration: underline dotted #6b7280; }
sup { font-size: .7em; color: #92400e; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; line-height: 1.4; }
.scroll { overflow-x: auto; }
td, th { text-align: left; padding: .3rem .5rem; border-bottom: 1px solid #d6dde5; vertical-align: top; }
code { color: #475569; }
</style></head><body>
"""
_ARTICLE = """<article>
<h1>{title}</h1>
<p>{claims} claims, {unresolved} figures beside an index that became none. A figure that became a claim is <mark>yellow</mark>, with its
number in the table below; one that was read and dropped is <mark class="dropped">grey</mark>, with its reason in the second table.</p>
<div class="text">{text}</div>
<h2>Claims</h2>
<div class="scroll"><table><tr><th>#</th><th>claim</th><th>rule</th><th>year because</th></tr>{rows}</table></div>
<h2>Dropped</h2>
<div class="scroll"><table><tr><th>figure</th><th>why</th></tr>{dropped}</table></div>
</article>
"""
_FOOT = "</body></html>\n"


def explain(article: Article, reading: Reading) -> Iterator[str]:
    """Yield the lines of an explanation: what was found in each sentence, what became a claim, what did not."""
    said = _by_place(reading)
    yield f"{article.id}: {len(reading.claims)} claims, {len(reading.unresolved)} unresolved"
    for sentence in reading.sentences:
        yield ""
        yield f"[{sentence.start}] {' '.join(sentence.text.split())}"
        for mention, span in zip(sentence.mentions, sentence.spans, strict=True):
            shown = " ".join(article.text[span[0] : span[1]].split())
            yield f"    {mention.rule:24} {shown!r:32} {_payload(mention)}"
            for claim in said.get(span, ()):
                yield f"        => {describe(claim)}  (year: {claim.year_reason})"
            if mention in sentence.dropped and span not in said:
                yield f"        dropped: {sentence.dropped[mention]}"
    cells = [claim for claim in reading.claims if (claim.rule or "").startswith("table.")]
    if cells:
        yield ""
        yield "tables"
        for claim in cells:
            yield f"        => {describe(claim)}  ({article.text[claim.value_start : claim.value_end]!r})"


def describe(claim: Claim) -> str:
    """Return a claim in one line: index, subject, year, measure, value, and what limits it."""
    limits = [claim.component, claim.scope and f"in {claim.scope}", claim.of and f"of {claim.of}"]
    limits += [claim.base_year and f"against {claim.base_year}", claim.modality if claim.modality != "reported" else None]
    limits += [claim.qualifier if claim.qualifier != "exact" else None, f"by {claim.authority}" if claim.authority else None]
    told = ", ".join(str(limit) for limit in limits if limit)
    value = "last" if claim.value is None else claim.value
    return f"{claim.index} {claim.subject} {claim.year or 'year open'} {claim.measure} {value}" + (f" ({told})" if told else "")


def page(read: Iterable[tuple[Article, Reading]]) -> Iterator[str]:
    """Yield the pieces of a page that shows articles with their claims highlighted; everything quoted is escaped."""
    yield _HEAD
    for article, reading in read:
        yield _section(article, reading)
    yield _FOOT


def _section(article: Article, reading: Reading) -> str:
    said = _by_place(reading)
    numbers = {id(claim): n for n, claim in enumerate(reading.claims, start=1)}
    dropped = [
        (span, why)
        for sentence in reading.sentences
        for mention, span in zip(sentence.mentions, sentence.spans, strict=True)
        if span not in said and (why := sentence.dropped.get(mention)) is not None
    ]
    text: list[str] = []
    position = 0
    for start, end in sorted({*said, *(span for span, _ in dropped)}):
        if start < position:
            continue  # a table's cell inside a stretch that a sentence has shown already
        text.append(html.escape(article.text[position:start]))
        shown = html.escape(article.text[start:end])
        marks = ",".join(str(numbers[id(claim)]) for claim in said.get((start, end), ()))
        text.append(f"<mark>{shown}</mark><sup>{marks}</sup>" if marks else f'<mark class="dropped">{shown}</mark>')
        position = end
    text.append(html.escape(article.text[position:]))
    rows = "".join(
        f"<tr><td>{n}</td><td>{html.escape(describe(claim))}</td><td><code>{html.escape(claim.rule or '')}</code></td>"
        f"<td>{html.escape(claim.year_reason or '')}</td></tr>"
        for n, claim in enumerate(reading.claims, start=1)
    )
    left = "".join(f"<tr><td>{html.escape(article.text[start:end])}</td><td>{html.escape(why)}</td></tr>" for (start, end), why in dropped)
    return _ARTICLE.format(
        title=html.escape(article.title or article.id),
        claims=len(reading.claims),
        unresolved=len(reading.unresolved),
        text="".join(text),
        rows=rows,
        dropped=left,
    )


def _by_place(reading: Reading) -> dict[tuple[int, int], list[Claim]]:
    places: dict[tuple[int, int], list[Claim]] = {}
    for claim in reading.claims:
        places.setdefault((claim.value_start, claim.value_end), []).append(claim)
    return places


def _payload(mention: Mention) -> str:
    payload = mention.payload
    told = ", ".join(f"{f.name}={value}" for f in fields(payload) if (value := getattr(payload, f.name)) not in (None, False, ()))
    return f"{type(payload).__name__}({told})"
