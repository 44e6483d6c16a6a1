"""`monitor db`: the database's tables."""

import asyncio

import typer

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def database() -> None:
    """Bring the database to this program's tables."""


@app.command()
def upgrade() -> None:
    """Run the migrations that are missing, in one transaction; twice is the same as once."""
    from monitor import settings
    from monitor.exits import StartRefusedError, UnreachableError
    from monitor.ledger import migrate
    from monitor.ledger.port import LedgerError, Unavailable

    url = settings.load().database.sqlalchemy_url
    try:
        before = asyncio.run(migrate.current(url))
        after = asyncio.run(migrate.upgrade(url))
    except Unavailable as error:
        raise UnreachableError(f"{error}: look at CTDNA_MONITOR_DATABASE__URL") from error
    except LedgerError as error:
        raise StartRefusedError(str(error)) from error
    typer.echo(f"already at {after}" if before == after else f"{before or 'empty'} -> {after}")
