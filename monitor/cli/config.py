"""`monitor config`: what the program was told."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from pydantic import BaseModel

app = typer.Typer(add_completion=False, no_args_is_help=True)

MASK = "********"


@app.callback()
def config() -> None:
    """Show the settings and the variables that set them."""


@app.command()
def show() -> None:
    """Write every setting as the variable that sets it; secrets are masked, unset ones marked #."""
    from monitor import settings

    for path, value in _walk(settings.load(), ()):
        mark = "# " if value is None else ""
        typer.echo(f"{mark}{settings.variable(path)}={'' if value is None else _text(path, value)}")


def _walk(group: "BaseModel", path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], object]]:
    from pydantic import BaseModel

    for name in type(group).model_fields:
        value = getattr(group, name)
        if isinstance(value, BaseModel):
            yield from _walk(value, (*path, name))
        else:
            yield (*path, name), value


def _text(path: tuple[str, ...], value: object) -> str:
    from pydantic import SecretStr
    from sqlalchemy import make_url

    if isinstance(value, frozenset):
        return ",".join(sorted(value))
    if not isinstance(value, SecretStr):
        return str(value)
    if path == ("database", "url"):
        # The query may hold a password too.
        return str(make_url(value.get_secret_value()).set(query={}))
    return MASK
