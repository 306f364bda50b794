"""Whether a request comes from whom it says: the signatures of WhatsApp Cloud, Slack and Telegram, and one of our own.

WhatsApp: https://developers.facebook.com/docs/graph-api/webhooks (X-Hub-Signature-256). Slack:
https://docs.slack.dev/authentication/verifying-requests-from-slack. Telegram: https://core.telegram.org/bots/api#setwebhook.
Every comparison takes the same time wherever the two differ.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

MOST_SKEW_SECONDS = 300
"""A request whose timestamp is further from our clock is an old one that somebody sends again."""
_VERSION = "v1"


class Unsigned(Exception):
    """A request is not from whom it says; the text says how that shows, for the log alone."""


def check_whatsapp(secret: bytes, headers: Mapping[str, str], body: bytes, now: float) -> None:  # noqa: ARG001
    """Check ``X-Hub-Signature-256`` with the app's secret; there is no timestamp. Raises ``Unsigned``."""
    _compare(headers.get("X-Hub-Signature-256"), f"sha256={_digest(secret, body)}")


def check_slack(secret: bytes, headers: Mapping[str, str], body: bytes, now: float) -> None:
    """Check ``X-Slack-Signature`` over the timestamp and the body with the signing secret. Raises ``Unsigned``."""
    timestamp = _recent(headers.get("X-Slack-Request-Timestamp"), now)
    _compare(headers.get("X-Slack-Signature"), f"v0={_digest(secret, b'v0:' + timestamp + b':' + body)}")


def check_telegram(secret: bytes, headers: Mapping[str, str], body: bytes, now: float) -> None:  # noqa: ARG001
    """Check the secret that Telegram repeats with each request; it signs nothing. Raises ``Unsigned``."""
    _compare(headers.get("X-Telegram-Bot-Api-Secret-Token"), secret.decode("utf-8", "replace"))


def check_own(secret: bytes, headers: Mapping[str, str], body: bytes, now: float) -> None:
    """Check ``X-Egregora-Signature`` over ``X-Egregora-Timestamp`` and the body, as ``sign`` makes it. Raises ``Unsigned``."""
    timestamp = _recent(headers.get("X-Egregora-Timestamp"), now)
    _compare(headers.get("X-Egregora-Signature"), sign(secret, timestamp.decode(), body))


def sign(secret: bytes, timestamp: str, body: bytes) -> str:
    """Return what ``X-Egregora-Signature`` has to say for a body that is sent at ``timestamp`` (seconds since 1970)."""
    return f"{_VERSION}={_digest(secret, f'{_VERSION}:{timestamp}:'.encode() + body)}"


def is_same(given: str, expected: str) -> bool:
    """Compare two secrets in the same time whatever they are."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode("utf-8", "replace"))


def _digest(secret: bytes, data: bytes) -> str:
    return hmac.digest(secret, data, hashlib.sha256).hex()


def _compare(given: str | None, expected: str) -> None:
    if given is None:
        raise Unsigned("it has no signature")
    if not is_same(given, expected):
        raise Unsigned("its signature is wrong")


def _recent(value: str | None, now: float) -> bytes:
    if value is None or not (value.isascii() and value.isdecimal() and len(value) <= 12):
        raise Unsigned("it has no timestamp, or none that can be read")
    if abs(now - int(value)) > MOST_SKEW_SECONDS:
        raise Unsigned(f"its timestamp is more than {MOST_SKEW_SECONDS} s from this machine's clock")
    return value.encode()
