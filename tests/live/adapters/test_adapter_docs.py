"""docs/live-adapters.md names every option that an adapter has, and none that it has not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from egregora_assets.live.adapters.backoff import Retries
from egregora_assets.live.adapters.irc import IrcOptions
from egregora_assets.live.adapters.matrix import MatrixOptions
from egregora_assets.live.adapters.nats import NatsOptions
from egregora_assets.live.adapters.options import Options
from egregora_assets.live.adapters.webhook import WebhookOptions

PAGE = (Path(__file__).parents[3] / "docs" / "live-adapters.md").read_text()


def documented(table: str) -> set[str]:
    """Return what the first table with options behind a headline names."""
    rows = re.search(r"^\| (?:option|`retries`) \|.*\n\|[-|]+\n((?:\|.*\n)+)", table, re.MULTILINE)
    assert rows is not None
    return {name for row in rows[1].splitlines() for name in re.findall(r"`(\w+)`", row.split("|")[1])}


@pytest.mark.parametrize(
    ("headline", "options"),
    [
        ("# Live adapters", Retries),
        ("## Matrix", MatrixOptions),
        ("## IRC", IrcOptions),
        ("## NATS", NatsOptions),
        ("## Webhook", WebhookOptions),
    ],
)
def test_the_table_of_options_is_whole(headline: str, options: type[Options]) -> None:
    assert documented(PAGE.partition(f"{headline}\n")[2]) == set(options.model_fields)
