"""Web addresses of repositories and of what is in them: files at a commit, commits, issues, pull requests.

Here belong pure functions from text to text; what comes out is an http or https address that is safe inside a link.
"""

from __future__ import annotations

import re
from string import Formatter
from typing import Literal, cast, get_args
from urllib.parse import quote, unquote_to_bytes, urlsplit

import pyarrow as pa

from egregora_assets.config import Forge

Kind = Literal["file", "commit", "issue", "pull"]
"""What a permalink leads to."""

_HOST = r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?"
_AUTHORITY = re.compile(rf"{_HOST}(?::[0-9]{{1,5}})?")
_SAFE = re.compile(rf"https?://{_HOST}(?::[0-9]{{1,5}})?/[A-Za-z0-9._~/%:@+,;=?&#!-]*", re.IGNORECASE | re.ASCII)
"""No space, quote, bracket, backslash, brace or control character: neither Markdown nor HTML sees an end in it."""
_SCP_LIKE = re.compile(r"(?:[^@/:\s]+@)?([^@/:\s]{2,}):(?!//|:)(.+)")
"""``user@host:folder``, as ssh writes it; one letter before the colon is a drive, two colons a helper of git."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SHA = re.compile(r"[0-9a-f]{7,64}")
_SCHEMES = {"http": "http", "https": "https", "git": "https", "ssh": "https", "git+ssh": "https", "ssh+git": "https"}
_DOORS = {
    "ssh.github.com": "github.com",
    "altssh.gitlab.com": "gitlab.com",
    "altssh.bitbucket.org": "bitbucket.org",
    "raw.githubusercontent.com": "github.com",
    "www.github.com": "github.com",
}
"""Other hosts of a forge → the one that serves its pages."""
_LABELS: dict[str, Forge] = {
    "github": "github",
    "gitlab": "gitlab",
    "gitea": "gitea",
    "forgejo": "gitea",
    "codeberg": "gitea",
    "bitbucket": "bitbucket",
}
"""Word in the name of a host → its forge."""
_MARKDOWN = (".md", ".markdown", ".mdown", ".mkd")
_SOURCE_OF_MARKDOWN: dict[Forge, str] = {"github": "?plain=1", "gitlab": "?plain=1", "gitea": "?display=source"}
"""What shows the lines of a file that the forge would otherwise show rendered, without lines."""
_FILES: dict[Forge, str] = {
    "github": "/blob/{sha}/{path}",
    "gitlab": "/-/blob/{sha}/{path}",
    "gitea": "/src/commit/{sha}/{path}",
    "bitbucket": "/src/{sha}/{path}",
}
_ONE_LINE: dict[Forge, str] = {
    "github": "#L{line_from}",
    "gitlab": "#L{line_from}",
    "gitea": "#L{line_from}",
    "bitbucket": "#lines-{line_from}",
}
_LINES: dict[Forge, str] = {
    "github": "#L{line_from}-L{line_to}",
    "gitlab": "#L{line_from}-{line_to}",
    "gitea": "#L{line_from}-L{line_to}",
    "bitbucket": "#lines-{line_from}:{line_to}",
}
_COMMITS: dict[Forge, str] = {
    "github": "/commit/{sha}",
    "gitlab": "/-/commit/{sha}",
    "gitea": "/commit/{sha}",
    "bitbucket": "/commits/{sha}",
}
_NUMBERED: dict[tuple[Forge, Kind], str] = {
    ("github", "issue"): "/issues/{number}",
    ("github", "pull"): "/pull/{number}",
    ("gitlab", "issue"): "/-/issues/{number}",
    ("gitlab", "pull"): "/-/merge_requests/{number}",
    ("gitea", "issue"): "/issues/{number}",
    ("gitea", "pull"): "/pulls/{number}",
    ("bitbucket", "issue"): "/issues/{number}",
    ("bitbucket", "pull"): "/pull-requests/{number}",
}


def web_address(remote: str) -> str | None:
    """Return the address of the page of the repository that a git remote names, or ``None`` where it names no host.

    User, password and the port of ssh are left out, ``.git`` too; a local folder has no page.
    """
    remote = remote.strip()
    if _CONTROL.search(remote):
        return None
    if "://" in remote:
        place = _place_of_url(remote)
    else:
        match = _SCP_LIKE.fullmatch(remote)
        place = ("https", match[1].lower(), match[2]) if match else None
    if place is None:
        return None
    scheme, host, folder = place
    path = _repository_path(folder)
    return _safe(f"{scheme}://{_DOORS.get(host, host)}/{path}") if path and _AUTHORITY.fullmatch(host) else None


def forge_of(web: str | None, configured: Forge | None = None) -> Forge:
    """Return what serves a repository's page: what the settings say, else what its host's name tells.

    A host that tells nothing is ``custom``, for which there are no links without a template.
    """
    if configured:
        return configured
    labels = re.split(r"[.:-]", _authority(web)) if web else []
    return next((_LABELS[label] for label in labels if label in _LABELS), "custom")


def permalink(
    forge: Forge,
    web: str | None,
    template: str | None = None,
    *,
    kind: Kind,
    sha: str | None = None,
    path: str | bytes | None = None,
    line_from: int | None = None,
    line_to: int | None = None,
    number: int | None = None,
) -> str | None:
    """Return the address of a file at a commit, of a commit, an issue or a pull request; ``None`` where there is none.

    ``web`` is the repository's page; ``template`` stands in its place for files where the forge is ``custom``. A path
    that is not UTF-8 is given as bytes. A lone ``line_from`` is one line; lines in the wrong order are turned round.
    Nothing is made of a sha that is none, or of a path that leaves its folder.
    """
    if sha is not None and not _SHA.fullmatch(sha):
        return None
    if kind == "file":
        encoded = _encoded(path)
        if sha is None or encoded is None:
            return None
        lines = _ordered(line_from, line_to)
        if forge == "custom":
            return _from_template(template, sha, encoded, lines) if template else None
        return _of_page(web, _file(forge, encoded, lines), sha=sha, path=encoded, lines=lines)
    if kind == "commit":
        return _of_page(web, _COMMITS.get(forge), sha=sha) if sha else None
    return _of_page(web, _NUMBERED.get((forge, kind)), number=number) if number is not None and number > 0 else None


def permalinks(references: pa.Table) -> pa.Array:
    """Return the permalink of each row, as strings, NULL where there is none.

    ``references`` has the columns kind, forge, web, template, sha, path (string), line_from, line_to and number. Give each
    reference once: the work is linear in the rows.
    """
    columns = ("kind", "forge", "web", "template", "sha", "path", "line_from", "line_to", "number")
    values = [references.column(name).to_pylist() for name in columns]
    return pa.array(
        [
            _of_row(kind, forge, web, template, sha, path, line_from, line_to, number)
            for kind, forge, web, template, sha, path, line_from, line_to, number in zip(*values, strict=True)
        ],
        pa.string(),
    )


def safe_link(link: str) -> str | None:
    """Return a link that somebody wrote, with its scheme, ``None`` where it is not safe inside other text."""
    return _safe(link if "://" in link else f"https://{link}")


def with_anchor(link: str | None, anchor: str | None) -> str | None:
    """Return a link to a place on its page; the link alone where it leads to one already, or would not be safe."""
    if link is None or not anchor or "#" in link:
        return link
    return _safe(f"{link}#{anchor}") or link


def same_place(web: str | None, host: str, owner: str, repository: str) -> bool:
    """Return whether a link with this host, owner and repository leads to the repository whose page is ``web``.

    Case does not matter, nor which of a forge's hosts it is (``raw.githubusercontent.com`` is ``github.com``). ``owner``
    may have several parts, as groups of GitLab do.
    """
    if web is None or not _SAFE.fullmatch(web):
        return False
    page = urlsplit(web.casefold())
    linked = _page_host(host)
    named = f"{owner}/{repository}".casefold().strip("/").removesuffix(".git")
    hosts = {_page_host(page.netloc), _page_host(page.hostname or "")}
    return linked in hosts and page.path.strip("/").removesuffix(".git") == named


def _place_of_url(remote: str) -> tuple[str, str, str] | None:
    """Return scheme, host (with the port of a page) and path of a URL; ``None`` where it is no page or cannot be read."""
    try:
        parts = urlsplit(remote)
        scheme, host, port = _SCHEMES.get(parts.scheme), parts.hostname, parts.port
    except ValueError:
        return None
    # An @ behind the host is the end of a password with a slash: what stands before it is no host, and must not be shown.
    if scheme is None or not host or "@" in parts.path + parts.query + parts.fragment:
        return None
    shown = f":{port}" if port and parts.scheme in ("http", "https") else ""
    return scheme, host + shown, parts.path


def _repository_path(folder: str) -> str | None:
    """Return the percent-encoded path of a repository without ``.git``; ``None`` where no page can have it."""
    raw = _raw(folder)
    plain = unquote_to_bytes(raw) if raw else b""
    if b"@" in plain or b"\\" in plain:
        return None
    segments = plain.strip(b"/").removesuffix(b".git").strip(b"/").split(b"/")
    usable = all(segment not in (b"", b".", b"..") and not segment.startswith(b"~") for segment in segments)
    return quote(b"/".join(segments), safe="/+") if usable else None


def _authority(web: str) -> str:
    return web.partition("://")[2].partition("/")[0].lower()


def _page_host(host: str) -> str:
    return _DOORS.get(host.casefold(), host.casefold())


def _encoded(path: str | bytes | None) -> str | None:
    """Return the percent-encoded path of a file in a repository, ``None`` where it would lead elsewhere."""
    raw = _raw(path) if isinstance(path, str) else path
    if not raw:
        return None
    # A browser reads %2E as a dot, and goes up.
    return None if {b"", b".", b".."} & set(raw.split(b"/")) else quote(raw, safe="/")


def _raw(text: str) -> bytes | None:
    """Return the bytes that git has for this text, ``None`` where no bytes were ever read as it."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return None


def _ordered(line_from: int | None, line_to: int | None) -> tuple[int, int] | None:
    given = [line for line in (line_from, line_to) if line is not None]
    return (min(given), max(given)) if given and min(given) > 0 else None


def _file(forge: Forge, path: str, lines: tuple[int, int] | None) -> str:
    if lines is None:
        return _FILES[forge]
    source = _SOURCE_OF_MARKDOWN.get(forge, "") if path.lower().endswith(_MARKDOWN) else ""
    return _FILES[forge] + source + (_ONE_LINE if lines[0] == lines[1] else _LINES)[forge]


def _of_page(
    web: str | None,
    form: str | None,
    *,
    sha: str | None = None,
    path: str | None = None,
    lines: tuple[int, int] | None = None,
    number: int | None = None,
) -> str | None:
    if web is None or form is None:
        return None
    line_from, line_to = lines or (None, None)
    return _safe(web.rstrip("/") + form.format(sha=sha, path=path, line_from=line_from, line_to=line_to, number=number))


def _from_template(template: str, sha: str, path: str, lines: tuple[int, int] | None) -> str | None:
    """Fill a template of the settings; what follows its ``#`` is left off where it asks for lines that nobody named."""
    page, mark, fragment = template.partition("#")
    asks = {field for _, field, _, _ in Formatter().parse(fragment)}
    form = page if lines is None and asks & {"line_from", "line_to"} else page + mark + fragment
    line_from, line_to = lines or (1, 1)
    return _safe(form.format(sha=sha, path=path, line_from=line_from, line_to=line_to))


def _of_row(
    kind: str | None,
    forge: str | None,
    web: str | None,
    template: str | None,
    sha: str | None,
    path: str | None,
    line_from: int | None,
    line_to: int | None,
    number: int | None,
) -> str | None:
    if kind not in get_args(Kind) or forge not in get_args(Forge):
        return None
    return permalink(
        cast(Forge, forge),
        web,
        template,
        kind=cast(Kind, kind),
        sha=sha,
        path=path,
        line_from=line_from,
        line_to=line_to,
        number=number,
    )


def _safe(address: str) -> str | None:
    return address if _SAFE.fullmatch(address) else None
