"""A change is wholly there or not at all, has a revision of its own, and nothing new is nothing written."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from egregora_assets.warehouse.migrate import migrate
from egregora_assets.warehouse.query import changed, rows, scalar, temporary, view_of
from egregora_assets.warehouse.revisions import Watermark, current_revision, transaction, watermark
from egregora_assets.warehouse.verdict import no_new_rows, no_rows


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        migrate(opened)
        yield opened


def add_day(connection: duckdb.DuckDBPyConnection, source: str = "garden", consumer: str = "a writer") -> int:
    with transaction(connection, consumer) as change:
        connection.execute("INSERT INTO changed_days VALUES (?, DATE '2024-03-13', ?)", [source, change.revision])
    return change.revision


def add_days(connection: duckdb.DuckDBPyConnection, count: int) -> None:
    with transaction(connection, "a writer") as change:
        many = "INSERT INTO changed_days SELECT range::VARCHAR, DATE '2024-03-13', ? FROM range(?)"
        connection.execute(many, [change.revision, count]).fetchall()


def test_a_transaction_has_one_revision_and_the_next_a_higher_one(connection: duckdb.DuckDBPyConnection) -> None:
    with transaction(connection, "a writer") as change:
        assert not change.changed
        first = change.revision
        assert change.revision == first
        assert change.changed
    assert add_day(connection) == first + 1 == current_revision(connection)


def test_a_transaction_that_fails_leaves_nothing_not_even_its_revision(connection: duckdb.DuckDBPyConnection) -> None:
    before = current_revision(connection)

    def fail() -> None:
        with transaction(connection, "a writer") as change:
            connection.execute("INSERT INTO changed_days VALUES ('garden', DATE '2024-03-13', ?)", [change.revision])
            change.advance()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert current_revision(connection) == before
    assert rows(connection, "FROM changed_days") == rows(connection, "FROM watermarks") == []
    add_day(connection)


def test_the_error_of_a_statement_is_the_one_that_is_raised(connection: duckdb.DuckDBPyConnection) -> None:
    """Not that of what tidies up after it in the void transaction."""
    table = pa.table({"a": [1]})
    with (
        pytest.raises(duckdb.CatalogException, match="no_such_table"),
        transaction(connection, "a writer"),
        view_of(connection, "numbers", table),
        temporary(connection, "kept", "FROM numbers"),
    ):
        connection.execute("FROM no_such_table")
    add_day(connection)


def test_a_transaction_without_a_change_writes_no_byte(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        migrate(connection)
        add_day(connection, consumer="another")
        with transaction(connection, "a reader") as change:
            change.advance("rules")
    before = path.read_bytes()
    for _ in range(2):
        with duckdb.connect(str(path)) as connection, transaction(connection, "a reader") as change:
            assert rows(connection, "SELECT count(*) FROM changed_days") == [(1,)]
            change.advance("rules")
    assert path.read_bytes() == before
    assert not path.with_name(path.name + ".wal").exists()


def test_a_consumer_remembers_how_far_it_has_read_and_under_which_rules(connection: duckdb.DuckDBPyConnection) -> None:
    assert watermark(connection, "a reader") == Watermark(0, "")
    revision = add_day(connection)
    with transaction(connection, "a reader") as change:
        change.advance("rules")
    assert watermark(connection, "a reader") == Watermark(revision, "rules")
    with transaction(connection, "a reader") as change:
        own = change.revision
        change.advance("other rules")
    assert watermark(connection, "a reader") == Watermark(own, "other rules")
    assert watermark(connection, "another") == Watermark(0, "")


def test_new_rules_are_remembered_though_nothing_else_has_changed(connection: duckdb.DuckDBPyConnection) -> None:
    revision = add_day(connection, consumer="a reader")
    for rules in ("rules", "other rules"):
        with transaction(connection, "a reader") as change:
            change.advance(rules)
        assert watermark(connection, "a reader") == Watermark(revision, rules)


def test_a_consumer_that_finds_nothing_keeps_its_place(connection: duckdb.DuckDBPyConnection) -> None:
    first = add_day(connection)
    with transaction(connection, "a reader") as change:
        change.advance()
    add_day(connection)
    with transaction(connection, "a reader") as change:
        change.advance()
    assert watermark(connection, "a reader").revision == first


def test_arrow_data_is_readable_inside_the_block_only(connection: duckdb.DuckDBPyConnection) -> None:
    with view_of(connection, "numbers", pa.table({"a": [1, 2]})):
        assert scalar(connection, "SELECT sum(a) FROM numbers") == 3
    with pytest.raises(duckdb.CatalogException):
        connection.execute("FROM numbers")


def test_a_temporary_table_counts_its_rows_and_goes_with_the_block(connection: duckdb.DuckDBPyConnection) -> None:
    with temporary(connection, "few", "SELECT * FROM range(?)", [3]) as count:
        assert count == 3
        assert changed(connection, "DELETE FROM few WHERE range > 0") == 2
    with pytest.raises(duckdb.CatalogException):
        connection.execute("FROM few")


LEAKING = "SELECT count(*) FROM changed_days WHERE revision > $since AND source_id = 'bad'"


def test_a_check_looks_at_what_is_new_since_it_last_passed(connection: duckdb.DuckDBPyConnection) -> None:
    first = add_day(connection, "good")
    assert no_new_rows(connection, "days", LEAKING, "bad days").passed
    add_day(connection, "good")
    verdict = no_new_rows(connection, "days", LEAKING, "bad days")
    assert (verdict.passed, verdict.figures["since_revision"], verdict.description) == (True, first, "no bad days")
    assert no_new_rows(connection, "days", LEAKING, "bad days").passed


def test_a_check_that_fails_looks_at_the_same_rows_until_they_are_mended(connection: duckdb.DuckDBPyConnection) -> None:
    add_day(connection, "bad")
    for _ in range(2):
        verdict = no_new_rows(connection, "days", LEAKING, "bad days")
        assert (verdict.passed, verdict.description) == (False, "1 bad days")
    connection.execute("DELETE FROM changed_days")
    assert no_new_rows(connection, "days", LEAKING, "bad days").passed


def test_a_check_under_new_rules_looks_at_everything_again(connection: duckdb.DuckDBPyConnection) -> None:
    add_day(connection, "bad")
    assert no_new_rows(connection, "days", "SELECT 0 WHERE $since >= 0", "bad days", "loose").passed
    assert no_new_rows(connection, "days", LEAKING, "bad days", "loose").passed
    assert not no_new_rows(connection, "days", LEAKING, "bad days", "strict").passed


def test_two_checks_remember_separately(connection: duckdb.DuckDBPyConnection) -> None:
    add_day(connection, "bad")
    assert no_new_rows(connection, "one", "SELECT 0 WHERE $since >= 0", "bad days").passed
    assert not no_new_rows(connection, "other", LEAKING, "bad days").passed


def test_a_check_of_everything_counts_what_is_wrong(connection: duckdb.DuckDBPyConnection) -> None:
    assert no_rows(connection, "SELECT 0", "bad days").description == "no bad days"
    assert no_rows(connection, "SELECT 1234", "bad days").description == "1,234 bad days"


def test_a_commit_that_the_disk_refuses_is_told_as_that(tmp_path: Path) -> None:
    """The commit had taken all back itself, and that there was nothing left to take back was all that was told."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        migrate(connection)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 10, hard))
        try:
            with pytest.raises(duckdb.Error, match="Could not write"):
                add_days(connection, 100_000)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        assert current_revision(connection) == 0
