"""Fifty people opt out, names and addresses stand in texts of five scripts: none of it is in any byte of any output."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from egregora_assets.authors import gate, sync
from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings
from egregora_assets.documents import windows
from egregora_assets.profiles import files as profiles
from egregora_assets.publish.erasure import search_outputs
from egregora_assets.publish.snapshot import publish
from egregora_assets.sidecar import posts
from egregora_assets.warehouse.files import make_home, open_warehouse
from egregora_assets.warehouse.query import rows
from tests.authors.test_opt_out import COMMANDS
from tests.chats import Line, chat, derived_texts, new_home, published_bytes, published_texts, put_export
from tests.properties import dear

SCRIPTS = {
    "Latin": ("Quentin Zabriskie", "please tell {name} to write to {email} or call {phone}, thank you"),
    "Portuguese": ("Conceição Guimarães", "a {name} não veio; o número dela é {phone} e o endereço {email}, não é?"),
    "Arabic": ("فاطمة الزهراوي", "هل رأيت {name} اليوم؟ الرقم {phone} والبريد {email}"),
    "Japanese": ("桐ヶ谷和葉", "明日{name}さんに電話してください、{phone}か{email}です"),
    "emoji": ("🌟Zephyrine🌟", "🎉🎉{name}🎂 {phone}📞✨{email}💌🎉"),
}
EMAILS = [f"planted.person{number}@example.org" for number in range(len(SCRIPTS))]
PHONES = ["+351 912 555 671", "(11) 98555-6723", "٠٥٠٥٥٥٦٧٣٤", "０９０-５５５５-６７４５", "+1 415 555 6756"]
OPTED_OUT = [f"Member Vanishing{number:02}" for number in range(50)]
SENTENCES = [
    f"{word} lanterns drift {number:02} over whispering marshland {script}"
    for number, (word, script) in enumerate(
        (word, script)
        for word in ("quimbaya", "velveteen", "saffron", "obsidian", "tourmaline", "cinnabar", "wisteria", "marzipan",
                     "gossamer", "larkspur")
        for script in ("before dawn", "à beira do rio", "قبل الفجر", "夜明け前に", "🎉🌙✨")
    )
]  # fmt: skip
REFRESHES = (sync.refresh, gate.refresh, windows.refresh, posts.refresh, profiles.refresh, publish)


def lines() -> list[Line]:
    said: list[Line] = []
    for number, (name, text) in enumerate(SCRIPTS.values()):
        said.append((number, name, f"good morning from the garden {number}"))
        filled = text.format(name=name, email=EMAILS[number], phone=PHONES[number])
        said.append((10 + number, "Rui Costa", filled))
        said.append((20 + number, "Rui Costa", f"Decided: {filled} ?"))
    said += [(30 + number, person, SENTENCES[number]) for number, person in enumerate(OPTED_OUT)]
    return said


def commands() -> list[Line]:
    return [(400 + number, person, COMMANDS[number % len(COMMANDS)]) for number, person in enumerate(OPTED_OUT)]


@pytest.fixture(scope="module")
def home_before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which all has been said and published, and nobody has opted out. Tests have copies of it."""
    settings = Settings(home=tmp_path_factory.mktemp("planted") / "home", timezone="UTC")
    make_home(settings)
    put_export(settings, "Garden Club", chat(*lines()))
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        publish(connection, settings)
    assert all(sentence.encode() in published_bytes(settings) for sentence in SENTENCES), "a search would see nothing"
    return settings.home


@dear(4, 2, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.sampled_from(range(len(REFRESHES))), max_size=4),
    st.lists(st.sampled_from(range(len(REFRESHES))), max_size=2),
)
def test_fifty_of_fifty_opt_outs_are_found_and_nothing_planted_is_left(
    home_before: Path, before: list[int], after: list[int]
) -> None:
    with new_home() as settings:
        shutil.copytree(home_before, settings.home, dirs_exist_ok=True)
        put_export(settings, "Garden Club", chat(*lines(), *commands()), " (1)")
        with open_warehouse(settings) as connection:
            for step in before:
                REFRESHES[step](connection, settings)
            ingest(connection, settings)
            for step in [*after, len(REFRESHES) - 1]:
                REFRESHES[step](connection, settings)
            found = rows(
                connection,
                "SELECT count(*) FROM authors JOIN private.author_names USING (author_id) "
                "WHERE opted_out AND raw_name LIKE 'Member Vanishing%'",
            )
            assert found == [(len(OPTED_OUT),)]
            shown = derived_texts(connection) + published_texts(settings)
            assert search_outputs(connection, settings).is_clean
        raw = published_bytes(settings)
        planted = [*SENTENCES, *OPTED_OUT, *EMAILS, *PHONES, *(name for name, _ in SCRIPTS.values())]
        assert [secret for secret in planted if secret in shown or secret.encode() in raw] == []
        assert json.dumps("good morning from the garden 0")[1:-1].encode() in raw, "the rest is there"
