"""`egregora model`: the model that makes vectors of texts, for search by meaning."""

import json
from pathlib import Path
from typing import Annotated

import typer

from egregora_assets.cli_common import Home, as_table, err, out, readable_errors
from egregora_assets.config import load_settings
from egregora_assets.terminal import plain

model = typer.Typer(
    no_args_is_help=True, help="The model behind search by meaning: put it in place, see what is there."
)


@model.command()
def install(
    source: Annotated[
        Path | None,
        typer.Option("--from", metavar="DIR", help="Folder with model.safetensors, tokenizer.json and config.json."),
    ] = None,
    optional: Annotated[
        bool, typer.Option("--optional", help="Succeed also where it cannot be had; search is by words alone then.")
    ] = False,
    home: Home = None,
) -> None:
    """Fetch the standard model once (83 MB), verify it, and bring it into the form that is used here (24 MB)."""
    from egregora_assets.search.model_install import NAME, ModelUnavailable
    from egregora_assets.search.model_install import install as put_in_place

    with readable_errors():
        settings = load_settings(home)
        try:
            found = put_in_place(settings.models, source)
        except ModelUnavailable as error:
            err.print(f"[yellow]no model:[/yellow] {plain(str(error))}", soft_wrap=True)
            err.print("Search is by words alone until `egregora model install` has worked.", soft_wrap=True)
            raise typer.Exit(0 if optional else 1) from error
    out.print(plain(f"{NAME} {'is ready' if found.is_new else 'was there already'}: {found.folder}"), soft_wrap=True)


@model.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False, home: Home = None) -> None:
    """Show the models in the folder of models, and which one the settings ask for."""
    from egregora_assets.search.embedders import NoEmbedder, open_embedder
    from egregora_assets.search.model_install import models_in

    with readable_errors():
        settings = load_settings(home)
        found = models_in(settings.models)
        try:
            used, reason = open_embedder(settings).name, ""
        except NoEmbedder as error:
            used, reason = "", str(error)
    if as_json:
        for told in found:
            print(json.dumps({**told, "is_used": told["folder"] == str(settings.model_folder) and not reason}))
        return
    if found:
        columns = ("name", "licence", "bytes", "fingerprint", "folder")
        out.print(as_table(list(columns), [tuple(told[column] for column in columns) for told in found]))
    out.print(plain(f"Used: {used}" if used else reason), soft_wrap=True)
