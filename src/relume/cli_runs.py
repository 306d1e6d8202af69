"""The commands that show a run file: `report`, `serve`, `watch`, `diagnose`, `compare`, `export`."""

from pathlib import Path
from typing import Annotated

import typer

INTERRUPTED = 130  # what shells give a program ended by Ctrl-C
BROKEN = 1  # exit status where learning is broken, as of `relume check`

runs = typer.Typer()

RunFile = Annotated[Path, typer.Argument(help="A run file.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]


@runs.command()
def report(
    run: RunFile,
    out: Annotated[Path | None, typer.Option(help="The page; RUN with .html by default.")] = None,
    against: Annotated[Path | None, typer.Option(help="A second run file, to be shown beside it.")] = None,
) -> None:
    """Write a page on a run: what is wrong, and every activation over time; one HTML file, no network."""
    from relume.report.run_page import write_report

    target = out or run.with_suffix(".html")
    write_report(run, target, against=against)
    typer.echo(f"The report is in {target}.")


@runs.command()
def serve(
    run: RunFile,
    host: Annotated[
        str, typer.Option(help="The address to serve at; a token is asked for where others reach it.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any that is free.")] = 8765,
) -> None:
    """Show the page of a run while it trains, in a browser. Ctrl-C ends it, with status 130."""
    from relume.report.serve import address, server_of

    server = server_of(run, host=host, port=port)
    typer.echo(f"{run.name} is shown at {address(server)} (Ctrl-C ends it)")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    finally:
        server.server_close()


@runs.command()
def watch(run: RunFile, json: AsJson = False) -> None:
    """Follow a run in the terminal until it ends; elsewhere a line a window. Ctrl-C: status 130."""
    from rich.console import Console

    from relume.report.follow import follow, show

    try:
        show(follow(run), Console(), form="json" if json else "text")
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None


@runs.command()
def diagnose(run: RunFile, json: AsJson = False) -> None:
    """Tell what is wrong with a run. Exit status: 0 it learns, 1 learning is broken."""
    from rich.console import Console

    from relume.diagnosis.diagnose import diagnose as diagnosis_of
    from relume.diagnosis.printed import findings_text
    from relume.report.plain import diagnosis_record, print_json
    from relume.runfile.reader import open_run

    with open_run(run) as opened:
        diagnosis = diagnosis_of(opened.readings())
    if json:
        print_json(diagnosis_record(diagnosis))
    else:
        Console().print(findings_text(diagnosis))
    if any(finding.severity == "error" for finding in diagnosis.findings):
        raise typer.Exit(BROKEN)


@runs.command()
def compare(
    one: RunFile,
    two: Annotated[Path, typer.Argument(help="Another one.", show_default=False)],
    json: AsJson = False,
) -> None:
    """Show two runs side by side: losses at the same steps, and every activation."""
    from rich.console import Console

    from relume.report.compare import side_by_side
    from relume.report.plain import comparison_record, print_json
    from relume.runfile.reader import open_run

    with open_run(one) as first, open_run(two) as second:
        readings, names = (first.readings(), second.readings()), (str(one), str(two))
    if json:
        print_json(comparison_record(*readings, names=names))
    else:
        Console().print(*side_by_side(*readings, titles=names))


@runs.command()
def export(
    run: RunFile,
    to: Annotated[str, typer.Option(help="tensorboard, wandb, mlflow or trackio.", show_default=False)],
    target: Annotated[
        str,
        typer.Option(help="The tracker's folder; of MLflow an SQLite file or a URI.", show_default=False),
    ],
) -> None:
    """Write the series of a run to a tracker: a row a window, and what was found."""
    from relume.integrations.export import export as write

    rows = write(run, to=to, target=target)
    typer.echo(f"{rows} windows are in {target}.")
