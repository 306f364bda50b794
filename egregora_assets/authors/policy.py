"""How the texts of each source are treated, and the SQL that asks whether a text shows what its source's policy hides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from egregora_assets.config import Policy, Settings
from egregora_assets.privacy.folding import fold
from egregora_assets.privacy.names import aliasing, forms_of
from egregora_assets.privacy.scrub import (
    hide_names,
    leaking,
    pseudonymise,
    quoted,
    scrub,
    scrubbed,
    scrubbing,
    shows_names,
    shows_pii,
)
from egregora_assets.warehouse.query import Parameters, rows, temporary

FEW_ROWS = 2_000
"""Rows that are asked what they need before anything is done to them."""
_STRICTEST_FIRST: tuple[Policy, ...] = ("scrub", "pseudonymise", "keep")


@dataclass(frozen=True)
class Rules:
    """What is hidden where. ``names`` are hidden in all sources but those in ``keep``, where only ``listed`` are.

    ``listed`` are the names on the opt-out list and all of people who opted out.

    ``keep`` and ``pseudonymise`` are ids of sources; in the latter ``every_name`` is hidden, behind an alias where it has one.
    """

    names: list[str]
    listed: list[str]
    every_name: list[str]
    keep: list[str]
    pseudonymise: list[str]


def rules_of(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Rules:
    """Return the rules in force."""
    listed = [*settings.privacy.opt_out_names, *_opted_out_names(connection)]
    policies = source_policies(connection, settings)
    pseudonymised = sorted(source for source, policy in policies.items() if policy == "pseudonymise")
    needed = settings.privacy.scrub_names or pseudonymised
    known = [*author_names(connection), *listed] if needed else listed
    return Rules(
        names=known if settings.privacy.scrub_names else listed,
        listed=listed,
        every_name=known,
        keep=sorted(source for source, policy in policies.items() if policy == "keep"),
        pseudonymise=pseudonymised,
    )


def hides_listed_only(connection: duckdb.DuckDBPyConnection, settings: Settings) -> bool:
    """Return whether texts are shown in which no other names are hidden than those of people who opted out."""
    return not settings.privacy.scrub_names or "keep" in source_policies(connection, settings).values()


def source_policies(connection: duckdb.DuckDBPyConnection, settings: Settings) -> dict[str, Policy]:
    """Return the policy of each source that has another than ``scrub``; of several for one source the strictest holds."""
    configured: dict[str, list[Policy]] = defaultdict(list)
    for source in settings.sources:
        configured[source.title.strip().casefold()].append(source.privacy)
    if all(policy == "scrub" for policies in configured.values() for policy in policies):
        return {}
    found: dict[str, list[Policy]] = defaultdict(list)
    for source_id, title in rows(connection, "SELECT source_id, raw_title FROM private.source_titles"):
        found[source_id] += configured.get(title.strip().casefold(), [])
    strictest = {source: min(policies, key=_STRICTEST_FIRST.index) for source, policies in found.items() if policies}
    return {source: policy for source, policy in strictest.items() if policy != "scrub"}


def author_names(connection: duckdb.DuckDBPyConnection, since: int = 0) -> list[str]:
    """Return the display names of all authors first seen after revision ``since``."""
    sql = "SELECT DISTINCT raw_name FROM private.author_names WHERE revision > ? ORDER BY 1"
    return [name for (name,) in rows(connection, sql, [since])]


def _opted_out_names(connection: duckdb.DuckDBPyConnection) -> list[str]:
    sql = "SELECT DISTINCT raw_name FROM private.author_names SEMI JOIN (FROM authors WHERE opted_out) USING (author_id) ORDER BY 1"
    return [name for (name,) in rows(connection, sql)]


@contextmanager
def cleaning(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Iterator[None]:
    """Let SQL of ``connection`` run what ``cleaned`` gives for the length of the block."""
    aliases = aliases_of_names(connection) if "pseudonymise" in source_policies(connection, settings).values() else {}

    with scrubbing(connection), aliasing(connection, lambda found: aliases.get(fold(found).strip(), "[name]")):
        yield


@contextmanager
def cleaned_now(
    connection: duckdb.DuckDBPyConnection, relation: str, rules: Rules, parameters: Parameters = None
) -> Iterator[str]:
    """Give for the length of the block SQL of what ``cleaned`` gives, the sooner the fewer rows there are."""
    with temporary(connection, "said", relation, parameters) as count:
        if count > FEW_ROWS or rules.keep or rules.pseudonymise:
            yield _cleaned(rules)
            return
        with scrubbed(connection, "FROM said", "text", rules.names) as query:
            yield query


def cleaned(relation: str, rules: Rules) -> str:
    """Return SQL for ``relation`` with the policy of each row's ``source_id`` applied to its ``text``.

    Rows are gathered first: planned as one with the joins that find them, the patterns cost twice as much again.
    """
    return f"WITH said AS MATERIALIZED ({relation}) {_cleaned(rules)}"


def _cleaned(rules: Rules) -> str:
    if not rules.keep and not rules.pseudonymise:
        return scrub("FROM said", "text", rules.names)
    others = f"FROM said WHERE NOT {_among('source_id', rules.keep + rules.pseudonymise)}"
    usual = scrub(others, "text", rules.names, aliases=bool(rules.pseudonymise))
    kept = hide_names(f"FROM said WHERE {_among('source_id', rules.keep)}", "text", rules.listed)
    under_aliases = f"FROM said WHERE {_among('source_id', rules.pseudonymise)}"
    parts = (usual, kept, pseudonymise(under_aliases, "text", rules.every_name))
    return " UNION ALL BY NAME ".join(f"(FROM ({part}))" for part in parts)


def unscrubbed(words: str, source: str, rules: Rules) -> str:
    """Return the SQL condition that ``words`` of the source in SQL ``source`` show an address, a number or a key."""
    found = shows_pii(words, bool(rules.pseudonymise))
    return f"(NOT {_among(source, rules.keep)} AND {found})" if rules.keep else found


def naming_somebody(words: str, source: str, rules: Rules) -> str:
    """Return the SQL condition that ``words`` of the source in SQL ``source`` show a name that its policy hides."""
    found = shows_names(words, rules.names, bool(rules.pseudonymise))
    if not rules.keep:
        return found
    listed = shows_names(words, rules.listed)
    return f"(CASE WHEN {_among(source, rules.keep)} THEN {listed} ELSE {found} END)"


def showing_hidden(words: str, source: str, rules: Rules) -> str:
    """Return the SQL condition that ``words`` of the source in SQL ``source`` show anything that its policy hides."""
    return f"({unscrubbed(words, source, rules)} OR {naming_somebody(words, source, rules)})"


@contextmanager
def leaking_by(connection: duckdb.DuckDBPyConnection, rules: Rules, shown: str) -> Iterator[int]:
    """Keep the rows of ``shown``, SQL of (words, source_id, …), that show what ``rules`` hide as table ``leaking``.

    Yields their count; runs inside ``scrubbing``.
    """
    leak = showing_hidden("words", "source_id", rules)
    with leaking(connection, shown, leak, naming_somebody("words", "source_id", rules)) as count:
        yield count


def _among(source: str, ids: list[str]) -> str:
    return f"({source} IN ({', '.join(map(quoted, ids))}))" if ids else "false"


def aliases_of_names(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return the alias behind each name, and each word of one, that is of one person only, who has not opted out."""
    sql = """
        SELECT raw_name, coalesce(person_id, n.author_id)::VARCHAR, CASE WHEN NOT a.opted_out THEN a.alias END
        FROM private.author_names n LEFT JOIN private.persons p ON p.author_id = n.author_id
        LEFT JOIN authors a ON a.author_id = coalesce(person_id, n.author_id)
    """
    people: dict[str, set[str]] = defaultdict(set)
    alias_of: dict[str, str | None] = {}
    for name, person_id, alias in rows(connection, sql):
        alias_of[person_id] = alias
        for form in forms_of(name):
            people[form].add(person_id)
    single = {key: alias_of[next(iter(persons))] for key, persons in people.items() if len(persons) == 1}
    return {key: alias for key, alias in single.items() if alias}
