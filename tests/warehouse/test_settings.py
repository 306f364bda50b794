"""Settings come from the home's file, the environment overrides them, and a bad value is told by file and field."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from egregora_assets.config import SETTINGS_TEMPLATE, Settings, SettingsError, load_settings


def written(home: Path, text: str | bytes) -> Path:
    home.mkdir(exist_ok=True)
    file = home / "egregora.toml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def test_a_home_without_a_file_has_defaults(home: Path) -> None:
    settings = load_settings(home)
    assert settings.home == home
    assert (settings.documents.gap_minutes, settings.privacy.scrub_names, settings.sources) == (240, True, ())


def test_the_file_is_read(home: Path) -> None:
    written(
        home,
        """
        [[sources]]
        title = "Garden Club"
        source_id = "garden"
        timezone = "Europe/Lisbon"
        day_first = true
        [privacy]
        opt_out = ["Ana Lima", "+351 912 345 678"]
        [documents]
        gap_minutes = 30
        """,
    )
    settings = load_settings(home)
    source = settings.source_named(" garden club")
    assert source is not None
    assert (source.source_id, source.timezone, source.day_first) == ("garden", "Europe/Lisbon", True)
    assert settings.privacy.opt_out == ("Ana Lima", "+351 912 345 678")
    assert settings.documents.gap_minutes == 30
    assert settings.source_named("Book Club") is None


def test_the_environment_overrides_the_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(home, "[warehouse]\nthreads = 2\nlock_wait_seconds = 5\n")
    monkeypatch.setenv("EGREGORA_WAREHOUSE__THREADS", "4")
    monkeypatch.setenv("EGREGORA_PRIVACY__OPT_OUT", '["Ana Lima"]')
    settings = load_settings(home)
    assert (settings.warehouse.threads, settings.warehouse.lock_wait_seconds) == (4, 5.0)
    assert settings.privacy.opt_out == ("Ana Lima",)


def test_the_home_is_the_argument_else_the_variable_else_the_folder_here(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home.parent)
    assert load_settings().home == home.parent / ".egregora"
    monkeypatch.setenv("EGREGORA_HOME", str(home / "named"))
    assert load_settings().home == home / "named"
    assert load_settings(home).home == home


def test_the_template_is_valid_as_it_is_and_with_every_line_in_use(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EGREGORA_TIMEZONE")
    file = written(home, SETTINGS_TEMPLATE)
    assert load_settings(home).model_dump() == {**Settings(home=home).model_dump(), "home": home}
    lines = [line.removeprefix("# ") for line in SETTINGS_TEMPLATE.splitlines()[2:]]
    file.write_text("\n".join(lines))
    settings = load_settings(home)
    assert settings.sources[0].source_id == "hackerspace"
    assert settings.privacy.opt_out


BAD_FILES = {
    "no TOML": ("= 1", ""),
    "no text": (b"timezone = '\xff\xfe'", ""),
    "an unknown field": ("colour = 'blue'", "colour"),
    "an unknown nested field": ("[warehouse]\nthread = 1", "warehouse.thread"),
    "a wrong type": ("[documents]\ngap_minutes = 'long'", "documents.gap_minutes"),
    "too small": ("[documents]\nmax_messages = 0", "documents.max_messages"),
    "no time zone": ("timezone = 'Lisbon'", "timezone"),
    "a zone that leaves its folder": ("timezone = '../../etc/passwd'", "timezone"),
    "no name for tables": ("[[sources]]\ntitle = 'x'\nsource_id = '../x'", "sources.0.source_id"),
    "a source without a title": ("[[sources]]\nsource_id = 'x'", "sources.0.title"),
    "no size": ("[warehouse]\nmemory_limit = 'lots'", "warehouse.memory_limit"),
    "a name instead of a list": ("[privacy]\nopt_out = 'Ana Lima'", "privacy.opt_out"),
}


@pytest.mark.parametrize(("text", "field"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_bad_file_is_told_by_its_path_and_the_field(
    home: Path, monkeypatch: pytest.MonkeyPatch, text: str | bytes, field: str
) -> None:
    monkeypatch.delenv("EGREGORA_TIMEZONE")
    file = written(home, text)
    with pytest.raises(SettingsError) as error:
        load_settings(home)
    assert str(file) in str(error.value)
    assert field in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("variable", "value", "field"),
    [
        ("EGREGORA_DOCUMENTS__GAP_MINUTES", "long", "documents.gap_minutes"),
        ("EGREGORA_TIMEZONE", "Lisbon", "timezone"),
        ("EGREGORA_SOURCES", "Garden Club", "sources"),
        ("EGREGORA_PRIVACY__OPT_OUT", "Ana Lima", "privacy"),
        ("EGREGORA_PRIVACY", "{", "privacy"),
    ],
)
def test_a_bad_variable_is_told_with_the_field(
    home: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, field: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match="EGREGORA_") as error:
        load_settings(home)
    assert field in str(error.value).lower()


def test_settings_cannot_be_changed_in_passing(home: Path) -> None:
    settings = load_settings(home)
    with pytest.raises(ValueError, match="frozen"):
        settings.timezone = "UTC"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('[privacy]\nopt_out = "Dora"', 'privacy.opt_out: write it as a list, such as ["one", "two"]'),
        ('privacy = "keep"', "privacy: it is a section: write `[privacy]` and its keys below it"),
        ('[sources]\ntitle = "x"', "sources: write its entries below `[[sources]]`, with two brackets"),
        ('[[sources]]\nsource_id = "x"', "sources.0.title: it is missing, and has to be there"),
        ('[documents]\ngap_minutes = "many"', "documents.gap_minutes: write a whole number"),
        ('[privacy]\nscrub_names = "maybe"', "privacy.scrub_names: write true or false, without quotes"),
        ("colour = 1", "colour: there is no such key"),
    ],
)
def test_a_value_of_another_kind_is_told_in_plain_words(home: Path, text: str, wanted: str) -> None:
    written(home, text)
    with pytest.raises(SettingsError) as told:
        load_settings(home)
    assert wanted in str(told.value)


def test_no_title_stands_in_an_error_that_others_may_keep(home: Path) -> None:
    """Found in review: Dagster stores errors with their causes, and this one told whose chat an entry is."""
    written(home, '[[sources]]\ntitle = "Marguerite Duval"\nrepositories = ["nowhere"]\n')
    with pytest.raises(SettingsError, match=r"entry 1 of .*nowhere") as told:
        load_settings(home)
    assert "Marguerite" not in "".join(traceback.format_exception(told.value))
