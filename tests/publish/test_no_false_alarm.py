"""The checks agree with the scrub: what it has cleaned raises no alarm in any output, wherever cutting and writing put it."""

from __future__ import annotations

from itertools import product

import pytest

from egregora_assets.config import Settings
from egregora_assets.profiles import verify as profiles_verify
from egregora_assets.publish import verify as publish_verify
from egregora_assets.sidecar import verify as sidecar_verify
from egregora_assets.sidecar import verify_pages
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows
from tests.chats import Line, with_privacy
from tests.privacy.test_kinds import DISGUISED, LINKS, NAMED, ORDINARY, PASSWORDS
from tests.privacy.test_scrub import ADDRESSES, KEPT, NUMBERS
from tests.publish.test_leaks import SECRETS, failing, take_in

WORDS = [text for text, _ in (*PASSWORDS, *DISGUISED)]
ENDINGS = ("wifi password:", "new senha =", "the api_key=", 'pass code :\n"x"', "token\tsenha =\t\t\tabc def")
PARAMETERS = [
    f"https://api.example.com/v1{sign}{name}=abcdef12345{end}"
    for sign, name, end in product("?#&", ("api_key", "access_token", "password", "secret_key"), ("", "."))
]
SAID = [*SECRETS.values(), *LINKS, *WORDS, *ENDINGS, *PARAMETERS, *ORDINARY, *NUMBERS, *ADDRESSES, *KEPT]
SAID += [text for texts in NAMED.values() for text in texts]
FORMS = ("{}", "Decided: {}", "which one is it, {} ?", "is it\n{}\nor {}?", '"{}", [x]({}) *{}* \\{}')
PEOPLE = ("Will Young", "Mary Das", "Das Com", "Secret", "Rui Costa")


def everything() -> tuple[Line, ...]:
    said = [form.replace("{}", text) for form in FORMS for text in SAID]
    apart = ["that she will", "young plants need it", "so das", "com it"]
    texts = [*apart, *said, *apart]
    return tuple((number, PEOPLE[number % len(PEOPLE)], text) for number, text in enumerate(texts))


@pytest.mark.parametrize("options", [{}, {"scrub_names": False}])
def test_whatever_was_cleaned_raises_no_alarm_in_any_output(settings: Settings, options: dict[str, object]) -> None:
    home = with_privacy(settings, **options)
    take_in(home, *everything())
    assert failing(home) == set()
    with open_warehouse(home) as connection:
        assert profiles_verify.no_private_text_in_profiles(connection, home).passed
        assert sidecar_verify.posts_match_documents(connection, home).passed
        assert verify_pages.pages_match_tables(connection, home).passed
        assert publish_verify.erasure_is_complete(connection, home).passed
        names = [name for (name,) in rows(connection, "SELECT name FROM entities WHERE kind = 'link'")]
    assert "https://api.example.com/v1?api_key=[secret]" in names
    assert not [name for name in names if name.endswith("=")]
