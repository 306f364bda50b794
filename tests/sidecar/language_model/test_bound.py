"""The bound: with 1 % of answers malformed, 1 % that cite wrong messages and 1 % too late, each document has a true sidecar."""

from __future__ import annotations

import random

import pytest

from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings
from egregora_assets.sidecar.language_model.findings import WRONG_CITATION
from egregora_assets.warehouse.files import open_warehouse
from tests.chats import chat, put_export
from tests.sidecar.language_model.conftest import conversation
from tests.sidecar.language_model.service import Answer, Lines, Service, completion, sensible
from tests.sidecar.language_model.test_reading import read, written

SIZE = 400


@pytest.mark.slow
def test_one_in_a_hundred_of_each_kind_of_failure(settings: Settings, service: Service) -> None:
    lines = [line for day in range(SIZE) for line in conversation(day)]
    put_export(settings, "Garden Club", chat(*lines))
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
    chance, wrong = random.Random(1), 0

    def mostly_well(lines: Lines) -> Answer:
        nonlocal wrong
        draw, found = chance.random(), sensible(lines)
        if draw < 0.01:
            return completion('{"summary": [')
        if draw < 0.02:
            wrong += 1
            found["decisions"][0]["messages"] = [lines[-1]["n"] + chance.randrange(1, 50)]
        return Answer(completion(found).body, seconds=2.5 if draw > 0.99 else 0.0)

    service.usual = mostly_well
    home = service.settings(settings, concurrency=8, timeout_seconds=2.0, retries=2)
    outcome = read(home)
    found = written(home)

    assert len(found) == SIZE, "no document without a sidecar"
    for sidecar in found:
        for kind in ("summary", "topics", "decisions", "action_items", "questions", "entities", "participants"):
            for item in sidecar[kind]:
                assert item["evidence"]
                assert set(item["evidence"]) <= set(sidecar["message_ids"]), "no invented citation"
    assert wrong >= 2
    assert outcome.dropped == {WRONG_CITATION: wrong}
    assert outcome.requests > SIZE
    assert outcome.answered + outcome.left == SIZE
    assert outcome.answered > 0.97 * SIZE
    assert len(service.bodies) == outcome.requests
    assert read(home).requests <= 3 * outcome.left, "what was answered is not asked again"
