"""Telling somebody: a webhook and a mail about a night that needs a look, or that never came.

Where to, is told by the environment alone, so that no secret is in a file of the project or in a report:

    CHISO_WEBHOOK   https://... gets a JSON object: subject, text
    CHISO_MAIL_TO   one address, or several with commas
    CHISO_SMTP      smtp://user:password@host:port (smtps:// for TLS from the start); default smtp://127.0.0.1:25
    CHISO_MAIL_FROM default chiso@<this machine>
"""

import http.client
import ipaddress
import json
import os
import smtplib
import socket
import ssl
import urllib.request
from collections.abc import Mapping
from contextlib import AbstractContextManager
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import unquote, urlsplit

from flows.journal import RUNNING, Journal, JournalNight

#: What is read of the environment.
WAYS = ("CHISO_WEBHOOK", "CHISO_MAIL_TO", "CHISO_SMTP", "CHISO_MAIL_FROM")
_SECONDS = 20
#: These are as they should be, or still running: nobody is woken for them.
_QUIET = ("complete", "findings", RUNNING)


class AlertError(Exception):
    """Raised for a message that could not be delivered; names the way and the host, never a password."""


def tell(subject: str, text: str, environment: Mapping[str, str] = os.environ) -> list[str]:
    """Send a message by each way that is configured; return the ways. Raises AlertError, after all have been tried."""
    told, failed = [], []
    for name, send in (("CHISO_WEBHOOK", _post), ("CHISO_MAIL_TO", _mail)):
        if environment.get(name):
            try:
                send(subject, text, environment)
                told.append(name)
            except (OSError, ValueError, http.client.HTTPException, smtplib.SMTPException) as error:
                failed.append(f"{name}: {type(error).__name__}")
    if failed:
        raise AlertError(f"could not be delivered: {', '.join(failed)}")
    return told


def tell_of_last_night(folder: Path, environment: Mapping[str, str] = os.environ) -> list[str]:
    """Tell of the last night of a data folder, unless it is as it should be."""
    nights = Journal(folder).nights()
    if not nights or nights[0].state in _QUIET:
        return []
    return tell(*_message(nights[0], folder), environment)


def _message(night: JournalNight, folder: Path) -> tuple[str, str]:
    counts = "".join(f"{name}: {count}\n" for name, count in night.counts.items())
    reasons = "".join(f"- {reason}\n" for reason in night.reasons)
    text = (
        f"{night.kind} {night.run_id}\nstarted {night.started_at:%Y-%m-%d %H:%M} UTC\n\n{reasons}\n{counts}\nchiso doctor --data {folder}\n"
    )
    return f"chiso: {night.kind} {night.state}", text


def _post(subject: str, text: str, environment: Mapping[str, str]) -> None:
    url = environment["CHISO_WEBHOOK"]
    if urlsplit(url).scheme not in {"http", "https"}:
        raise ValueError("no http address")
    body = json.dumps({"subject": subject, "text": text}, ensure_ascii=False).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json; charset=utf-8"})  # noqa: S310 (the scheme is checked)
    with urllib.request.urlopen(request, timeout=_SECONDS):  # noqa: S310
        pass


def _mail(subject: str, text: str, environment: Mapping[str, str]) -> None:
    message = EmailMessage()
    message["Subject"] = " ".join(subject.split())
    message["From"] = environment.get("CHISO_MAIL_FROM") or f"chiso@{socket.getfqdn()}"
    message["To"] = environment["CHISO_MAIL_TO"]
    message.set_content(text)
    server = urlsplit(environment.get("CHISO_SMTP") or "smtp://127.0.0.1:25")
    with _smtp(server.scheme, server.hostname or "127.0.0.1", server.port or 0) as smtp:
        if server.username:
            if server.scheme == "smtp" and not _is_here(server.hostname or "127.0.0.1"):
                smtp.starttls(context=ssl.create_default_context())
            smtp.login(unquote(server.username), unquote(server.password or ""))
        smtp.send_message(message)


def _smtp(scheme: str, host: str, port: int) -> "AbstractContextManager[smtplib.SMTP]":
    if scheme == "smtp":
        return smtplib.SMTP(host, port, timeout=_SECONDS)
    if scheme == "smtps":
        return smtplib.SMTP_SSL(host, port, timeout=_SECONDS, context=ssl.create_default_context())
    raise ValueError("no smtp address")


def _is_here(host: str) -> bool:
    """Tell whether a password to this host stays on this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
