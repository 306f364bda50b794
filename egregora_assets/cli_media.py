"""`egregora media`: what an archive holds, which pictures are copies of one, whether the store is whole, and what may go."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from egregora_assets.cli_common import Home, as_table, err, out, readable_errors, settings_with_warehouse
from egregora_assets.config import Settings, load_settings
from egregora_assets.terminal import plain

if TYPE_CHECKING:
    from egregora_assets.media.contact_sheet import Picture

AsJson = Annotated[bool, typer.Option("--json", help="JSON lines.")]

_SHORT = 12

media = typer.Typer(no_args_is_help=True, help="Pictures, films and recordings: copies, soundness, what may go.")


@media.command()
def inspect(
    archive: Annotated[Path, typer.Argument(metavar="ZIP", help="An export, or any other ZIP archive.")],
    as_json: AsJson = False,
) -> None:
    """Show what is in an archive, what of it would be refused, and which pictures are alike. Writes nothing, needs no home."""
    from egregora_assets.media.decoding import DecoderBroken
    from egregora_assets.media.inspect import compare, inspect_zip

    refused = 0
    with readable_errors():
        settings = Settings()
        members = []
        for member in inspect_zip(archive, settings.limits):
            members.append(member)
            refused += member.status == "rejected"
            if as_json:
                print(json.dumps(asdict(member)))
        if not as_json:
            told = [(member.name, f"{member.bytes:,}", member.type, member.reason or "ok") for member in members]
            out.print(as_table(["file", "bytes", "type", "status"], told))
            out.print(f"{len(members)} files, {refused} of them refused.")
        try:
            found = compare(archive, members, settings)
        except DecoderBroken as error:
            err.print(f"[red]error:[/red] {plain(str(error))}", soft_wrap=True)
            raise typer.Exit(1) from error
    for pair in found.pairs:
        if as_json:
            print(json.dumps(asdict(pair)))
        else:
            out.print(plain(f"{pair.label}: {pair.a} and {pair.b}"), soft_wrap=True)
    for name, reason in found.broken:
        err.print(plain(f"{name}: cannot be decoded: {reason}"), soft_wrap=True)


@media.command()
def sanitise(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A picture, film or recording.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the copy is written.")],
) -> None:
    """Write a copy without place, time, device, and whatever else was said beside what it shows. Refuses what it cannot read."""
    from egregora_assets.media.sanitising import sanitise_file

    with readable_errors():
        mime = sanitise_file(file, output)
    out.print(plain(f"{output}: {mime}, {output.stat().st_size:,} bytes"), soft_wrap=True)


@media.command()
def duplicates(home: Home = None, as_json: AsJson = False) -> None:
    """List copies of one picture, the best first, files sent more than once, and pairs that only look alike. Nothing is deleted."""
    from egregora_assets.media import contact_sheet
    from egregora_assets.warehouse.files import open_warehouse

    with readable_errors():
        settings = settings_with_warehouse(home)
        with open_warehouse(settings) as connection:
            copies, sent_again = contact_sheet.groups(connection), contact_sheet.repeated(connection)
            found = [*copies, *sent_again, *contact_sheet.alike(connection)]
    if as_json:
        for picture in (picture for group in found for picture in group):
            print(json.dumps({**picture._asdict(), "label": picture.label or "best"}))
        return
    if not found:
        out.print("No picture has copies.")
        return
    out.print(as_table(["told by", "file", "size", "bytes", "sent"], list(_lines(found))))
    out.print(f"The same with pictures: {contact_sheet.path_of(settings)}", soft_wrap=True)


def _lines(found: "list[list[Picture]]") -> Iterator[tuple[object, ...]]:
    for group in found:
        for picture in group:
            size = f"{picture.width} × {picture.height}" if picture.width else None
            yield picture.label or "best copy", picture.media_id[:_SHORT], size, f"{picture.bytes:,}", picture.sent


@media.command()
def verify(
    everything: Annotated[bool, typer.Option("--all", help="Read all files, not a thirtieth.")] = False,
    recover: Annotated[
        bool, typer.Option("--recover", help="Bring lost files back from exports that are still in the inbox.")
    ] = False,
    home: Home = None,
) -> None:
    """Read stored files, those first that were read longest ago, and tell which are not what they were."""
    from egregora_assets.media import upkeep
    from egregora_assets.warehouse.files import open_warehouse

    with readable_errors():
        settings = settings_with_warehouse(home)
        with open_warehouse(settings) as connection:
            found = upkeep.verify(connection, settings, 1.0 if everything else upkeep.DAILY_SHARE)
            recovery = upkeep.recover(connection, settings) if recover else None
            lost = upkeep.lost_files(connection)
    out.print(
        f"{found.checked:,} files read ({found.bytes:,} bytes); {len(found.bad)} damaged, {len(found.missing)} missing"
    )
    if recovery is not None:
        out.print(f"{recovery.recovered} brought back")
    for file in lost:
        what = f"lost: {file.name} ({file.media_id[:_SHORT]})"
        err.print(
            plain(f"{what}: put {file.origin} into the inbox, then `egregora media verify --recover`"), soft_wrap=True
        )
    raise typer.Exit(1 if lost or found.unreadable else 0)


@media.command()
def gc(
    days: Annotated[float, typer.Option("--days", help="How long a file must have been named by nothing.")] = 14,
    force: Annotated[bool, typer.Option("--force", help="Also when more than a fifth of all would go.")] = False,
    home: Home = None,
) -> None:
    """Move files that nothing names any more to the trash, in two steps, and empty trash that is old."""
    from egregora_assets.media import garbage
    from egregora_assets.media.pictures import THUMBNAILS
    from egregora_assets.warehouse.files import open_warehouse

    with readable_errors():
        settings = settings_with_warehouse(home)
        with open_warehouse(settings) as connection:
            found = garbage.collect(connection, settings, days=days, recipes={THUMBNAILS}, force=force)
    out.print(f"{found.objects:,} files stored ({found.bytes:,} bytes), {found.nameless:,} of them named by nothing")
    out.print(
        f"{found.trashed:,} moved to the trash, {found.deleted:,} deleted from it, {found.derived_removed:,} thumbnails removed"
    )
    if found.next_at is not None:
        out.print(f"There is more to do from {found.next_at:%Y-%m-%d} on: run it again then.")


@media.command()
def forget(
    ids: Annotated[list[str], typer.Argument(metavar="ID…", help="Ids of files (sha256), or how they begin.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it: without this, only what would go is told.")] = False,
    home: Home = None,
) -> None:
    """Erase files for good and at once, with thumbnails and published copies. Exports and backups keep what they hold."""
    from egregora_assets.media import forgetting, garbage
    from egregora_assets.warehouse.files import open_warehouse

    with readable_errors():
        settings = settings_with_warehouse(home)
        with open_warehouse(settings) as connection:
            names = forgetting.meant(connection, ids)
            origins = garbage.origins_of(connection, names)
            found = forgetting.forget(connection, settings, names) if yes else None
    for name in names:
        out.print(f"{'forgotten' if found else 'would be forgotten'}: {name}", soft_wrap=True)
    for origin in origins:
        out.print(plain(f"the bytes are still in {origin}: remove it, or the file from it"), soft_wrap=True)
    if found is None:
        err.print("Nothing was done: this cannot be undone, so say it again with --yes.")
        raise typer.Exit(1)
    size = f"{found.erasure.files:,} files ({found.erasure.bytes:,} bytes)"
    out.print(f"{size} removed from the store, {found.withdrawn:,} published copies withdrawn.")
    out.print("Backups keep what they hold; posts and the snapshot are renewed by the next run.")


@media.command("import")
def import_(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder of pictures, films and recordings.")],
    source: Annotated[str | None, typer.Option("--source", help="Id of the chat that its names belong to.")] = None,
    home: Home = None,
) -> None:
    """Take in a folder of media with readable names, and link messages that name one of them."""
    from egregora_assets.media.import_folder import import_folder
    from egregora_assets.warehouse.files import open_warehouse

    with readable_errors():
        settings = load_settings(home)
        with open_warehouse(settings) as connection:
            found = import_folder(connection, settings, folder, source)
    out.print(
        f"{found.files:,} files, {found.read:,} read, {found.new_objects:,} new in the store, {found.linked:,} linked"
    )
    for name, reason in found.rejected:
        err.print(plain(f"left out: {name}: {reason}"), soft_wrap=True)
    raise typer.Exit(1 if found.files == 0 and found.rejected else 0)
