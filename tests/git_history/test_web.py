"""Links lead to the right page of the right forge, never elsewhere, and carry no password out of a remote."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any, get_args
from urllib.parse import unquote_to_bytes, urlsplit

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from egregora_assets.config import Forge, RepositorySettings
from egregora_assets.git_history.web import Kind, forge_of, permalink, permalinks, same_place, web_address, with_anchor

SHA = "3f9c2ab" + "0" * 33
GITHUB = "https://github.com/org/repo"


@pytest.mark.parametrize(
    ("remote", "web"),
    [
        ("git@github.com:org/repo.git", GITHUB),
        ("github.com:org/repo", GITHUB),
        ("git@GitHub.com:/org/repo.git/", GITHUB),
        ("https://github.com/org/repo.git", GITHUB),
        ("https://user:token@github.com/org/repo.git", GITHUB),
        ("https://x-access-token:ghs_16C7e42F@github.com/org/repo", GITHUB),
        ("git://github.com/org/repo.git", GITHUB),
        ("ssh://git@ssh.github.com:443/org/repo.git", GITHUB),
        ("git+ssh://git@github.com/org/repo.git", GITHUB),
        ("ssh://git@host:2222/org/repo.git", "https://host/org/repo"),
        ("git@gitlab.com:group/sub/deeper/repo.git", "https://gitlab.com/group/sub/deeper/repo"),
        ("https://git.example.org:8443/org/repo.git?x=1#y", "https://git.example.org:8443/org/repo"),
        ("http://ana:pw@localhost:3000/org/repo.git", "http://localhost:3000/org/repo"),
        ("https://example.org/org/a%20repo.git", "https://example.org/org/a%20repo"),
        ("git@example.org:org/a repo(1).git", "https://example.org/org/a%20repo%281%29"),
        ("https://org@dev.azure.com/org/project/_git/repo", "https://dev.azure.com/org/project/_git/repo"),
    ],
)
def test_a_remote_has_a_page(remote: str, web: str) -> None:
    assert web_address(remote) == web


@pytest.mark.parametrize(
    "remote",
    [
        "/srv/git/repo.git",
        "../repo",
        "repo",
        "~/src/repo",
        "C:/src/repo",
        r"C:\src\repo",
        "file:///srv/git/repo.git",
        "ext::sh -c true",
        "ftp://example.org/org/repo",
        "javascript://example.org/org/repo",
        "https://",
        "https://example.org",
        "https://example.org/",
        "https://[::1]/org/repo",
        "https://exam ple.org/org/repo",
        "https://exämple.org/org/repo",
        "https://example.org:port/org/repo",
        "https://example.org/org/../../repo",
        "https://example.org/org/%2e%2e/repo",
        "https://exam\nple.org/org/repo",
        "ssh://git@example.org/~ana/repo",
        "https://ana:12/ab@example.org/org/repo",
        "ana:token@example.org:org/repo",
        "",
    ],
)
def test_a_place_without_a_page_has_no_address(remote: str) -> None:
    assert web_address(remote) is None


SECRETS = st.text(min_size=1, max_size=30).map(lambda text: f"{text}hunter2")
SECRETS_IN_THEIR_MIDDLE = st.tuples(st.text("12/?#:@\\%[] \n", max_size=6), st.text("12/?#:@\\%[] \n", max_size=6)).map(
    "hunter2".join
)


@given(
    st.sampled_from(["https://{}@{}/org/repo.git", "ssh://{}@{}/org/repo", "{}@{}:org/repo.git", "http://u:{}@{}/o/r"]),
    SECRETS | SECRETS_IN_THEIR_MIDDLE,
)
@example("https://{}@{}/org/repo.git", "u:1/hunter2")
@example("https://{}@{}/org/repo.git", "u:1/hunter2%40")
def test_no_password_survives(form: str, secret: str) -> None:
    address = web_address(form.format(secret, "example.org"))
    assert address is None or "hunter2" not in address


@pytest.mark.parametrize(
    ("web", "forge"),
    [
        (GITHUB, "github"),
        ("https://github.example.org/org/repo", "github"),
        ("https://gitlab.gnome.org/GNOME/gimp", "gitlab"),
        ("https://codeberg.org/forgejo/forgejo", "gitea"),
        ("https://gitea.com:443/gitea/tea", "gitea"),
        ("https://bitbucket.org/team/repo", "bitbucket"),
        ("https://git.example.org/github/repo", "custom"),
        (None, "custom"),
    ],
)
def test_the_host_tells_the_forge(web: str | None, forge: Forge) -> None:
    assert forge_of(web) == forge


def test_the_settings_know_the_forge_better() -> None:
    assert forge_of("https://git.example.org/hackerspace/door-bot", "gitea") == "gitea"


LINKS: list[tuple[Forge, str, dict[str, Any], str]] = [
    ("github", "file", {"path": "src/a.py"}, f"/blob/{SHA}/src/a.py"),
    ("github", "file", {"path": "src/a.py", "line_from": 4}, f"/blob/{SHA}/src/a.py#L4"),
    ("github", "file", {"path": "src/a.py", "line_from": 4, "line_to": 9}, f"/blob/{SHA}/src/a.py#L4-L9"),
    ("github", "file", {"path": "src/a.py", "line_from": 9, "line_to": 4}, f"/blob/{SHA}/src/a.py#L4-L9"),
    ("github", "file", {"path": "src/a.py", "line_from": 0}, f"/blob/{SHA}/src/a.py"),
    ("github", "file", {"path": "README.md"}, f"/blob/{SHA}/README.md"),
    ("github", "file", {"path": "README.md", "line_from": 4}, f"/blob/{SHA}/README.md?plain=1#L4"),
    ("github", "file", {"path": "a b/[ü](x)#1?.py"}, f"/blob/{SHA}/a%20b/%5B%C3%BC%5D%28x%29%231%3F.py"),
    ("github", "file", {"path": b"caf\xe9.py"}, f"/blob/{SHA}/caf%E9.py"),
    ("github", "file", {"path": "caf\udce9.py"}, f"/blob/{SHA}/caf%E9.py"),
    ("github", "commit", {}, f"/commit/{SHA}"),
    ("github", "issue", {"number": 12}, "/issues/12"),
    ("github", "pull", {"number": 12}, "/pull/12"),
    ("gitlab", "file", {"path": "a.py", "line_from": 4, "line_to": 9}, f"/-/blob/{SHA}/a.py#L4-9"),
    ("gitlab", "file", {"path": "A.MD", "line_from": 4}, f"/-/blob/{SHA}/A.MD?plain=1#L4"),
    ("gitlab", "commit", {}, f"/-/commit/{SHA}"),
    ("gitlab", "issue", {"number": 12}, "/-/issues/12"),
    ("gitlab", "pull", {"number": 12}, "/-/merge_requests/12"),
    ("gitea", "file", {"path": "a.py", "line_from": 4, "line_to": 9}, f"/src/commit/{SHA}/a.py#L4-L9"),
    ("gitea", "file", {"path": "a.md", "line_from": 4}, f"/src/commit/{SHA}/a.md?display=source#L4"),
    ("gitea", "commit", {}, f"/commit/{SHA}"),
    ("gitea", "issue", {"number": 12}, "/issues/12"),
    ("gitea", "pull", {"number": 12}, "/pulls/12"),
    ("bitbucket", "file", {"path": "a.py", "line_from": 4}, f"/src/{SHA}/a.py#lines-4"),
    ("bitbucket", "file", {"path": "a.py", "line_from": 4, "line_to": 9}, f"/src/{SHA}/a.py#lines-4:9"),
    ("bitbucket", "commit", {}, f"/commits/{SHA}"),
    ("bitbucket", "issue", {"number": 12}, "/issues/12"),
    ("bitbucket", "pull", {"number": 12}, "/pull-requests/12"),
]


@pytest.mark.parametrize(("forge", "kind", "what", "address"), LINKS, ids=[link[3] for link in LINKS])
def test_each_forge_has_its_way_of_writing(forge: Forge, kind: Kind, what: dict[str, Any], address: str) -> None:
    web = "https://example.org/org/repo"
    assert permalink(forge, web, kind=kind, sha=SHA, **what) == web + address


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../x", "a/../../x", "a//b", "./a", "a/", "\ud800"])
def test_a_path_that_is_none_has_no_link(path: str) -> None:
    for forge in get_args(Forge):
        assert permalink(forge, GITHUB, "https://x.org/{sha}/{path}", kind="file", sha=SHA, path=path) is None


def test_what_is_not_known_has_no_link() -> None:
    assert permalink("github", None, kind="commit", sha=SHA) is None
    assert permalink("github", GITHUB, kind="commit") is None
    assert permalink("github", GITHUB, kind="commit", sha="main") is None
    assert permalink("github", GITHUB, kind="file", sha=SHA) is None
    assert permalink("github", GITHUB, kind="file", path="a.py") is None
    assert permalink("github", GITHUB, kind="issue") is None
    assert permalink("github", GITHUB, kind="issue", number=0) is None
    assert permalink("custom", GITHUB, kind="file", sha=SHA, path="a.py") is None
    assert permalink("custom", GITHUB, "https://x.org/{sha}/{path}", kind="commit", sha=SHA) is None


def test_a_template_is_filled() -> None:
    cgit = "https://x.org/tree/{path}?id={sha}#n{line_from}"
    assert permalink("custom", None, cgit, kind="file", sha=SHA, path="a b.c", line_from=3) == (
        f"https://x.org/tree/a%20b.c?id={SHA}#n3"
    )
    assert permalink("custom", None, cgit, kind="file", sha=SHA, path="a.c") == f"https://x.org/tree/a.c?id={SHA}"
    query = "https://x.org/{path}?at={sha}&from={line_from}&to={line_to}#code"
    assert permalink("custom", None, query, kind="file", sha=SHA, path="a.c") == (
        f"https://x.org/a.c?at={SHA}&from=1&to=1#code"
    )


def test_a_table_of_references_gets_its_links_at_once() -> None:
    references = pa.table(
        {
            "kind": ["file", "issue", "commit", "other", None, "file"],
            "forge": ["github", "gitlab", "github", "github", "github", "custom"],
            "web": [GITHUB, GITHUB, None, GITHUB, GITHUB, None],
            "template": [None, None, None, None, None, "https://x.org/{sha}/{path}"],
            "sha": [SHA, None, SHA, SHA, SHA, SHA],
            "path": ["a.py", None, None, None, None, "a.py"],
            "line_from": pa.array([2, None, None, None, None, None], pa.int64()),
            "line_to": pa.array([None, None, None, None, None, None], pa.int64()),
            "number": pa.array([None, 7, None, None, None, None], pa.int64()),
        }
    )
    links = permalinks(references)
    assert links.type == pa.string()
    assert links.to_pylist() == [
        f"{GITHUB}/blob/{SHA}/a.py#L2",
        f"{GITHUB}/-/issues/7",
        None,
        None,
        None,
        f"https://x.org/{SHA}/a.py",
    ]
    assert permalinks(references.slice(0, 0)).to_pylist() == []


@pytest.mark.parametrize(
    ("host", "owner", "repository", "same"),
    [
        ("github.com", "org", "repo", True),
        ("GitHub.com", "Org", "REPO.git", True),
        ("www.github.com", "org", "repo", True),
        ("raw.githubusercontent.com", "org", "repo", True),
        ("gitlab.com", "org", "repo", False),
        ("github.com.evil.org", "org", "repo", False),
        ("github.com", "org", "repo2", False),
        ("github.com", "other", "repo", False),
        ("github.com", "org/repo", "repo", False),
    ],
)
def test_a_link_in_a_chat_leads_to_a_repository_or_not(host: str, owner: str, repository: str, same: bool) -> None:
    assert same_place(GITHUB, host, owner, repository) is same


def test_groups_and_ports_belong_to_the_place() -> None:
    assert same_place("https://gitlab.com/group/sub/repo", "gitlab.com", "group/sub", "repo")
    assert same_place("https://git.example.org:8443/org/repo", "git.example.org:8443", "org", "repo")
    assert not same_place(None, "github.com", "org", "repo")


class _Links(HTMLParser):
    """The tags of a text, with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, attrs))


ANYTHING = st.text(st.characters(), max_size=20)
REMOTES = st.builds(
    "{}{}/{}.git".format, st.sampled_from(["git@github.com:", "https://x.org/", ""]), ANYTHING, ANYTHING
)
TEMPLATES = st.sampled_from([None, "https://x.org/{path}?id={sha}#n{line_from}", "https://x.org/{sha}/{path}"])


@given(
    forge=st.sampled_from(get_args(Forge)),
    web=REMOTES.map(web_address) | ANYTHING | st.just(GITHUB),
    template=TEMPLATES,
    kind=st.sampled_from(get_args(Kind)),
    sha=st.just(SHA) | st.none() | ANYTHING,
    path=st.none() | ANYTHING | st.binary(max_size=20),
    line_from=st.none() | st.integers(),
    line_to=st.none() | st.integers(),
    number=st.none() | st.integers(),
)
@example("github", 'javascript:alert("1")//', None, "commit", SHA, None, None, None, None)
@example("github", "https://github.com/o/r)<b>", None, "issue", None, None, None, None, 1)
@example("github", "https://GITHUB.com/o\u017f/r", None, "issue", None, None, None, None, 1)
def test_a_link_breaks_out_of_nothing(
    forge: Forge,
    web: str | None,
    template: str | None,
    kind: Kind,
    sha: str | None,
    path: str | bytes | None,
    line_from: int | None,
    line_to: int | None,
    number: int | None,
) -> None:
    link = permalink(
        forge,
        web,
        template,
        kind=kind,
        sha=sha,
        path=path,
        line_from=line_from,
        line_to=line_to,
        number=number,
    )
    if link is None:
        return
    parts = urlsplit(link)
    assert parts.scheme.lower() in ("http", "https")
    assert parts.hostname
    assert (parts.username, parts.password) == (None, None)
    assert link.isascii()
    assert link.isprintable()
    assert not set(link) & set(" \"'()<>[]{}\\`|^*$")
    assert parts.geturl().lower() == link.lower()
    assert _Links(f'<a href="{link}" id=x>y</a><a href={link}>y</a>').tags == [
        ("a", [("href", link), ("id", "x")]),
        ("a", [("href", link)]),
    ]
    if kind == "file" and path is not None:
        raw = path if isinstance(path, bytes) else path.encode("utf-8", "surrogateescape")
        assert raw in unquote_to_bytes(link)


@given(st.text("{}shapthlinefrom_o/.:?#é ()!", max_size=40).map("https://x.org/{sha}/{path}".__add__))
def test_what_the_settings_accept_can_be_filled(template: str) -> None:
    try:
        settings = RepositorySettings.model_validate({"path": "x", "forge": "custom", "permalink": template})
    except ValueError:
        return
    assert permalink("custom", None, settings.permalink, kind="file", sha=SHA, path="a.py", line_from=1) is not None


@pytest.mark.parametrize(
    ("link", "anchor", "expected"),
    [
        ("https://x.org/a/b", "install", "https://x.org/a/b#install"),
        ("https://x.org/a/b#L1", "install", "https://x.org/a/b#L1"),
        ("https://x.org/a/b", "with space", "https://x.org/a/b"),
        ("https://x.org/a/b", "a)](javascript", "https://x.org/a/b"),
        ("https://x.org/a/b", None, "https://x.org/a/b"),
        (None, "install", None),
    ],
)
def test_an_anchor_is_added_where_it_is_safe(link: str | None, anchor: str | None, expected: str | None) -> None:
    assert with_anchor(link, anchor) == expected
