"""Scrapy settings: polite, named, bounded, and closed to the outside."""

BOT_NAME = "chiso"
SPIDER_MODULES: list[str] = []
#: Who crawls and how to reach them, as every portal's operator may ask.
USER_AGENT = "chiso/0.1 (research on public administration indices; +https://chiso.example.vn/bot; crawl@chiso.example.vn)"
DEFAULT_REQUEST_HEADERS = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "Accept-Language": "vi"}

# Every request leaves by one door, which waits its turn and asks public addresses only (spiders/handler.py).
DOWNLOAD_HANDLERS = {
    "http": "spiders.handler.PoliteHandler",
    "https": "spiders.handler.PoliteHandler",
    # No page can make the crawler read files or speak other protocols.
    "file": None,
    "data": None,
    "ftp": None,
    "s3": None,
}
TWISTED_DNS_RESOLVER = "spiders.handler.PublicResolver"
DNS_TIMEOUT = 20
# The pause between requests is kept by spiders/pace.py, over all portals on one address.
DOWNLOAD_DELAY = 0
AUTOTHROTTLE_ENABLED = False
# The whole of a response, from connecting to its last byte, however slowly it drips.
DOWNLOAD_TIMEOUT = 60
# The largest decision with scans seen was 20 MB; anything larger is no article.
DOWNLOAD_MAXSIZE = 32 * 1024 * 1024
DOWNLOAD_WARNSIZE = 0
# Nothing is passed on as items; Scrapy would start a hundred workers for them at every response.
CONCURRENT_ITEMS = 1
RETRY_TIMES = 2
RETRY_HTTP_CODES = [408, 429, 500, 502, 503, 504]
REDIRECT_MAX_TIMES = 8
# A page that sends its reader elsewhere by a tag is a page; following it is left to those who look at it.
METAREFRESH_ENABLED = False
COOKIES_ENABLED = False
HTTPCACHE_ENABLED = False
REFERRER_POLICY = "no-referrer"
# Old portals have broken chains and names that do not fit; what they publish is public, and it is archived as it came.
DOWNLOAD_VERIFY_CERTIFICATES = False

MEMUSAGE_ENABLED = True
MEMUSAGE_LIMIT_MB = 1500
# Scrapy 2.19 opens a port that runs Python, and a console, by default.
REMOTE_CONTROL_ENABLED = False
TELNETCONSOLE_ENABLED = False
LOG_LEVEL = "WARNING"
# 600 is Scrapy's redirects, 590 its decompression, 550 its retries: the archive stands before them all.
DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "spiders.robots.Robots": 100,
    "spiders.middleware.ResumeCrawl": 120,
    "spiders.middleware.ArchiveResponses": 610,
}
