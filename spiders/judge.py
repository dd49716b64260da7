"""What a crawl came to, judged by Scrapy's counts: Scrapy itself ends with success when a callback raises."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spiders.page_class import CHALLENGE, LOGIN, NOT_ARTICLES
from spiders.portal import Portal


@dataclass(frozen=True, slots=True)
class CrawlCounts:
    """What a crawl did; `reason` says why it is in its state.

    complete: all that was to be asked was answered. incomplete: some of it was not (the budget, the circuit breaker,
    failures), or fewer or more articles than the portal's bounds. empty: no article. blocked: robots.txt, refusals,
    challenge or login pages. broken: no answer, or pages that could not be read.
    """

    portal: str
    state: str
    reason: str
    requests: int
    new: int
    changed: int
    unchanged: int
    gone: int
    errors: int
    replayed: int = 0
    not_worth: int = 0


def read_counts(portal: Portal, stats: Mapping[str, Any]) -> CrawlCounts:
    """Judge a crawl by Scrapy's counts; a portal that yields nothing or raises is never a good one."""
    seen = {what: stats.get(f"chiso/article/{what}", 0) for what in ("new", "changed", "unchanged", "gone")}
    raised = _total(stats, "spider_exceptions/", but="count")
    network = _total(
        stats, "downloader/exception_type_count/", but=("IgnoreRequest", "LeftAloneError", "RefusedUrlError", "DisallowedError")
    )
    state, reason = _judge(portal, stats, sum(seen.values()) - seen["gone"], raised, network)
    for name in NOT_ARTICLES:
        if state != "blocked" and (count := stats.get(f"chiso/class/{name}", 0)):
            reason += f"; {count} of them a {name}"
    moved = sorted(key.removeprefix("chiso/moved/") for key in stats if key.startswith("chiso/moved/"))
    if moved:
        reason += f"; redirects to {', '.join(moved[:3])}: add it to `hosts` if the site has moved"
    return CrawlCounts(
        portal=portal.name,
        state=state,
        reason=reason,
        requests=stats.get("downloader/request_count", 0),
        errors=raised + network,
        replayed=stats.get("chiso/replayed", 0),
        not_worth=stats.get("chiso/not_worth", 0),
        **seen,
    )


def summed(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the counts of several processes of one crawl as those of one; it has finished if all of them have."""
    found: dict[str, Any] = {}
    for stats in parts:
        for name, value in stats.items():
            if isinstance(value, int):
                found[name] = found.get(name, 0) + value
            elif value is not None:
                found[name] = max(found.get(name, 0.0), value) if isinstance(value, float) else found.get(name, value)
    unfinished = [stats.get("finish_reason") for stats in parts if stats.get("finish_reason") != "finished"]
    return found | ({"finish_reason": unfinished[0]} if unfinished else {})


def _judge(portal: Portal, stats: Mapping[str, Any], articles: int, raised: int, network: int) -> tuple[str, str]:
    robots, unreachable = stats.get("chiso/robots_forbidden", 0), stats.get("chiso/robots_unreachable", 0)
    refused = sum(stats.get(f"downloader/response_status_count/{status}", 0) for status in (401, 403, 429, 503))
    walls = stats.get(f"chiso/class/{CHALLENGE}", 0) + stats.get(f"chiso/class/{LOGIN}", 0)
    left_alone = stats.get("chiso/budget", 0) + stats.get("chiso/breaker", 0)
    found = _counted(articles, "article")
    if walls and walls >= articles:
        return "blocked", f"a challenge or a login wall: {_counted(walls, 'page')}"
    if (robots or refused) and not articles and not network:
        return "blocked", f"{_counted(robots, 'request')} forbidden by robots.txt, {refused} refused"
    if raised:
        return "broken", f"{_counted(raised, 'page')} could not be read: {stats.get('chiso/last_error', 'a callback raised')}"
    if (network or unreachable) and not articles:
        return "broken", f"no answer: {_network_errors(stats) or 'robots.txt'}"
    if not articles:
        return "empty", f"no article, expected at least {portal.min_articles}"
    if left_alone:
        return "incomplete", f"{found}; {_counted(left_alone, 'request')} not sent: {stats.get('chiso/left_alone')}"
    if network:
        return "incomplete", f"{found}; no answer to {_counted(network, 'request')}: {_network_errors(stats)}"
    if ignored := stats.get("httperror/response_ignored_count", 0):
        statuses = sorted(key.rsplit("/", 1)[-1] for key in stats if key.startswith("httperror/response_ignored_status_count/"))
        return "incomplete", f"{found}; {_counted(ignored, 'page')} answered {', '.join(statuses)}"
    if not portal.min_articles <= articles <= portal.max_articles:
        return "incomplete", f"{found}, expected {portal.min_articles} to {portal.max_articles}"
    return "complete", found


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _total(stats: Mapping[str, Any], prefix: str, but: str | tuple[str, ...]) -> int:
    return sum(count for key, count in stats.items() if key.startswith(prefix) and not key.endswith(but))


def _network_errors(stats: Mapping[str, Any]) -> str:
    prefix = "downloader/exception_type_count/"
    names = {key.removeprefix(prefix).rsplit(".", 1)[-1] for key in stats if key.startswith(prefix)}
    return ", ".join(sorted(names))
