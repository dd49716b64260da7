"""What the archive knows of each article, and when it is to be asked for again."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from spiders.archive import Page
from spiders.middleware import GONE, OK

#: An article is looked at again every night while it is young, and then the more seldom the older it is.
_YOUNG = timedelta(days=30)
_SELDOM = timedelta(days=90)
#: One that is gone is looked for once more after this: servers lose pages for a while.
_GONE_FOR = timedelta(days=30)


@dataclass(slots=True)
class Known:
    """What the archive knows of an article: its last whole answer, when it was first and last asked for, if it is gone."""

    page: Page
    first_seen: datetime
    last_asked: datetime
    gone: bool = False

    def is_due(self, now: datetime) -> bool:
        """Tell whether it is time to look again: nightly at first, every 90 days for what is old."""
        if self.gone:
            return now - self.last_asked >= _GONE_FOR
        age = now - self.first_seen
        return age < _YOUNG or now - self.last_asked >= min(age / 8, _SELDOM)


def known_articles(pages: Iterable[Page]) -> dict[str, Known]:
    """Return what earlier crawls know of each article and attachment, by the address that was asked for."""
    found: dict[str, Known] = {}
    for page in pages:
        if page.kind not in {"article", "attachment"}:
            continue
        moment = datetime.fromisoformat(page.fetched_at)
        known = found.get(page.url)
        if page.status == OK:
            if known is None:
                found[page.url] = Known(page, moment, moment)
            else:
                known.page, known.gone = page, False
        if known is not None:
            known.last_asked = moment
            known.gone = page.status in GONE or (known.gone and page.status != OK)
    return found
