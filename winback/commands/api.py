"""winback api serve | schema."""

from __future__ import annotations

from typing import Annotated

import typer

from winback import clock
from winback.commands import frame
from winback.commands.frame import Folder

group = typer.Typer(help="The HTTP API, for shops and other programs.", no_args_is_help=True)

PORT = 8020


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="api")


@group.command()
def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.", min=0, max=65535)] = PORT,
    folder: Folder = None,
) -> None:
    """Answer programs that come with a token of `winback token new`. From outside they come through a proxy that speaks https (docs/api.md)."""
    import uvicorn

    from winback.api import app
    from winback.tracking import serving

    project = frame.open_project(context, folder)
    application = app.create_app(project, frame.open_store(project), clock=clock.now)
    port = serving.free(host, port)
    typer.echo(f"The API is at http://{host}:{port}{app.PREFIX}; stop it with Ctrl-C.", err=True)
    # addresses hold customers' ids: they go into no log; whose X-Forwarded-For is believed is the rings' matter
    config = uvicorn.Config(application, host=host, port=port, log_level="warning", access_log=False, server_header=False, proxy_headers=False)
    uvicorn.Server(config).run()


@group.command()
def schema(context: typer.Context, folder: Folder = None) -> None:
    """Print the OpenAPI document: every route, its scope, and what it takes and gives."""
    from winback.api import app

    project = frame.open_project(context, folder)
    frame.print_json(app.described(project, frame.open_store(project), clock=clock.now))
