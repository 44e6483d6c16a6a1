"""`monitor topics`: the topics on the broker."""

import typer

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def topics() -> None:
    """Make the topics that the worker needs."""


@app.command()
def apply() -> None:
    """Make what is missing of all topics that the settings name; change nothing that is.

    Partitions, replication factor and minimum in-sync replicas come from the settings.
    """
    from monitor import settings
    from monitor.stream.admin import apply_topics

    kafka = settings.load().kafka
    for name, made in apply_topics(kafka).items():
        what = f"made, {kafka.partitions} partitions" if made else "is there"
        typer.echo(f"{name}: {what}")
