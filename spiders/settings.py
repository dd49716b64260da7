"""Scrapy settings: polite, named, and closed to the outside."""

BOT_NAME = "chiso"
SPIDER_MODULES: list[str] = []
#: Who crawls and how to reach them, as every portal's operator may ask.
USER_AGENT = "chiso/0.1 (research on public administration indices; +https://chiso.example.vn/bot; crawl@chiso.example.vn)"
DEFAULT_REQUEST_HEADERS = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "Accept-Language": "vi"}

ROBOTSTXT_OBEY = True
AUTOTHROTTLE_ENABLED = True
AUTOTHROTTLE_START_DELAY = 1.0
AUTOTHROTTLE_MAX_DELAY = 30.0
CONCURRENT_REQUESTS_PER_DOMAIN = 1
DOWNLOAD_DELAY = 1.0
DOWNLOAD_TIMEOUT = 30
# The largest decision with scans seen was 20 MB; anything larger is no article.
DOWNLOAD_MAXSIZE = 32 * 1024 * 1024
DOWNLOAD_WARNSIZE = 0
RETRY_TIMES = 2
COOKIES_ENABLED = False
# A listing that leads to itself must end some day.
DEPTH_LIMIT = 50
CLOSESPIDER_PAGECOUNT = 5000

# Scrapy 2.19 opens a port that runs Python, and a console, by default.
REMOTE_CONTROL_ENABLED = False
TELNETCONSOLE_ENABLED = False
LOG_LEVEL = "WARNING"
DOWNLOADER_MIDDLEWARES = {"spiders.middleware.ArchiveResponses": 595}
