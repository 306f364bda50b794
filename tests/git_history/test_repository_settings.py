"""Repositories are named in the settings file, have one name each, and a mistake is told by its field."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egregora_assets.config import SETTINGS_TEMPLATE, RepositorySettings, Settings, SettingsError, load_settings


def loaded(home: Path, text: str) -> Settings:
    home.mkdir(exist_ok=True)
    (home / "egregora.toml").write_text(text)
    return load_settings(home)


def test_a_repository_needs_only_a_path(home: Path) -> None:
    (repository,) = loaded(home, '[[repositories]]\npath = "code/Door Bot.git"').repositories
    assert repository.slug == "door-bot"
    assert (repository.web, repository.forge, repository.permalink, repository.branches) == (None, None, None, None)


def test_everything_about_a_repository_is_read(home: Path) -> None:
    settings = loaded(
        home,
        """
        [[repositories]]
        path = "/srv/git/door"
        name = "door-bot"
        web = "https://git.example.org/hackerspace/door-bot.git/"
        forge = "custom"
        permalink = "https://git.example.org/door-bot/tree/{path}?id={sha}#n{line_from}"
        branches = ["main", "release/2024"]
        """,
    )
    repository = settings.repository_named("door-bot")
    assert repository is not None
    assert repository.web == "https://git.example.org/hackerspace/door-bot"
    assert (repository.forge, repository.branches) == ("custom", ("main", "release/2024"))
    assert repository.permalink == "https://git.example.org/door-bot/tree/{path}?id={sha}#n{line_from}"
    assert settings.repository_named("door") is None


def test_paths_begin_in_the_home_in_the_users_home_or_at_the_root(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ana")
    settings = loaded(
        home, "".join(f"[[repositories]]\npath = {path!r}\n" for path in ("one", "~/src/two", "/srv/three"))
    )
    paths = [settings.repository_path(repository) for repository in settings.repositories]
    assert paths == [home / "one", Path("/home/ana/src/two"), Path("/srv/three")]


@pytest.mark.parametrize(
    ("path", "slug"),
    [
        ("~/src/Egregora", "egregora"),
        ("/srv/git/Plant Waterer.git", "plant-waterer"),
        ("/srv/door-bot/.git", "door-bot"),
        ("../door_bot/", "door_bot"),
        ("Água.Viva", "agua.viva"),
        ("--weird--", "weird"),
    ],
)
def test_a_name_is_made_from_the_folder(path: str, slug: str) -> None:
    assert RepositorySettings(path=Path(path)).slug == slug


@given(st.text(st.characters(exclude_characters="\0/"), max_size=90))
def test_a_made_name_could_have_been_given(folder: str) -> None:
    slug = RepositorySettings(path=Path("/srv") / f"a{folder}").slug
    assert RepositorySettings(path=Path("x"), name=slug).slug == slug


def test_a_chat_talks_about_the_repositories_its_source_names_else_about_all(home: Path) -> None:
    settings = loaded(
        home,
        """
        [[sources]]
        title = "Garden Club"
        repositories = ["waterer"]
        [[sources]]
        title = "Book Club"
        repositories = []
        [[repositories]]
        path = "door"
        [[repositories]]
        path = "waterer"
        """,
    )
    slugs = {
        title: [repository.slug for repository in settings.repositories_of(title)]
        for title in ("garden club", "Book Club", "Choir")
    }
    assert slugs == {"garden club": ["waterer"], "Book Club": [], "Choir": ["door", "waterer"]}


def test_the_template_shows_a_repository(home: Path) -> None:
    text = "\n".join(line.removeprefix("# ") for line in SETTINGS_TEMPLATE.splitlines()[2:])
    (repository,) = loaded(home, text).repositories
    assert (repository.slug, repository.forge) == ("door-bot", "gitea")


def custom(permalink: str) -> str:
    return f"forge = 'custom'\npermalink = {permalink!r}"


REPOSITORY = "[[repositories]]\npath = 'door'\n"
BAD = {
    "no path": ("[[repositories]]\nname = 'door'", "repositories.0.path"),
    "no slug": (REPOSITORY + "name = 'Door Bot'", "repositories.0.name"),
    "a folder that gives no name": ("[[repositories]]\npath = '..'", "add name = '…'"),
    "a stranger's home": ("[[repositories]]\npath = '~nobody-of-this-name/door'", "repositories.0.path"),
    "two of one name": (REPOSITORY + REPOSITORY, "two repositories are called 'door'"),
    "a name and a folder alike": (REPOSITORY + "[[repositories]]\npath = 'x'\nname = 'door'", "called 'door'"),
    "an unknown forge": (REPOSITORY + "forge = 'sourceforge'", "repositories.0.forge"),
    "an address that is none": (REPOSITORY + "web = 'git@github.com:org/repo.git'", "repositories.0.web"),
    "an address that is a script": (REPOSITORY + "web = 'javascript:alert(1)'", "repositories.0.web"),
    "an address that climbs": (REPOSITORY + "web = 'https://example.org/a/%2E./b'", "repositories.0.web"),
    "an unknown field": (REPOSITORY + custom("https://x.org/{sha}/{path}/{branch}"), "'{branch}' is no field"),
    "a field with a form": (REPOSITORY + custom("https://x.org/{sha!r}/{path}"), "'{sha}' is no field"),
    "a field inside another": (REPOSITORY + custom("https://x.org/{sha}/{path.parent}"), "'{path.parent}' is no field"),
    "a field without a name": (REPOSITORY + custom("https://x.org/{sha}/{}"), "'{}' is no field"),
    "an open brace": (REPOSITORY + custom("https://x.org/{sha}/{path"), "braces"),
    "a template without a version": (REPOSITORY + custom("https://x.org/{path}"), "{sha} and {path}"),
    "a field as host": (REPOSITORY + custom("https://{path}/{sha}"), "web address"),
    "a template that breaks out": (REPOSITORY + custom("https://x.org/{sha}/{path})<b>"), "web address"),
    "a template that climbs": (REPOSITORY + custom("https://x.org/../{sha}/{path}"), "web address"),
    "a template that is a script": (REPOSITORY + custom("javascript:{sha}/{path}"), "web address"),
    "a template for a known forge": (
        REPOSITORY + "forge = 'github'\npermalink = 'https://x.org/{sha}/{path}'",
        "go together",
    ),
    "a custom forge without a template": (REPOSITORY + "forge = 'custom'", "go together"),
    "no branch at all": (REPOSITORY + "branches = []", "repositories.0.branches"),
    "a branch that is an option": (REPOSITORY + "branches = ['--upload-pack=x']", "is no name of a branch"),
    "a branch that is a range": (REPOSITORY + "branches = ['a..b']", "is no name of a branch"),
    "a source that names a stranger": (
        "[[sources]]\ntitle = 'Garden'\nrepositories = ['gate']\n" + REPOSITORY,
        "entry 1 of [[sources]] names 'gate', which no repository has (door)",
    ),
    "a source that names one of none": ("[[sources]]\ntitle = 'Garden'\nrepositories = ['gate']", "there are none"),
}


@pytest.mark.parametrize(("text", "told"), BAD.values(), ids=BAD)
def test_a_mistake_is_told_by_file_and_field(home: Path, text: str, told: str) -> None:
    with pytest.raises(SettingsError) as error:
        loaded(home, text)
    assert str(home / "egregora.toml") in str(error.value)
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_a_password_in_an_address_is_refused_and_not_repeated(home: Path) -> None:
    with pytest.raises(SettingsError, match=r"repositories\.0\.web") as error:
        loaded(home, REPOSITORY + "web = 'https://ana:hunter2@github.com/org/repo'")
    assert "hunter2" not in str(error.value)
