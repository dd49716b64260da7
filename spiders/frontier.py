"""One portal's crawl shared by several processes: what waits and what was seen are in Redis.

Scrapy's own scheduler keeps both in the memory of one process. This one has its interface (`SCHEDULER`), so that nothing else
of a crawl knows whether it is alone. Requests travel as JSON: scrapy-redis, which does the same, runs pickles from the
network, forgets everything when its first process ends, and does not know when a crawl is over.

A crawl is over for a process when nothing waits and no other process works. The archive stays the only memory of a crawl:
if a process dies, the crawl has no end, and the next run of the night takes it up from there, with a new frontier.
"""

import json
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import redis
from scrapy import Request, Spider, signals
from scrapy.core.scheduler import BaseScheduler
from scrapy.crawler import Crawler
from scrapy.exceptions import DontCloseSpider
from scrapy.utils.request import request_from_dict

#: A process that has not been heard of for so many seconds is dead; it is heard of whenever it looks for work.
_ALIVE_SECONDS = 30
#: What a session leaves in Redis if all its processes die.
_KEPT_SECONDS = 24 * 3600
#: A first process that begins so much later has failed.
_BEGIN_SECONDS = 120


class FrontierError(Exception):
    """Raised when the server of the frontier cannot be reached, or the crawl was never begun; says what to do."""


@dataclass(frozen=True, slots=True)
class Session:
    """One run of a crawl by several processes: `number` counts them from 1; the first one asks for the listings."""

    server: redis.Redis
    name: str
    number: int

    @classmethod
    def joined(cls, url: str, name: str, number: int) -> "Session":
        """Reach the server; raises FrontierError without the URL, which may hold a password."""
        server = redis.Redis.from_url(url)
        try:
            server.ping()
        except redis.RedisError as error:
            raise FrontierError(
                f"the frontier's server (CHISO_FRONTIER) cannot be reached: {error}; without it one process crawls a portal"
            ) from error
        return cls(server, name, number)

    def __deepcopy__(self, _: object) -> "Session":
        # Scrapy copies its settings; a connection is shared.
        return self

    @property
    def me(self) -> str:
        """Name this process."""
        return f"{self.number}-{socket.gethostname()}-{os.getpid()}"

    def key(self, what: str) -> str:
        """Return the key of something of this session."""
        return f"chiso:{self.name}:{what}"

    def begin(self, crawl: Mapping[str, str]) -> None:
        """Tell the other processes which crawl it is. This one works from now on, so that none of them thinks that it is over."""
        self.work()
        self.server.set(self.key("crawl"), json.dumps(dict(crawl)), ex=_KEPT_SECONDS)
        self.server.lpush(self.key("begun"), *["go"] * 64)  # each of the others takes one
        self.server.expire(self.key("begun"), _KEPT_SECONDS)

    def crawl(self) -> dict[str, str]:
        """Wait for the first process, and return which crawl it is."""
        if self.server.blpop([self.key("begun")], timeout=_BEGIN_SECONDS) is None:
            raise FrontierError(f"process {self.number}: no first process has begun within {_BEGIN_SECONDS} seconds; see its log")
        told = self.server.get(self.key("crawl"))
        found: dict[str, str] = json.loads(told or b"{}")
        return found

    def work(self) -> None:
        """Note that this process may have work."""
        with self.server.pipeline() as pipe:
            pipe.sadd(self.key("working"), self.me)
            pipe.set(self.key(f"alive:{self.me}"), 1, ex=_ALIVE_SECONDS)
            pipe.expire(self.key("working"), _KEPT_SECONDS)
            pipe.execute()

    def rest(self) -> bool:
        """Note that this process has nothing to do; tell whether no other one has either, and nothing waits."""
        self.server.srem(self.key("working"), self.me)
        # Who works may still add to what waits: so this is looked at last.
        others = [name.decode() if isinstance(name, bytes) else name for name in self.server.smembers(self.key("working"))]
        busy = any(self.server.exists(self.key(f"alive:{name}")) for name in others)
        return not busy and not self.server.llen(self.key("waiting"))


class SharedScheduler(BaseScheduler):
    """Scrapy scheduler over a session: first in, first out."""

    def __init__(self, crawler: Crawler) -> None:
        """Take the session from the crawl's settings."""
        self._session: Session = crawler.settings["CHISO_SESSION"]
        self._server = self._session.server
        self._crawler = crawler
        self._waiting, self._seen = self._session.key("waiting"), self._session.key("seen")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "SharedScheduler":
        """Build for a crawl."""
        return cls(crawler)

    def open(self, spider: Spider) -> None:
        """Stay open while others work."""
        self._spider = spider
        self._crawler.signals.connect(self._idle, signals.spider_idle)

    def _idle(self, **_: Any) -> None:
        if not self._session.rest():
            raise DontCloseSpider

    def has_pending_requests(self) -> bool:
        """Tell whether anything waits."""
        return bool(self._server.llen(self._waiting))

    def enqueue_request(self, request: Request) -> bool:
        """Let a request wait, unless it was seen."""
        fingerprint = self._crawler.request_fingerprinter.fingerprint(request)
        if not request.dont_filter and not self._server.sadd(self._seen, fingerprint):
            self._count("dupefilter/filtered")
            return False
        with self._server.pipeline() as pipe:
            pipe.lpush(self._waiting, _packed(request, self._spider))
            pipe.expire(self._waiting, _KEPT_SECONDS)
            pipe.expire(self._seen, _KEPT_SECONDS)
            pipe.execute()
        self._count("scheduler/enqueued")
        return True

    def next_request(self) -> Request | None:
        """Return what has waited longest; None if nothing waits now."""
        self._session.work()  # before anything is taken, so that nobody finds nothing waiting and nobody working
        packed = self._server.rpop(self._waiting)
        if packed is None:
            return None
        self._count("scheduler/dequeued")
        return _unpacked(packed, self._spider)

    def _count(self, what: str) -> None:
        if self._crawler.stats is not None:
            self._crawler.stats.inc_value(what)


class SharedAsked:
    """How often each host was asked, over all processes of a session (see spiders.pace.Asked)."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def count(self, host: str) -> int:
        """Return how often a host was asked."""
        return int(self._session.server.hget(self._session.key("asked"), host) or 0)

    def add(self, host: str) -> None:
        """Count one request."""
        self._session.server.hincrby(self._session.key("asked"), host, 1)
        self._session.server.expire(self._session.key("asked"), _KEPT_SECONDS)


def _packed(request: Request, spider: Spider) -> bytes:
    """Return a request as JSON: its bytes as latin-1, which keeps each of them."""
    parts = request.to_dict(spider=spider)
    parts["body"] = parts["body"].decode("latin-1")
    parts["headers"] = [
        [name.decode("latin-1"), [value.decode("latin-1") for value in values]] for name, values in parts["headers"].items()
    ]
    return json.dumps(parts, ensure_ascii=False).encode()


def _unpacked(packed: bytes, spider: Spider) -> Request:
    parts = json.loads(packed)
    parts.pop("_class", None)  # which class a request is of is not for others to say
    parts["body"] = parts["body"].encode("latin-1")
    parts["headers"] = {name.encode("latin-1"): [value.encode("latin-1") for value in values] for name, values in parts["headers"]}
    return request_from_dict(parts, spider=spider)
