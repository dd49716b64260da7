"""What is never asked for: addresses inside our own network, other schemes, and URLs that only a trap makes.

A server says where to go next (links, redirects, sitemaps, DNS), so every one of these is hostile until checked:
the URL before it is queued, and the address that its name resolves to just before the connection is made to it.
"""

import ipaddress
import re
import socket
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

_MOST_CHARACTERS = 2000
_MOST_SEGMENTS = 24
#: The same path segment this often is a page that links to itself, one level down each time.
_MOST_REPEATS = 3
_NOT_IN_URLS = re.compile(r"[\x00-\x20\x7f\\]")
_PORTS = {None, 80, 443, 8080, 8081, 8443}
_LOCAL_NAMES = re.compile(r"(?:^|\.)(?:localhost|local|localdomain|internal|intranet|lan|home|corp|private|test|invalid|onion|arpa)$")
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,62}\.)+[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_COMPATIBLE = ipaddress.ip_network("::/96")
_TRANSLATED = ipaddress.ip_network("::ffff:0:0:0/96")
#: Parameters that carry a visit, not a page; each visit would make every page a new one.
_VISIT = re.compile(
    r"(?:jsessionid|phpsessid|aspsessionid\w*|sessionid|session_id|sessid|sid|cfid|cftoken|zenid|osclsid"
    r"|utm_\w+|fbclid|gclid|zarsrc|_ga|_gl|ref_src)$",
    re.IGNORECASE,
)
_PATH_SESSION = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/?#]*|/\((?:[A-Z]\([A-Za-z0-9_-]+\))+\)", re.IGNORECASE)


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of the open internet: no loopback, private, link-local, multicast or reserved one.

    An IPv6 address that carries an IPv4 one (mapped, 6to4, Teredo, NAT64) is judged by both.

    >>> is_public("203.162.0.11"), is_public("::ffff:127.0.0.1"), is_public("169.254.169.254")
    (True, False, False)
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    inner: list[ipaddress.IPv4Address] = []
    if isinstance(ip, ipaddress.IPv6Address):
        carried = (ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ()))
        inner = [four for four in carried if four is not None]
        if ip in _NAT64 or ip in _TRANSLATED or ip in _COMPATIBLE:
            inner.append(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
        if ip.ipv4_mapped is not None:
            return all(four.is_global and not four.is_multicast for four in inner)
    return ip.is_global and not ip.is_multicast and all(four.is_global for four in inner)


def refusal(url: str) -> str | None:
    """Return why a URL is never asked for, or None.

    >>> refusal("http://0x7f.1/"), refusal("https://dongnai.gov.vn/vi/news/a-1.html")
    ('an address in another notation: 0x7f.1', None)
    """
    if len(url) > _MOST_CHARACTERS:
        return f"longer than {_MOST_CHARACTERS} characters"
    if _NOT_IN_URLS.search(url):
        return "a space, a backslash or a control character in it"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "no URL"
    if parts.scheme not in {"http", "https"}:
        return f"its scheme: {parts.scheme[:20] or 'none'}"
    if "@" in parts.netloc:
        return "a user name in it"
    if port not in _PORTS:
        return f"its port: {port}"
    return _host_refusal(host) or _path_refusal(parts.path)


def _host_refusal(host: str) -> str | None:
    bare = unquote(host).rstrip(".").lower()
    if ":" in bare or bare.startswith("["):
        return None if is_public(bare) else f"an address that is not public: {bare}"
    if re.fullmatch(r"\d{1,3}(?:\.\d{1,3}){3}", bare) and not re.search(r"(?:^|\.)0\d", bare):
        return None if is_public(bare) else f"an address that is not public: {bare}"
    try:  # 127.1, 2130706433, 0x7f.0.0.1, 0177.0.0.1: the system's own reader takes them all
        socket.inet_aton(bare)
    except (OSError, ValueError):
        pass
    else:
        return f"an address in another notation: {bare}"
    if _LOCAL_NAMES.search(bare):
        return f"a name that is not public: {bare}"
    try:
        ascii_name = bare.encode("idna").decode() if not bare.isascii() else bare
    except UnicodeError:
        return f"no host name: {bare[:80]}"
    # Full-width digits and dots fold to plain ones on the way to the resolver.
    if ascii_name != bare and _host_refusal(ascii_name):
        return f"an address in another notation: {bare}"
    return None if _HOST.match(ascii_name) else f"no host name: {bare[:80]}"


def _path_refusal(path: str) -> str | None:
    segments = [segment for segment in path.split("/") if segment]
    if len(segments) > _MOST_SEGMENTS:
        return f"a path of {len(segments)} segments"
    most = max((segments.count(segment) for segment in set(segments)), default=0)
    return f"the same path segment {most} times" if most > _MOST_REPEATS else None


def canonical(url: str) -> str:
    """Return the URL without fragment, session ids and the marks of campaigns, so that a page has one address.

    >>> canonical("https://a.gov.vn/tin;jsessionid=0A1?id=5&PHPSESSID=x&utm_source=zalo#cmt")
    'https://a.gov.vn/tin?id=5'
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    path = _PATH_SESSION.sub("", parts.path)
    query = parts.query
    if query:
        pairs = parse_qsl(query, keep_blank_values=True)
        kept = [(name, value) for name, value in pairs if not _VISIT.match(name)]
        if len(kept) < len(pairs):  # else as it came: encoding it anew could make another address of it
            query = urlencode(kept)
    return urlunsplit((parts.scheme, parts.netloc, path, query, ""))
