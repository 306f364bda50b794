"""Authors of posts are taken in from front matter alone, and the list of authors keeps every byte that stands in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from egregora_assets.authors import author_list, posts, sync, verify
from egregora_assets.authors.author_list import AuthorListUnreadable
from egregora_assets.authors.front_matter import DamagedFrontMatter, authors_of_post
from egregora_assets.chat.ingest import ingest
from egregora_assets.config import AuthorSettings, Settings
from egregora_assets.publish.pending import pending
from egregora_assets.publish.snapshot import publish
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows
from tests.chats import chat, published_texts, put_export, state_of_home, with_privacy

FORMS: dict[str, tuple[str, list[str]]] = {
    "a list": ("---\ntitle: x\nauthors:\n  - Ana Lima\n  - Bo\n---\nbody\n", ["Ana Lima", "Bo"]),
    "a list without indentation": ("---\nauthors:\n- Ana Lima\n- Bo\ntitle: x\n---\n", ["Ana Lima", "Bo"]),
    "an inline list": ("---\nauthors: [Ana Lima, 'Bo', \"Cy: the third\"]\n---\n", ["Ana Lima", "Bo", "Cy: the third"]),
    "an inline list over lines": ("---\nauthors: [\n  Ana Lima,\n  Bo\n]\n---\n", ["Ana Lima", "Bo"]),
    "one name": ("---\nauthors: Ana Lima # a comment\n---\n", ["Ana Lima"]),
    "mappings": (
        "---\nauthors:\n  - name: Ana Lima\n    url: x\n  - {name: Bo}\n  - Cy\n---\n",
        ["Ana Lima", "Bo", "Cy"],
    ),
    "one mapping": ("---\nauthors: {name: Ana Lima}\n---\n", ["Ana Lima"]),
    "comments": ("---\nauthors:  # who\n  - Ana Lima  # first\n  # - Bo\n  - Cy\n---\n", ["Ana Lima", "Cy"]),
    "another ending": ("---\nauthors: Ana Lima\n...\nauthors: [Bo]\n", ["Ana Lima"]),
    "no line break at the end": ("---\nauthors: Ana Lima\n---", ["Ana Lima"]),
    "a mark at the beginning": ("\ufeff---\nauthors: Ana Lima\n---\n", ["Ana Lima"]),
    "the body": ("---\ntitle: x\n---\n\nauthors: [Ana Lima]\n---\nauthors: Bo\n---\n", []),
    "no front matter": ("authors: [Ana Lima]\n", []),
    "a rule at the beginning": ("----\nauthors: Ana Lima\n---\n", []),
    "not at the beginning": ("\n---\nauthors: Ana Lima\n---\n", []),
    "nobody": ("---\nauthors:\n---\n", []),
    "an empty list": ("---\nauthors: []\n---\n", []),
    "empty front matter": ("---\n---\nauthors: Ana Lima\n", []),
    "a text with the key in it": ("---\ntext: |\n  authors: [Bo]\nauthors: Ana Lima\n---\n", ["Ana Lima"]),
    "a key inside another": ("---\nmeta:\n  authors: [Bo]\n---\n", []),
    "the same name twice": ("---\nauthors: [Bo, Bo]\n---\n", ["Bo"]),
    "a number": ("---\nauthors: [2024, true]\n---\n", ["2024", "true"]),
    "an impossible date": ("---\ndate: 2024-13-45\nauthors: [Bo]\n---\n", ["Bo"]),
    "a tag of a tool": ("---\nicon: !ENV [HOME]\nauthors: [Bo]\n---\n", ["Bo"]),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_authors_are_found_in_every_form_of_front_matter(tmp_path: Path, form: str, ending: str) -> None:
    text, names = FORMS[form]
    (tmp_path / "post.md").write_bytes(text.replace("\n", ending).encode())
    assert authors_of_post(tmp_path / "post.md") == names


@pytest.mark.parametrize("size", [4090, 65_520, 65_530, 65_536, 200_000])
@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_front_matter_may_be_of_any_size(tmp_path: Path, size: int, ending: str) -> None:
    text = f"---\ntext: {'x' * size}\nauthors: [Ana Lima]\n---\nauthors: [Bo]\n{'body ' * 20_000}"
    (tmp_path / "post.md").write_bytes(text.replace("\n", ending).encode())
    assert authors_of_post(tmp_path / "post.md") == ["Ana Lima"]


DAMAGED = {
    "no end": ("---\nauthors: [Ana Lima]\n", "no end"),
    "an open list": ("---\nauthors: [Ana Lima\n---\n", "line 2"),
    "a tab": ("---\ntitle: x\nauthors:\n\t- Ana Lima\n---\n", "line 4"),
    "a list in a list": ("---\nauthors:\n  - [Ana Lima]\n---\n", "line 3: authors is to be a name"),
    "a mapping without a name": ("---\nauthors:\n  ana: x\n---\n", "authors is to be a name"),
    "no keys": ("---\n- authors\n---\n", "no list of keys"),
    "too deep": ("---\nauthors: " + "[" * 5000 + "\n---\n", "nested too deeply"),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_damaged_front_matter_is_told_with_its_line(tmp_path: Path, damage: str) -> None:
    text, told = DAMAGED[damage]
    (tmp_path / "post.md").write_text(text)
    with pytest.raises(DamagedFrontMatter, match=told):
        authors_of_post(tmp_path / "post.md")


def test_front_matter_that_is_no_utf8_is_told(tmp_path: Path) -> None:
    (tmp_path / "post.md").write_bytes("---\nauthors: [João]\n---\n".encode("latin-1"))
    with pytest.raises(DamagedFrontMatter, match="UTF-8"):
        authors_of_post(tmp_path / "post.md")


@pytest.fixture
def blog(settings: Settings, tmp_path: Path) -> Settings:
    """A home whose settings name a folder of two posts."""
    folder = tmp_path / "blog" / "posts"
    (folder / "2024").mkdir(parents=True)
    (folder / "one.md").write_text("---\nauthors: [Ana Lima, Bo]\n---\nhello\n")
    (folder / "2024" / "two.md").write_bytes(b"---\r\nauthors:\r\n  - Cy\r\n---\r\nhello\r\n")
    (folder / "notes.txt").write_text("---\nauthors: [Nobody]\n---\n")
    return settings.model_copy(update={"authors": AuthorSettings(posts=folder)})


def folder_of(settings: Settings) -> Path:
    assert settings.authored_posts is not None
    return settings.authored_posts


def synced(settings: Settings) -> tuple[posts.PostsChanges, int]:
    with open_warehouse(settings) as connection:
        found = posts.read_posts(connection, settings)
        sync.refresh(connection, settings)
        return found, posts.write_list(connection, settings)


def ids(settings: Settings) -> list[str]:
    loaded = YAML(typ="safe").load((folder_of(settings) / ".authors.yml").read_text())
    for name, entry in loaded["authors"].items():
        assert entry == {"name": name, "description": "Author", "avatar": ""}
    return sorted(loaded["authors"])


def authors(settings: Settings) -> list[tuple[str, int]]:
    with open_warehouse(settings) as connection:
        return rows(
            connection,
            "SELECT raw_name, message_count FROM authors JOIN private.author_names USING (author_id) "
            "WHERE platform = 'posts' ORDER BY raw_name",
        )


def test_authors_of_posts_become_authors_and_entries_of_the_list(blog: Settings) -> None:
    assert synced(blog) == (posts.PostsChanges(posts=2, read=2), 3)
    assert authors(blog) == [("Ana Lima", 0), ("Bo", 0), ("Cy", 0)]
    assert ids(blog) == ["Ana Lima", "Bo", "Cy"]


def test_a_pass_over_unchanged_posts_opens_no_file_and_writes_no_byte(blog: Settings) -> None:
    synced(blog)
    before, listed = state_of_home(blog), (folder_of(blog) / ".authors.yml").stat()
    for post in folder_of(blog).rglob("*.md"):
        post.chmod(0)
        os.utime(post, ns=(0, post.stat().st_mtime_ns))
    seen = {post: post.stat().st_atime_ns for post in folder_of(blog).rglob("*.md")}
    assert synced(blog) == (posts.PostsChanges(posts=2), 0)
    assert {post: post.stat().st_atime_ns for post in seen} == seen, "the files were not read"
    assert state_of_home(blog) == before
    assert (folder_of(blog) / ".authors.yml").stat().st_mtime_ns == listed.st_mtime_ns


def test_only_what_has_changed_is_opened_again(blog: Settings) -> None:
    synced(blog)
    (folder_of(blog) / "one.md").write_text("---\nauthors: [Ana Lima, Dee]\n---\nhello\n")
    with open_warehouse(blog) as connection:
        assert posts.changed_posts(connection, blog) == 1
    assert synced(blog) == (posts.PostsChanges(posts=2, read=1), 1)
    assert ids(blog) == ["Ana Lima", "Bo", "Cy", "Dee"], "who was listed stays"
    (folder_of(blog) / "one.md").unlink()
    assert synced(blog) == (posts.PostsChanges(posts=1), 0)


def test_a_damaged_post_is_told_and_keeps_nothing_else_from_being_read(
    blog: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    (folder_of(blog) / "bad.md").write_text("---\nauthors: [Eve\n---\n")
    found, _ = synced(blog)
    assert (found.read, found.damaged) == (3, 1)
    assert "bad.md: line 2" in caplog.text
    assert ids(blog) == ["Ana Lima", "Bo", "Cy"]
    with open_warehouse(blog) as connection:
        [(path, problem)] = posts.problems(connection)
        assert Path(path).name == "bad.md"
        assert "line 2" in problem
        assert not verify.front_matter_can_be_read(connection, blog).passed
    (folder_of(blog) / "bad.md").write_text("---\nauthors: [Eve]\n---\n")
    synced(blog)
    with open_warehouse(blog) as connection:
        assert verify.front_matter_can_be_read(connection, blog).passed


def test_who_opted_out_is_never_written_to_the_list(blog: Settings) -> None:
    put_export(blog, "Garden Club", chat((0, "Bo", "/egregora opt-out"), (1, "Rui", "hello")))
    with open_warehouse(blog) as connection:
        ingest(connection, blog)
    out = with_privacy(blog, opt_out=("ana LIMA",))
    synced(out)
    assert ids(blog) == ["Cy"]
    with open_warehouse(blog) as connection:
        publish(connection, out)
    assert "Ana Lima" not in published_texts(blog)
    synced(blog)
    assert ids(blog) == ["Ana Lima", "Cy"], "who opts in again is added; Bo has opted out in a chat under the same name"


def test_a_list_that_cannot_be_read_is_left_alone(blog: Settings, caplog: pytest.LogCaptureFixture) -> None:
    path = folder_of(blog) / ".authors.yml"
    path.write_text("authors: [broken\n")
    synced(blog)
    assert path.read_text() == "authors: [broken\n"
    assert "it was left as it is" in caplog.text
    with open_warehouse(blog) as connection:
        assert not verify.front_matter_can_be_read(connection, blog).passed
    path.write_text("authors:\n  Cy: {name: Cy, description: x, avatar: y}\n")
    assert synced(blog)[1] == 2
    with open_warehouse(blog) as connection:
        assert verify.front_matter_can_be_read(connection, blog).passed


def test_an_entry_that_somebody_took_out_is_added_again(blog: Settings) -> None:
    synced(blog)
    (folder_of(blog) / ".authors.yml").unlink()
    assert synced(blog)[1] == 3


def test_changed_posts_are_something_to_do(blog: Settings) -> None:
    synced(blog)
    with open_warehouse(blog) as connection:
        publish(connection, blog)
    assert pending(blog) == []
    (folder_of(blog) / "three.md").write_text("---\nauthors: Dee\n---\n")
    assert pending(blog) == ["1 post has changed"]


def test_a_folder_that_is_not_there_is_told(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    gone = settings.model_copy(update={"authors": AuthorSettings(posts=Path("nowhere"))})
    assert synced(gone) == (posts.PostsChanges(), 0)
    assert "is no folder" in caplog.text


LISTS: dict[str, str] = {
    "nothing": "",
    "a comment": "# who writes here\n",
    "no entry": "authors:\n",
    "no entry, with more keys": "authors:\n# nobody yet\nother: 1\n",
    "comments and unknown keys": (
        "# top\nauthors:\n  # the first\n  cy:   # id\n    name: 'Cy'\n    avatar:  https://x.example.org/a.png # picture\n"
        "    extra: {a: 1,   b: [x, y]}\n\n  dee: {name: \"Dee\", description: d, avatar: e}  # inline\n# bottom\n"
    ),
    "keys behind": "authors:\n    cy:\n        name: Cy\n        text: |\n            many\n            lines\n\nteam:\n  - cy\n",
    "a folded text last": "authors:\n  cy:\n    name: >-\n      Cy the\n      third\n",
    "a list last": "authors:\n  cy:\n    name: Cy\n    links:\n    - a\n    - b\n",
    "a mark and no line break at the end": "\ufeffauthors:\n  cy:\n    name: Cy",
    "document marks": "---\nauthors:\n  cy:\n    name: Cy\n",
    "anchors": "base: &b\n  avatar: x\nauthors:\n  cy:\n    <<: *b\n    name: Cy\n",
    "inline": "authors: {cy: {name: Cy}}  # all\nother: [1,  2] # kept\n",
    "an empty mapping": "authors: {}\n",
}  # fmt: skip


@pytest.mark.parametrize("form", LISTS)
@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_what_stands_in_the_list_stays(form: str, ending: str) -> None:
    before = LISTS[form].replace("\n", ending)
    after = author_list.with_authors(before, ["Ana Lima", "João", "no: #1", "true"])
    assert author_list.listed(after) == author_list.listed(before) | {"Ana Lima", "João", "no: #1", "true"}
    kept = iter(after)
    if form not in ("inline", "an empty mapping"):
        assert all(letter in kept for letter in before), "every byte stands there, in its order"
        assert after.count("\n") == after.count(ending) or not before
    for comment in ("# all", "# kept"):
        assert (comment in after) == (comment in before)


@pytest.mark.parametrize("text", ["authors: [a]\n", "- a\n", "authors: {\n", "authors: 1\n", "a: 1\n---\nb: 2\n"])
def test_a_list_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(AuthorListUnreadable):
        author_list.with_authors(text, ["Ana Lima"])


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
DISTINCT_NAMES = st.lists(
    NAMES.map(lambda name: " ".join(name.split())).filter(bool), min_size=1, max_size=4, unique=True
)


@hypothesis_settings(max_examples=60, deadline=None)
@given(DISTINCT_NAMES)
def test_any_name_comes_back_as_it_was_added(names: list[str]) -> None:
    try:
        after = author_list.with_authors(
            "# top\nauthors:\n  cy: {name: Cy}\n", [name for name in names if name != "cy"]
        )
    except AuthorListUnreadable:
        return
    assert author_list.listed(after) == {"cy", *names}
    assert after.startswith("# top\nauthors:\n  cy: {name: Cy}\n")


@pytest.mark.parametrize(
    "text",
    [
        "authors: &a\n  x: *a\n",
        "a: &a [*a]\nauthors: {}\n",
        "a0: &a0 [x, x]\n"
        + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10))
        + "authors: {}\n",
    ],
    ids=["holds itself", "another part holds itself", "a bomb"],
)
def test_a_list_whose_references_have_no_end_is_left_as_it_is(text: str) -> None:
    with pytest.raises(author_list.AuthorListUnreadable, match="references"):
        author_list.with_authors(text, ["Ana Lima"])


def test_a_name_that_the_list_shows_is_known_and_an_opt_out_by_it_holds(blog: Settings) -> None:
    folder = folder_of(blog)
    (folder / "more.md").write_text("---\nauthors: [ana-handle]\n---\n")
    entry = "  ana-handle:\n    name: Jonas Krüger\n    description: x\n    avatar: y\n"
    (folder / posts.LIST_FILE).write_text(f"authors:\n{entry}  nobody:\n    name: Nobody Else\n", "utf-8")
    assert pending(blog) != []
    put_export(
        blog, "Garden Club", chat((0, "Rui Costa", "ask Jonas Krüger"), (1, "Bo Li", "or Nobody"), (2, "Cy", "yes"))
    )
    with open_warehouse(blog) as connection:
        ingest(connection, blog)
    synced(blog)
    before = state_of_home(blog)
    synced(blog)
    assert state_of_home(blog) == before
    listed_out = with_privacy(blog, opt_out=("jonas krueger", "Jonas Krüger"))
    with open_warehouse(blog) as connection:
        publish(connection, blog)
        texts = "".join(text for (text,) in rows(connection, "SELECT text FROM clean_messages"))
        assert "ask [name]" in texts
        assert "or Nobody" in texts, "no post names that one"
        assert "Jonas Krüger" not in sync.refresh(connection, listed_out).unmatched
        sql = "SELECT opted_out FROM authors JOIN private.author_names USING (author_id) WHERE raw_name = 'ana-handle'"
        assert rows(connection, sql) == [(True,)]
    assert entry in (folder / posts.LIST_FILE).read_text("utf-8")
    (folder / posts.LIST_FILE).write_text(
        (folder / posts.LIST_FILE).read_text("utf-8").replace("Jonas", "Johanna"), "utf-8"
    )
    synced(blog)
    with open_warehouse(blog) as connection:
        assert rows(connection, "SELECT 1 FROM private.author_names WHERE raw_name = 'Johanna Krüger'") == [(1,)]


WITH_ANA = {
    "block": "# ours\nauthors:\n  mine:\n    name: Mine  # kept\n{ana}  Bo:\n    name: Bo\n    url: x\n# end\n",
    "CRLF": "authors:\r\n{ana}  Bo:\r\n    name: Bo\r\n",
    "alone": "site: x\nauthors:\n{ana}",
    "flow": "authors: {{Ana Lima: {{name: Ana Lima, description: Author, avatar: ''}}, Bo: {{name: Bo}}}} # c\n",
}
ANA = '  Ana Lima:\n    name: Ana Lima\n    description: Author\n    avatar: ""\n'


@pytest.mark.parametrize("form", WITH_ANA)
def test_an_entry_that_was_added_goes_with_an_opt_out_and_every_other_byte_stays(form: str) -> None:
    ending = "\r\n" if form == "CRLF" else "\n"
    before = WITH_ANA[form].format(ana=ANA.replace("\n", ending))
    assert author_list.ours(before) == {"Ana Lima"}
    after = author_list.without_authors(before, ["Ana Lima"])
    if form == "flow":
        assert " ".join(after.split()) == "authors: {Bo: {name: Bo}} # c"
    else:
        assert after == WITH_ANA[form].format(ana="")


def test_who_opts_out_later_leaves_the_list_unless_the_owner_wrote_the_entry(blog: Settings) -> None:
    """Found in review: the entry that had been added itself stayed, with the name."""
    synced(blog)
    assert ids(blog) == ["Ana Lima", "Bo", "Cy"]
    synced(with_privacy(blog, opt_out=("ANA lima",)))
    assert ids(blog) == ["Bo", "Cy"]
    own = "authors:\n  Ana Lima:\n    name: Ana Lima\n    url: https://example.org\n"
    (folder_of(blog) / ".authors.yml").write_text(own)
    synced(with_privacy(blog, opt_out=("Ana Lima", "Bo", "Cy")))
    assert (folder_of(blog) / ".authors.yml").read_text() == own
