"""
`listener demo`: the shipped daemon against a simulated city in a snowstorm, on loopback; no network, no credentials.

`town` is the city (quarters of every network that has a simulator), `daemon` and `process` the daemon in a process of its
own, `running` the day, `told` what a consumer outside was told, `reckoning` what became of every post, `counters` the
daemon's own numbers beside it (`comparing` asks both), `balance` and `screen` what is shown. In the end every post is exactly one thing, or the
command fails.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import typer


def demo(
    duration: float = typer.Option(60.0, min=1.0, help="Real seconds it runs.", metavar="SECONDS"),
    speed: float = typer.Option(120.0, min=1.0, max=300.0, help="How many times faster than life."),
    seed: int = typer.Option(7, help="Of the simulated day; the same seed is the same day."),
    port: int = typer.Option(0, min=0, max=65535, help="Of the API; 0 takes any free one."),
    keep: Path | None = typer.Option(
        None, help="Keep configuration, queue, log and books there.", metavar="DIR"
    ),
) -> None:
    """
    Run everything here, against a simulated city in a snowstorm.

    Every network is served on loopback, with edits, deletions, outages and a troll; the shipped daemon reads it in a process of its own, and events appear as they are queued. Ends with a balance of every post.

    \b
    Example:
      listener demo --duration 30 --speed 120
    \b
    Exit codes:
      0 every post is accounted for · 1 one is not, or a counter disagrees · 5 port in use · 130 interrupted before its balance
    """
    import anyio

    from listener.cli.demo.balance import Balance, close
    from listener.cli.demo.running import Running, Wish
    from listener.cli.demo.screen import Screen

    wish = Wish(duration_s=duration, speed=speed, seed=seed, port=port)
    folder = Path(tempfile.mkdtemp(prefix="listener-demo-")) if keep is None else keep.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / "data").exists():
        raise typer.BadParameter("--keep names a folder that holds a demo already; the days would mix")

    async def run() -> Balance:
        return await Running(wish, folder, Screen.here()).run()

    try:
        balance = anyio.run(run)
    finally:
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    close(balance, again=f"listener demo --seed {seed} --speed {speed:g} --duration {duration:g} --keep DIR")


def register(app: typer.Typer) -> None:
    """
    Enter the command.
    """
    app.command()(demo)
