"""Checks of the files of posts and of what they cost fail when there is something to tell, and pass again when it is mended."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from egregora_assets.config import Settings, SidecarSettings
from egregora_assets.sidecar import posts, verify
from egregora_assets.sidecar.models import is_valid, json_schema
from egregora_assets.warehouse.files import open_warehouse
from tests.sidecar.test_posts import TALK, markdown, sidecars, write

Record = dict[str, Any]


def _without(record: Record, *path: str | int) -> None:
    *above, last = path
    for step in above:
        record = record[step]  # type: ignore[index]
    del record[last]  # type: ignore[arg-type]


def _with(record: Record, value: object, *path: str | int) -> None:
    *above, last = path
    for step in above:
        record = record[step]  # type: ignore[index]
    record[last] = value  # type: ignore[index]


DEFECTS: dict[str, Callable[[Record], None]] = {
    "a field is missing": lambda record: _without(record, "statistics", "words"),
    "a field too many": lambda record: _with(record, 1, "topics", 0, "weight"),
    "no evidence": lambda record: _with(record, [], "decisions", 0, "evidence"),
    "a number as text": lambda record: _with(record, "4", "message_count"),
    "a text as number": lambda record: _with(record, 4, "title"),
    "a number with a point": lambda record: _with(record, 4.5, "message_count"),
    "true for a number": lambda record: _with(record, True, "message_count"),
    "null for a text": lambda record: _with(record, None, "slug"),
    "no such status": lambda record: _with(record, "done", "decisions", 0, "status"),
    "no message": lambda record: _with(record, 0, "message_count"),
    "no list": lambda record: _with(record, {}, "entities"),
    "no id": lambda record: _with(record, "one", "document_id"),
}


def test_what_a_check_takes_for_valid_is_what_the_schema_does(settings: Settings) -> None:
    write(settings, *TALK)
    validator = Draft202012Validator(json.loads(json_schema()), format_checker=Draft202012Validator.FORMAT_CHECKER)
    record = sidecars(settings)[0]
    assert validator.is_valid(record)
    assert is_valid(json.dumps(record).encode())
    for name, break_it in DEFECTS.items():
        broken = deepcopy(record)
        break_it(broken)
        assert not validator.is_valid(broken), name
        assert not is_valid(json.dumps(broken).encode()), name
    untimely = {**record, "window_start": "yesterday"}
    assert not is_valid(json.dumps(untimely).encode()), "the validator knows no form of times, the check does"
    assert not is_valid(b"{")


@pytest.mark.parametrize("spoil", [lambda text: text.replace('"slug":', '"name":'), lambda text: text[:-20]])
def test_a_file_that_is_not_what_the_schema_says_is_told_until_it_is_mended(
    settings: Settings, spoil: Callable[[str], str]
) -> None:
    write(settings, *TALK)
    one = sorted(settings.posts.glob("*/*.json"))[1]
    with open_warehouse(settings) as connection:
        assert verify.sidecars_match_schema(connection, settings).passed
        one.write_text(spoil(one.read_text()))
        for _ in range(2):
            verdict = verify.sidecars_match_schema(connection, settings)
            assert (verdict.passed, verdict.figures) == (False, {"files": 1})
        posts.refresh(connection, settings, full=True)
        assert verify.sidecars_match_schema(connection, settings).passed
        assert "no file has changed" in verify.sidecars_match_schema(connection, settings).description


def test_a_pseudonym_in_a_post_is_told_unless_it_was_asked_for(settings: Settings) -> None:
    write(settings, *TALK, (3000, "Rui Costa", "ask member-abcdef0123 about it"))
    assert "ask \\[name\\] about it" in markdown(settings), "somebody has written what looks like one"
    one = sorted(settings.posts.glob("*/*.md"))[0]
    with open_warehouse(settings) as connection:
        assert verify.no_pseudonym_in_posts(connection, settings).passed
        one.write_text(one.read_text() + "member-0123456789\n")
        assert verify.no_pseudonym_in_posts(connection, settings).figures == {"files": 1}
        asked = settings.model_copy(update={"sidecar": SidecarSettings(pseudonyms_in_posts=True)})
        assert verify.no_pseudonym_in_posts(connection, asked).passed
        posts.refresh(connection, settings, full=True)
        assert verify.no_pseudonym_in_posts(connection, settings).passed


def test_a_pass_over_its_budget_is_told_until_one_keeps_to_it(settings: Settings) -> None:
    poor = settings.model_copy(update={"sidecar": SidecarSettings(budget_ms=1e-6)})
    rich = settings.model_copy(update={"sidecar": SidecarSettings(budget_ms=1e6)})
    with open_warehouse(settings) as connection:
        assert verify.sidecars_keep_to_their_budget(connection, poor).passed, "nothing was made yet"
    write(settings, *TALK)
    with open_warehouse(settings) as connection:
        verdict = verify.sidecars_keep_to_their_budget(connection, poor)
        assert not verdict.passed
        assert verdict.figures["ms_per_document"] > 0
        assert verdict.figures["documents"] == 2
        connection.execute("UPDATE sidecar_passes SET milliseconds = 1e12")
        assert not verify.sidecars_keep_to_their_budget(connection, rich).passed
        posts.refresh(connection, settings, full=True)
        assert verify.sidecars_keep_to_their_budget(connection, rich).passed
