"""`egregora live`: the service that takes in messages as they come, and questions to it."""

import logging
from typing import Annotated

import typer

from egregora_assets.cli_common import Home, readable_errors
from egregora_assets.config import load_settings

live = typer.Typer(help="Messages as they come: run the service, ask it, see how it does.")


@live.callback(invoke_without_command=True)
def run(
    context: typer.Context,
    listen: Annotated[
        str | None, typer.Option("--listen", metavar="unix:PATH", help="The socket; default: live.sock in the home.")
    ] = None,
    stdin: Annotated[bool, typer.Option("--stdin", help="Take lines from the standard input too.")] = False,
    home: Home = None,
) -> None:
    """Take in messages as they come: one JSON object per line, each answered once it is durable."""
    if context.invoked_subcommand is not None:
        return
    from egregora_assets.live.adapters.jsonl import socket_path
    from egregora_assets.live.service import Inputs, run_service

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    with readable_errors():
        settings = load_settings(home)
        path = settings.live_socket if listen is None else socket_path(listen)
        alone = stdin and listen is None and not settings.live.adapters
        run_service(settings, Inputs(path, stdin, ends_with_input=alone))
