"""Where a page leads: its links with what they say, each under its one address."""

import re
from collections.abc import Iterable

from lxml import etree
from scrapy.http import TextResponse

from spiders.guard import canonical, refusal
from spiders.page_class import selector

#: A page that lists more than this is a trap.
_MOST_LINKS = 1000
# What a page of an article may carry along.
_ATTACHMENT = re.compile(r"\.pdf(?:$|\?)", re.IGNORECASE)
_HREFS = etree.XPath("//a/@href", smart_strings=False)


def links_of(response: TextResponse, selectors: Iterable[str]) -> dict[str, str]:
    """Return the links that the selectors find, in order, each with what its anchors say."""
    found: dict[str, str] = {}
    for css in selectors:
        for anchor in selector(css)(response.selector.root):
            if (url := _address(response, anchor.get("href") or "")) is not None:
                said = " ".join([*anchor.itertext(), anchor.get("title") or ""])
                found[url] = " ".join(f"{found.get(url, '')} {said}".split())
            if len(found) >= _MOST_LINKS:
                return found
    return found


def attachments_of(response: TextResponse) -> list[str]:
    """Return the documents that a page links to."""
    hrefs = [href for href in _HREFS(response.selector.root) if _ATTACHMENT.search(href)]
    return list(dict.fromkeys(url for href in hrefs if (url := _address(response, href)) is not None))


def _address(response: TextResponse, href: str) -> str | None:
    """Return the one address of what a page links to; None for what leads nowhere, or where nobody is to be led."""
    href = href.strip()
    if not href or href.startswith(("#", "javascript:", "mailto:", "tel:")):
        return None
    try:
        url = canonical(response.urljoin(href))
    except ValueError:  # "http://[": no address
        return None
    return url if refusal(url) is None else None
