"""Links to code on GitHub, GitLab, Gitea, Forgejo, Codeberg and Bitbucket: what such a link points to.

Works on one link at a time, in time that grows with its length."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote


class Mention(NamedTuple):
    """What a piece of text may mean, in the order of the columns."""

    kind: str
    raw: str
    host: str | None = None
    owner: str | None = None
    repository: str | None = None
    ref: str | None = None
    path: str | None = None
    line_from: int | None = None
    line_to: int | None = None
    sha: str | None = None
    number: int | None = None


_LINK = re.compile(
    r"(?:[a-z]+://)?(?:[^/@]*@)?([^/:?#]+)(?::[0-9]+)?/([^?#]*)(?:\?[^#]*)?(?:#(.*))?", re.IGNORECASE | re.DOTALL
)
_FORGE = re.compile(
    r"(?:^|[.\-])(?:github|gitlab|gitea|forgejo|gogs|codeberg|bitbucket|git|code|src|source|scm|repos?|vcs|gitee|notabug|framagit|"
    r"opendev)[0-9]*(?:[.\-]|$)"
)
_NO_FORGE = re.compile(
    r"^(?:docs|gist|support|blog|education|about|status|api|resources|skills)\.|\.(?:github|gitlab)\.io$|\.blog$"
)
_HEX = re.compile(r"[0-9a-f]{7,64}")
_LINES = re.compile(r"L([0-9]{1,7})(?:C[0-9]+)?(?:-L?([0-9]{1,7})(?:C[0-9]+)?)?|lines-([0-9]{1,7})(?::([0-9]{1,7}))?")
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
_FILES = ("blob", "blame", "edit", "raw", "tree", "src")
_NUMBERED = {
    "pull": "issue",
    "pulls": "issue",
    "issues": "issue",
    "merge_requests": "merge_request",
    "pull-requests": "merge_request",
}


def pointed_to(link: str) -> Mention | None:
    """Return what ``link`` points to, or None where it is no link to a file, commit, issue or merge request of a forge.

    A branch may have a slash, which a link does not show: the first part behind ``blob`` is taken for the branch.
    Forges on other hosts are known by forms that no other site has: ``/-/``, ``/src/branch/``, ``/commit/`` and a commit.
    """
    matched = _LINK.fullmatch(link)
    if not matched:
        return None
    host = matched[1].lower().removeprefix("www.")
    parts = [unquote(part) for part in matched[2].split("/") if part]
    fragment = matched[3] or ""
    if host == "raw.githubusercontent.com":
        return _file(link, "github.com", parts[:2], parts[2:], fragment) if len(parts) > 3 else None
    marked = "-" in parts[2:]
    end = parts.index("-", 2) if marked else 2
    project, rest = parts[:end], parts[end + marked :]
    if len(project) < 2 or len(rest) < 2 or _NO_FORGE.search(host):
        return None
    if not (marked or _FORGE.search(host) or _is_plain(rest)):
        return None
    return _target(link, host, project, rest, fragment)


def _is_plain(rest: list[str]) -> bool:
    if rest[0] == "commit":
        return len(rest[1]) == 40 and _HEX.fullmatch(rest[1]) is not None
    return rest[0] == "src" and rest[1] in ("branch", "commit", "tag")


def _target(link: str, host: str, project: list[str], rest: list[str], fragment: str) -> Mention | None:
    owner, repository = "/".join(project[:-1]), project[-1].removesuffix(".git")
    what = rest[0]
    if what == "pull" and len(rest) > 3 and rest[2] == "commits":
        what, rest = "commit", rest[2:]
    if what in ("commit", "commits"):
        sha = rest[1].removesuffix(".patch").removesuffix(".diff")
        sha = sha.lower()
        return Mention("commit", link, host, owner, repository, sha=sha) if _HEX.fullmatch(sha) else None
    if what in _NUMBERED:
        number = rest[1].removesuffix(".patch").removesuffix(".diff")
        found = _NUMBER.fullmatch(number)
        return Mention(_NUMBERED[what], link, host, owner, repository, number=int(number)) if found else None
    return _file(link, host, project, rest[1:], fragment) if what in _FILES else None


def _file(link: str, host: str, project: list[str], rest: list[str], fragment: str) -> Mention | None:
    owner, repository = "/".join(project[:-1]), project[-1].removesuffix(".git")
    if rest[0] in ("branch", "commit", "tag") and len(rest) > 2:
        rest = rest[1:]
    if rest[0] == "refs" and len(rest) > 2 and rest[1] in ("heads", "tags"):
        rest = rest[2:]
    ref, path = rest[0], "/".join(rest[1:])
    if not path:
        whole = len(ref) in (40, 64) and _HEX.fullmatch(ref)
        return Mention("commit", link, host, owner, repository, sha=ref) if whole else None
    first, last = _lines(fragment)
    return Mention("path", link, host, owner, repository, ref, path, first, last)


def _lines(fragment: str) -> tuple[int | None, int | None]:
    found = _LINES.match(fragment)
    if not found:
        return None, None
    return lines(found[1] or found[3], found[2] or found[4])


def lines(first: str | None = None, last: str | None = None) -> tuple[int | None, int | None]:
    """Return the first and last line meant, in order, or none where there is no line."""
    if not first or int(first) == 0:
        return None, None
    numbers = sorted((int(first), int(last) if last and int(last) else int(first)))
    return numbers[0], numbers[1]
