"""The command line: arguments in, exit status out. What takes long to import is imported when it is used."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from relume.cli_runs import runs
from relume.errors import RelumeError

if TYPE_CHECKING:
    from relume.launch.program import Program

STUDY = "The study"  # heading of its options in the help
USAGE, INTERRUPTED = 2, 130  # exit statuses; 130 is what shells give a program ended by Ctrl-C

app = typer.Typer(
    name="relume",
    help="Finds out why a PyTorch network is not learning, proves it, repairs it and proves the repair.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Half(StrEnum):
    """The two halves of `relume why`."""

    study = "study"
    claims = "claims"


class Optimizer(StrEnum):
    """The optimisers of a study."""

    sgd = "sgd"
    momentum = "momentum"
    adam = "adam"
    adamw = "adamw"


def _version(wanted: bool) -> None:
    if wanted:
        from relume import __version__

        typer.echo(f"relume {__version__}")
        raise typer.Exit


@app.callback()
def relume(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Finds out why a PyTorch network is not learning, proves it, repairs it and proves the repair."""


@app.command()
def activations(
    name: Annotated[str | None, typer.Argument(help="One activation, with its formula and a plot.")] = None,
    figure: Annotated[
        Path | None, typer.Option(help="Write a figure of value and derivatives: .png, .svg or .pdf.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")] = False,
) -> None:
    """List the activation functions, or show one."""
    from rich.console import Console

    from relume.catalogue import activations as catalogue
    from relume.report import tables

    if figure is not None:
        from relume.report.figures import activation
        from relume.report.gallery import gallery, save

        save(activation(catalogue[name]) if name else gallery(list(catalogue.values())), figure)
    if json:
        from relume.report.plain import activation_record, print_json

        chosen = [catalogue[name]] if name else catalogue.values()
        print_json({"activations": [activation_record(each) for each in chosen]})
        return
    console = Console()
    console.print(
        tables.activation_entry(catalogue[name]) if name else tables.activation_table(catalogue.values())
    )
    if figure is not None:
        console.print(f"The figure is in {figure}.")


@app.command()
def why(  # noqa: PLR0913  # every argument is an option
    build: Annotated[
        str | None,
        typer.Argument(
            help="Your own network: module:function, called with an activation, returns a module."
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(help="fashion-mnist, digits, a folder of idx files, an .npz file, or module:function."),
    ] = None,
    activation: Annotated[
        list[str] | None,
        typer.Option(
            "--activation", "-a", help="Compare these; repeat it. Seven by default.", rich_help_panel=STUDY
        ),
    ] = None,
    optimizer: Annotated[
        Optimizer, typer.Option(help="How all networks are trained.", rich_help_panel=STUDY)
    ] = Optimizer.momentum,
    steps: Annotated[int | None, typer.Option(min=1, help="Training steps.", rich_help_panel=STUDY)] = None,
    seeds: Annotated[
        int | None, typer.Option(min=1, help="Networks of each setting.", rich_help_panel=STUDY)
    ] = None,
    width: Annotated[
        int | None,
        typer.Option(min=1, help="Units in a layer of the built-in networks.", rich_help_panel=STUDY),
    ] = None,
    claim: Annotated[
        list[str] | None,
        typer.Option("--claim", help="Test this claim alone, without the study. Repeat it."),
    ] = None,
    only: Annotated[Half | None, typer.Option(help="The study of activations alone, or the claims.")] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the claims and end.")] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Some 10 minutes on two cores, where the default takes up to 60.")
    ] = False,
    full: Annotated[bool, typer.Option("--full", help="Hours: wider networks, more of everything.")] = False,
    out: Annotated[Path, typer.Option(help="Folder for the report and for what is finished.")] = Path(
        "relume-why"
    ),
) -> None:
    """Why ReLU instead of sigmoid or tanh? Test every claim, train every activation fairly, and report."""
    from rich.console import Console

    from relume.report.why import Asked, claim_table, effort, find_out, told

    console = Console()
    if list_:
        console.print(claim_table())
        return
    asked = Asked(
        network=build,
        data=data,
        claims=tuple(claim or ()),
        only=only.value if only else None,
        effort=effort(quick=quick, full=full),
        activations=tuple(activation or ()),
        optimizer=optimizer.value,
        steps=steps,
        seeds=seeds,
        width=width,
    )
    try:
        summary, results = find_out(asked, out)
    except KeyboardInterrupt:
        typer.echo("interrupted. What is finished is kept; the same command goes on from there.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    for part in told(summary, results, out):
        console.print(part, soft_wrap=isinstance(part, str))


Target = Annotated[
    str, typer.Argument(metavar="SCRIPT", help="The script, then its own arguments, whatever they are.")
]
Own = Annotated[list[str] | None, typer.Argument(metavar="[ARGUMENTS]...", show_default=False)]
AsModule = Annotated[bool, typer.Option("-m", help="SCRIPT is the name of a module, as in python -m.")]
Into = Annotated[
    Path | None, typer.Option(help="The run file to write; relume-run/<script>-<number>.sqlite by default.")
]
With = Annotated[
    list[str] | None,
    typer.Option(
        "--with",
        metavar="CHANGE",
        help="Change the run: activation.sigmoid=relu, init=lsuv, init=variance-preserving, clip=auto, "
        "clip=1.0, lr=x0.1, lr=0.01. Repeat it.",
    ),
]
SCRIPT_LAST = {"allow_interspersed_args": False}  # what follows the script is the script's


@app.command(context_settings=SCRIPT_LAST)
def run(
    script: Target,
    arguments: Own = None,
    module: AsModule = False,
    into: Into = None,
    with_: With = None,
    every: Annotated[int, typer.Option(min=1, help="Watch one step of so many.")] = 1,
) -> None:
    """Run a training script as it is, and tell what is wrong with its network."""
    from relume.launch.run import run_program

    # What shows a run is imported when the run has ended: it takes a second.
    def write_page(path: Path) -> Path | None:
        from relume.report.run_page import write_beside

        return write_beside(path)

    program = _program(script, arguments, module)
    raise typer.Exit(run_program(program, into=into, changes=with_ or (), every=every, write_page=write_page))


@app.command(context_settings=SCRIPT_LAST)
def check(
    script: Target,
    arguments: Own = None,
    module: AsModule = False,
    steps: Annotated[int, typer.Option(min=1, help="End the script after so many training steps.")] = 50,
    into: Into = None,
    with_: With = None,
) -> None:
    """Run a script for some steps. Exit status: 0 it is healthy, 1 learning is broken, 2 it did not run."""
    from relume.launch.run import check_program

    program = _program(script, arguments, module)
    raise typer.Exit(check_program(program, steps=steps, into=into, changes=with_ or ()))


@app.command(context_settings=SCRIPT_LAST)
def repair(
    script: Target,
    arguments: Own = None,
    module: AsModule = False,
    steps: Annotated[int, typer.Option(min=1, help="End each run after so many training steps.")] = 200,
    into: Into = None,
) -> None:
    """Run a script for some steps, try what may repair it, and prove it on the script itself.

    The script runs several times, so it should write nothing that matters. Exit status: 0 a repair is proved
    or none is needed, 1 learning stays broken, 2 the script did not run.
    """
    from relume.launch.run import repair_program

    raise typer.Exit(repair_program(_program(script, arguments, module), steps=steps, into=into))


# After the commands above: in the help they stand in the order in which they are added.
app.add_typer(runs)


def _program(script: str, arguments: list[str] | None, module: bool) -> "Program":
    from relume.launch.program import Program

    return Program(target=script, arguments=tuple(arguments or ()), kind="module" if module else "script")


def main() -> None:
    """Run the command line; every trouble of the user's is one sentence on stderr and exit status 2."""
    try:
        app()
    except RelumeError as error:
        print(error, file=sys.stderr)
        sys.exit(USAGE)
