"""`lms demo …`: the story that the demo tells."""

import click

from lms import demo as telling
from lms.commands.line import Refusal, application, is_heard, keep_quiet


@click.group()
def demo() -> None:
    """The whole SMAIL project with people who do not exist."""


@demo.command("load")
@click.option("--scale", default=1, show_default=True, type=click.IntRange(min=1), help="How many times the 145 users.")
@click.option("--as-planned", is_flag=True, help="Keep the years 2022-2023.")
@click.option("--if-empty", is_flag=True, help="Do nothing when there are people already.")
@click.option("--progress", is_flag=True, help="Say how far it is, also when no terminal listens.")
def demo_load(scale: int, as_planned: bool, if_empty: bool, progress: bool) -> None:
    """Tell the story of SMAIL to about two thirds, with the operations that the screens call."""
    with application() as app:
        if not app.config["SETTINGS"].demo:
            raise Refusal("the demo is only loaded with LMS_DEMO=1")
        if if_empty and telling.is_loaded():
            return
        heard = progress or is_heard()
        telling.load(scale=scale, as_planned=as_planned, say=_say if heard else keep_quiet)


def _say(text: str) -> None:
    click.echo(text, err=True)
