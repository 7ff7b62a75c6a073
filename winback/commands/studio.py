"""winback studio."""

from __future__ import annotations

from typing import Annotated

import typer

from winback import clock
from winback.commands import frame
from winback.commands.frame import Folder
from winback.errors import ConfigError, Problem

_HOME = "127.0.0.1"


def register(app: typer.Typer) -> None:
    app.command()(studio)


def studio(
    context: typer.Context,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where to listen; 0 takes any that is free.")] = 8010,
    folder: Folder = None,
) -> None:
    """Open the studio, the pages of marketers and managers, for the browser of this machine.

    It listens on 127.0.0.1 and has no --host: a proxy that has the certificate stands before it, where settings.yaml names an address (docs/studio.md).
    Who may open it: winback people.
    """
    import os
    import socket
    import threading

    import uvicorn

    from winback.studio import app, pages

    project = frame.open_project(context, folder)
    engine = frame.open_store(project)
    try:
        listening = socket.create_server((_HOME, port))
    except OSError as error:
        raise ConfigError(
            Problem("", None, f"port {port} of {_HOME} can't be listened on: {os.strerror(error.errno or 0)}.", "Name another: --port 8011.")
        ) from error
    port = listening.getsockname()[1]
    application = app.create_app(project, engine, port=port, clock=clock.now)
    threading.Thread(target=pages.compile_all, daemon=True).start()
    reached = project.settings.studio.address
    typer.echo(f"The studio is at http://{_HOME}:{port}{f' and at {reached}' if reached else ''}; stop it with Ctrl-C.", err=True)
    # addresses of pages hold customers' ids: they go into no log
    uvicorn.Server(uvicorn.Config(application, log_level="warning", access_log=False, server_header=False)).run(sockets=[listening])
