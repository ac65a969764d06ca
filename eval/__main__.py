"""The command line of relevance evaluation: ``python -m eval run | measure | compare | report | …``.

Exit status: 0 done, 1 refused or failed, 2 wrong usage. Results go to standard output, everything else to standard
error. Only `run`, `constraints`, `nothing` and `exposure` load the engine; the others need nothing but files, and the
store where `--index` asks for titles.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from eval.commands.clicks import CLICKS
from eval.commands.compare import COMPARE
from eval.commands.constraints import CONSTRAINTS
from eval.commands.dataset import DATASET
from eval.commands.experiment import EXPERIMENT
from eval.commands.exposure import EXPOSURE
from eval.commands.grades import GRADES
from eval.commands.judge import JUDGE
from eval.commands.measure import MEASURE
from eval.commands.nothing import NOTHING
from eval.commands.pool import POOL
from eval.commands.report import REPORT
from eval.commands.run import RUN
from eval.commands.sequences import SEQUENCES
from search.errors import DaogouError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status; raises nothing that a user can cause."""
    listed = "\n".join(f"  {name:<12} {command.help}" for name, command in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="python -m eval",
        description=f"How good are the results? Commands:\n\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND", help="one of the above")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="COMMAND --help lists them")
    try:
        first = parser.parse_args(argv)
        command = COMMANDS[first.command]
        own = argparse.ArgumentParser(prog=f"{parser.prog} {first.command}", description=command.help)
        command.declare(own)
        return command.do(own, own.parse_intermixed_args(first.arguments))
    except SystemExit as stop:  # argparse: 0 after --help, 2 after a usage error
        return stop.code if isinstance(stop.code, int) else 2
    except KeyboardInterrupt:
        print("Interrupted; nothing was written.", file=sys.stderr)
        return 1
    except BrokenPipeError:  # the reader of a pipe had enough, as in `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (DaogouError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


COMMANDS = {
    "run": RUN,
    "measure": MEASURE,
    "compare": COMPARE,
    "report": REPORT,
    "constraints": CONSTRAINTS,
    "nothing": NOTHING,
    "exposure": EXPOSURE,
    "dataset": DATASET,
    "experiment": EXPERIMENT,
    "clicks": CLICKS,
    "pool": POOL,
    "grades": GRADES,
    "judge": JUDGE,
    "sequences": SEQUENCES,
}


if __name__ == "__main__":
    sys.exit(main())
