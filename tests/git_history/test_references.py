"""What messages refer to is the file as it was when it was said; what names nothing stays plain, and no name is led to."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from egregora_assets.chat.ingest import ingest
from egregora_assets.config import RepositorySettings, Settings, SourceSettings
from egregora_assets.git_history import references, sync, verify
from egregora_assets.git_history.history import branches, permalink_of
from egregora_assets.git_history.resolver import path_at
from egregora_assets.sidecar import posts
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import changed, rows, scalar
from egregora_assets.warehouse.revisions import transaction
from tests.chats import BEGINNING, Line, chat, put_export, with_privacy
from tests.git_history.git_streams import Stream, git, lines, new_repository, submodule
from tests.git_history.repositories import CASES

WEB = "https://github.com/example-garden/{}"


def at(minute: float) -> int:
    """Return the epoch seconds of a minute of the chat."""
    return int(BEGINNING.replace(tzinfo=UTC).timestamp() + minute * 60)


def garden(path: Path) -> Path:
    """A repository that moves with the chat: app.py changes at minutes 0, 10 and 20.5, notes.md is renamed at 30 and gone at 40."""
    stream = Stream()
    stream.commit({"src/app.py": lines("one"), "notes.md": lines("notes"), "docs/setup.cfg": "x\n"}, time=at(0))
    stream.commit({"src/app.py": lines("two")}, time=at(10))
    stream.commit({"src/app.py": lines("three")}, time=at(20.5))
    stream.commit({"notes.md": None, "docs/guide.md": lines("notes")}, time=at(30))
    stream.commit({"docs/guide.md": None}, time=at(40))
    new_repository(path)
    stream.write(path)
    return path


def repository(path: Path, name: str = "garden") -> RepositorySettings:
    return RepositorySettings(path=path, name=name, web=WEB.format(name))


@pytest.fixture
def with_garden(settings: Settings, tmp_path: Path) -> Settings:
    return settings.model_copy(update={"repositories": (repository(garden(tmp_path / "garden")),)})


def referred(settings: Settings, *said: Line, suffix: str = "") -> list[tuple[Any, ...]]:
    """Take in a chat and return (text, state, path, first letters of the commit) of what it refers to."""
    put_export(settings, "Garden Club", chat(*said), suffix)
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        sync.refresh_configured(connection, settings)
        references.refresh(connection, settings)
        return shown(connection)


def shown(connection: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    sql = "SELECT raw, state, path, sha FROM code_references JOIN messages USING (message_id) ORDER BY local_time, position, place"
    return rows(connection, sql)


def commits(path: Path) -> list[str]:
    """Return the commits of main, oldest first."""
    return git(path, "rev-list", "--reverse", "main").decode().split()


def test_a_file_is_the_one_of_the_moment(with_garden: Settings, tmp_path: Path) -> None:
    first, second, third, *_ = commits(tmp_path / "garden")
    found = referred(
        with_garden,
        (5, "Ana Lima", "src/app.py:3 is wrong"),
        (15, "Rui Costa", "now src/app.py:3 is better"),
        (25, "Priya Raman", "src/app.py#L1-L3 is best"),
    )
    assert [sha for *_, sha in found] == [first, second, third]
    with open_warehouse(with_garden) as connection:
        links = rows(
            connection, "SELECT permalink, line_from, line_to FROM code_references ORDER BY line_to, permalink"
        )
    assert (f"{WEB.format('garden')}/blob/{first}/src/app.py#L3", 3, 3) in links
    assert (f"{WEB.format('garden')}/blob/{third}/src/app.py#L1-L3", 1, 3) in links


def test_two_versions_within_the_minute_are_ambiguous(with_garden: Settings, tmp_path: Path) -> None:
    """The chat's clock shows minutes: whether the change of half past 9:20 was meant, nobody can tell."""
    *_, third, _, _ = commits(tmp_path / "garden")
    assert referred(with_garden, (20, "Ana Lima", "see src/app.py"), (21, "Rui Costa", "ah")) == [
        ("src/app.py", "ambiguous", "src/app.py", third)
    ]


def test_a_renamed_file_is_found_under_its_new_name_and_a_deleted_one_stays_plain(with_garden: Settings) -> None:
    found = referred(
        with_garden,
        (29, "Ana Lima", "notes.md says so"),
        (35, "Rui Costa", "where is notes.md"),
        (45, "Priya Raman", "notes.md and docs/guide.md are gone"),
    )
    assert [row[:3] for row in found] == [
        ("notes.md", "present", "notes.md"),
        ("notes.md", "renamed", "docs/guide.md"),
    ]


def test_what_names_no_file_stays_plain(with_garden: Settings) -> None:
    assert (
        referred(with_garden, (5, "Ana Lima", "no/such/file.py, README.md and deadbee7 and and/or"), (6, "Bo", "x"))
        == []
    )


def test_a_file_is_found_by_its_end_and_in_another_case(with_garden: Settings) -> None:
    found = referred(with_garden, (5, "Ana Lima", "App.py and SRC/APP.PY and setup.cfg"), (6, "Rui Costa", "yes"))
    assert [row[:3] for row in found] == [
        ("App.py", "present", "src/app.py"),
        ("SRC/APP.PY", "present", "src/app.py"),
        ("setup.cfg", "present", "docs/setup.cfg"),
    ]


def test_commits_issues_and_links(with_garden: Settings, tmp_path: Path) -> None:
    first, *_ = commits(tmp_path / "garden")
    web = WEB.format("garden")
    found = referred(
        with_garden,
        (15, "Ana Lima", f"fixed in {first[:9]}, closes #42"),
        (16, "Rui Costa", f"{web}/blob/{first}/src/app.py#L2 was the old one"),
        (17, "Priya Raman", "https://github.com/other/garden/blob/main/src/app.py is not ours, other/garden#3 neither"),
    )
    assert found == [
        (first[:9], "present", None, first),
        ("#42", "unknown", None, None),
        (f"{web}/blob/{first}/src/app.py#L2", "present", "src/app.py", first),
    ]


PLACES = ("/pull/9", "/pull/9/files#r5", "/pull/9#discussion_r123", "/issues/9#issuecomment-1", "/commit/{}#diff-a1R10")


def test_a_link_to_a_place_on_a_page_stays_what_it_is(with_garden: Settings, tmp_path: Path) -> None:
    written = [WEB.format("garden") + link.format(commits(tmp_path / "garden")[0]) for link in PLACES]
    referred(with_garden, *((15 + n, "Ana Lima", f"see {link} please") for n, link in enumerate(written)))
    with open_warehouse(with_garden) as connection:
        assert rows(connection, "SELECT permalink FROM code_references ORDER BY 1") == [
            (link,) for link in sorted(written)
        ]


HEADINGS = {
    "/blob/main/src/app.py#install": "#install",
    "/blob/main/src/app.py#two-words%21": "#two-words%21",
    "/blob/main/src/app.py?plain=1#L2": "#L2",
    "/blob/main/src/app.py": "",
}


def test_a_link_to_a_heading_of_a_file_keeps_it(with_garden: Settings) -> None:
    web = WEB.format("garden")
    referred(with_garden, *((15 + n, "Ana Lima", f"see {web}{said} please") for n, said in enumerate(HEADINGS)))
    with open_warehouse(with_garden) as connection:
        found = rows(connection, "SELECT permalink, sha FROM code_references")
    assert sorted(link for link, _ in found) == sorted(
        f"{web}/blob/{found[0][1]}/src/app.py{behind}" for behind in HEADINGS.values()
    )


def test_a_link_means_the_branch_or_tag_that_it_names_and_no_other(settings: Settings, tmp_path: Path) -> None:
    """Found by a reviewer: the first branch that had the file was taken, and the author's own link was turned to it."""
    path = garden(tmp_path / "garden")
    first, second, *_ = commits(path)
    git(path, "update-ref", "refs/heads/feature/new", second)
    git(path, "update-ref", "refs/heads/side", first)
    git(path, "tag", "v1.0", first)
    followed = repository(path).model_copy(update={"branches": ("main", "feature/new")})
    active = settings.model_copy(update={"repositories": (followed,)})
    web = WEB.format("garden")
    found = referred(
        active,
        (50, "Ana Lima", f"{web}/blob/v1.0/src/app.py#L3"),
        (51, "Rui Costa", f"{web}/blob/feature/new/src/app.py#L3"),
        (
            52,
            "Priya Raman",
            f"{web}/blob/side/src/app.py and {web}/blob/unknown/src/app.py and {web}/blob/v1.0/docs/guide.md",
        ),
    )
    assert [(sha, state) for _, state, _, sha in found] == [(first, "present"), (second, "present"), (first, "present")]


def test_a_name_that_becomes_known_later_takes_references_with_it(settings: Settings, tmp_path: Path) -> None:
    """Found by attack: the reference was not looked at again, a check failed, and nothing was published any more."""
    stream = Stream()
    stream.commit({"people/Priya Raman/todo.md": "x\n"}, time=at(0))
    new_repository(tmp_path / "garden")
    stream.write(tmp_path / "garden")
    named = settings.model_copy(update={"repositories": (repository(tmp_path / "garden"),)})
    said: tuple[Line, ...] = ((5, "Ana Lima", "it is in todo.md"), (6, "Rui Costa", "yes"), (7, "Bo Berg", "ok"))
    assert [row[:2] for row in referred(named, *said)] == [("todo.md", "present")]
    assert referred(named, *said, (9, "Priya Raman", "hello"), suffix=" (1)") == []
    with open_warehouse(named) as connection:
        assert verify.no_private_names_published(connection, named).passed


def test_a_repository_that_is_called_like_somebody_is_not_linked(settings: Settings, tmp_path: Path) -> None:
    path = garden(tmp_path / "rui-costa")
    active = settings.model_copy(update={"repositories": (repository(path, "rui-costa"),)})
    assert [
        row[:2]
        for row in referred(active, (5, "Ana Lima", "src/app.py"), (6, "Rui Costa", "yes"), (7, "Bo Berg", "ok"))
    ] == [("src/app.py", "present")]
    with open_warehouse(active) as connection:
        assert rows(connection, "SELECT repo, permalink FROM code_references") == [(None, None)]
        posts.refresh(connection, active)
        assert all("osta" not in post.read_text() for post in active.posts.glob("*/*"))


def test_a_file_of_two_repositories_is_ambiguous_unless_the_chat_talks_of_one(
    settings: Settings, tmp_path: Path
) -> None:
    both = (repository(garden(tmp_path / "one"), "one"), repository(garden(tmp_path / "two"), "two"))
    unclear = settings.model_copy(update={"repositories": both})
    said: tuple[Line, ...] = ((5, "Ana Lima", "src/app.py, #7"), (6, "Rui Costa", "yes"))
    assert [row[:3] for row in referred(unclear, *said)] == [("src/app.py", "ambiguous", None)]
    told = unclear.model_copy(update={"sources": (SourceSettings(title="Garden Club", repositories=("two",)),)})
    with open_warehouse(told) as connection:
        references.refresh(connection, told)
        assert [row[:3] for row in shown(connection)] == [
            ("src/app.py", "present", "src/app.py"),
            ("#7", "unknown", None),
        ]
        assert {repo for (repo,) in rows(connection, "SELECT repo FROM code_references")} == {"two"}


def test_references_follow_a_branch_that_was_moved_and_messages_that_went(
    with_garden: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "garden"
    first, second, *_ = commits(path)
    said: tuple[Line, ...] = ((15, "Ana Lima", "src/app.py"), (16, "Rui Costa", "src/app.py too"))
    assert [sha for *_, sha in referred(with_garden, *said)] == [second, second]
    git(path, "update-ref", "refs/heads/main", first)
    assert [sha for *_, sha in referred(with_garden, *said)] == [first, first]
    without = with_privacy(with_garden, opt_out=("Ana Lima",))
    with open_warehouse(without) as connection:
        references.refresh(connection, without)
        assert len(shown(connection)) == 1
        assert scalar(connection, "SELECT count(*) FROM tombstones WHERE table_name = 'code_references'") > 0
        assert verify.no_opted_out_text(connection, without).passed
        assert scalar(connection, "SELECT count(*) FROM code_mentions") == 1


def test_a_repository_that_is_taken_out_of_the_settings_is_forgotten(with_garden: Settings) -> None:
    assert referred(with_garden, (5, "Ana Lima", "src/app.py"), (6, "Rui Costa", "yes"))
    without = with_garden.model_copy(update={"repositories": ()})
    with open_warehouse(without) as connection:
        sync.refresh_configured(connection, without)
        references.refresh(connection, without)
        assert shown(connection) == []
        assert scalar(connection, "SELECT count(*) FROM git_commits") == 0


def test_a_path_with_a_name_in_it_is_no_way_to_the_name(settings: Settings, tmp_path: Path) -> None:
    """The words need not name anybody: the end of the path leads there."""
    stream = Stream()
    stream.commit({"people/Priya Raman/todo.md": "x\n"}, time=at(0))
    new_repository(tmp_path / "garden")
    stream.write(tmp_path / "garden")
    named = settings.model_copy(update={"repositories": (repository(tmp_path / "garden"),)})
    assert referred(named, (5, "Ana Lima", "it is in todo.md"), (6, "Priya Raman", "yes"), (7, "Rui Costa", "ok")) == []


def test_new_messages_are_looked_at_once_and_what_is_the_same_is_not_written(with_garden: Settings) -> None:
    said: tuple[Line, ...] = ((5, "Ana Lima", "src/app.py"), (6, "Rui Costa", "notes.md"))
    referred(with_garden, *said)
    with open_warehouse(with_garden) as connection:
        before = rows(connection, "FROM code_references ORDER BY ALL")
        assert references.refresh(connection, with_garden) == references.ReferenceChanges()
        assert references.refresh(connection, with_garden, full=True).references == 0
        assert rows(connection, "FROM code_references ORDER BY ALL") == before
    referred(with_garden, *said, (7, "Rui Costa", "docs/setup.cfg"), suffix=" (1)")
    with open_warehouse(with_garden) as connection:
        kept = set(rows(connection, "FROM code_references"))
        assert set(before) <= kept
        assert len(kept) == len(before) + 1


def test_posts_link_what_was_meant_and_follow_when_it_changes(with_garden: Settings, tmp_path: Path) -> None:
    first, second, *_ = commits(tmp_path / "garden")
    referred(with_garden, (15, "Ana Lima", "look at src/app.py, not at src/other.py"), (16, "Rui Costa", "ok"))
    with open_warehouse(with_garden) as connection:
        posts.refresh(connection, with_garden)
        (post,) = with_garden.posts.glob("*/*.md")
        assert f"[src/app.py]({WEB.format('garden')}/blob/{second}/src/app.py), not at src/other.py" in post.read_text()
        assert '"commit":"' + second in post.with_suffix(".json").read_text()
        git(tmp_path / "garden", "update-ref", "refs/heads/main", first)
        sync.refresh_configured(connection, with_garden)
        posts.refresh(connection, with_garden)
        assert f"/blob/{first}/src/app.py" in post.read_text()


def test_links_in_posts_make_no_picture_and_no_clock(with_garden: Settings) -> None:
    """Found by attack: an exclamation mark in front makes a picture of a link; a bare number is no reference anywhere else."""
    said: tuple[Line, ...] = (
        (5, "Ana Lima", "!src/app.py and PRs 12, 43 are merged"),
        (6, "Rui Costa", "I paid 43 euros at 12:43 in room 43"),
    )
    referred(with_garden, *said)
    with open_warehouse(with_garden) as connection:
        posts.refresh(connection, with_garden)
    (post,) = with_garden.posts.glob("*/*.md")
    assert "![" not in post.read_text()
    assert "I paid 43 euros at 12:43 in room 43" in post.read_text()


@pytest.mark.parametrize("name", ["odd\u2028line.txt", "Icon\r", 'quo"ted.md', "a b.md", "*.md"])
def test_the_check_of_look_ups_asks_for_odd_names_without_stumbling(
    settings: Settings, tmp_path: Path, name: str
) -> None:
    stream = Stream()
    stream.commit({name: "one\n"}, time=at(0))
    stream.commit({name: None, "other.md": "x\n"}, time=at(1))
    new_repository(tmp_path / "garden")
    stream.write(tmp_path / "garden")
    odd = settings.model_copy(update={"repositories": (repository(tmp_path / "garden"),)})
    with open_warehouse(odd) as connection:
        sync.refresh_configured(connection, odd)
        assert verify.look_ups_agree_with_git(connection, odd).passed


def test_the_check_of_look_ups_knows_files_that_a_partial_clone_lacks(settings: Settings, tmp_path: Path) -> None:
    case = CASES["partial_clone"](tmp_path)
    partial = settings.model_copy(update={"repositories": (repository(case.path),)})
    with open_warehouse(partial) as connection:
        sync.refresh_configured(connection, partial)
        verdict = verify.look_ups_agree_with_git(connection, partial)
        assert verdict.passed
        assert int(verdict.figures["look_ups"]) > 100


BROKEN = {
    "changed_commits_have_rows": "DELETE FROM git_file_changes WHERE path = 'docs/guide.md'",
    "timelines_are_contiguous": "DELETE FROM git_timeline WHERE seq = 3",
    "look_ups_agree_with_git": "UPDATE git_path_versions SET blob = repeat('0', 40) WHERE path = 'src/app.py'",
    "no_private_names_published": "UPDATE code_references SET raw = 'Rui Costa', revision = ?",
    "no_unscrubbed_pii": "UPDATE code_references SET path = 'ana@example.org', revision = ?",
}


def test_the_checks_see_what_must_not_be(with_garden: Settings) -> None:
    assert referred(with_garden, (5, "Ana Lima", "src/app.py"), (6, "Rui Costa", "yes"))
    with open_warehouse(with_garden) as connection:
        verdicts = [getattr(verify, name)(connection, with_garden) for name in BROKEN]
        assert all(verdict.passed for verdict in verdicts), verdicts
    whole = with_garden.warehouse_path.read_bytes()
    for check, fault in BROKEN.items():
        with_garden.warehouse_path.write_bytes(whole)
        with open_warehouse(with_garden) as connection, transaction(connection, "test") as change:
            changed(connection, "DELETE FROM watermarks WHERE consumer = 'check:changed_commits_have_rows'")
            changed(connection, fault, [change.revision] if "?" in fault else None)
        with open_warehouse(with_garden) as connection:
            assert not getattr(verify, check)(connection, with_garden).passed, check


def test_the_sample_of_look_ups_is_not_empty(with_garden: Settings) -> None:
    referred(with_garden, (5, "Ana Lima", "src/app.py"), (6, "Rui Costa", "yes"))
    with open_warehouse(with_garden) as connection:
        assert int(verify.look_ups_agree_with_git(connection, with_garden).figures["look_ups"]) >= 4


def test_a_repository_that_is_gone_is_told(with_garden: Settings, tmp_path: Path) -> None:
    with open_warehouse(with_garden) as connection:
        assert verify.repositories_are_read(connection, with_garden).passed
        (tmp_path / "garden").rename(tmp_path / "elsewhere")
        verdict = verify.repositories_are_read(connection, with_garden)
        assert not verdict.passed
        assert "garden" in verdict.description


def test_few_references_that_are_found_are_told(with_garden: Settings) -> None:
    said = [(minute, "Ana Lima", f"see lib/other{minute}.py") for minute in range(60)]
    referred(with_garden, *said, (61, "Rui Costa", "yes"))
    with open_warehouse(with_garden) as connection:
        assert not verify.references_are_resolved(connection, with_garden).passed


def test_a_path_where_another_repository_is_linked_has_no_page_of_a_file(settings: Settings, tmp_path: Path) -> None:
    stream, path = Stream(), new_repository(tmp_path / "garden")
    stream.commit({"vendor/parts.js": submodule("1" * 40), "src/app.py": lines("one")}, time=at(0))
    stream.write(path)
    with_submodule = settings.model_copy(update={"repositories": (repository(path),)})
    referred(with_submodule, (15, "Ana Lima", "see vendor/parts.js and src/app.py"))
    with open_warehouse(with_submodule) as connection:
        found = rows(connection, "SELECT state, permalink IS NULL FROM code_references ORDER BY place")
        assert found == [("submodule", True), ("present", False)]
        (place,) = branches(connection)
        for name, has_page in (("vendor/parts.js", False), ("src/app.py", True)):
            version = path_at(connection, place.repo, place.branch, name, datetime.fromtimestamp(at(20), UTC))
            assert (permalink_of(connection, place, version) is not None) == has_page


def test_an_error_amid_the_search_for_mentions_is_told_as_what_it_is_and_the_next_pass_makes_up_for_it(
    with_garden: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_export(with_garden, "Garden Club", chat((0, "Ana Lima", "see src/beds.py")))
    with open_warehouse(with_garden) as connection:
        ingest(connection, with_garden)
        with monkeypatch.context() as failing:
            failing.setattr(references, "mentions", lambda new: f"SELECT error('no room for more') FROM ({new})")
            with pytest.raises(duckdb.Error, match="no room for more"):
                references.refresh(connection, with_garden)
        assert references.refresh(connection, with_garden).mentions == 1
