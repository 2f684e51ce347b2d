"""Many seeds over several processes, with a progress bar: `python -m tests.simulation.many --seeds 10000`."""

import argparse
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.simulation.mutants import MUTANTS
from tests.simulation.world import Result, simulate

SHOWN = 5


def results(seeds: range, processes: int) -> Iterator[Result]:
    """Run every seed, in any order."""
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield from pool.imap_unordered(simulate, seeds, chunksize=8)


def summary(happened: Counter[str], commits: int, seconds: float) -> Iterator[str]:
    """What the runs went through."""
    by_action: Counter[str] = Counter()
    for name, times in happened.items():
        by_action[name.split(" at ")[0]] += times
    points = {name.split(" at ")[1] for name in happened if " at " in name}
    yield f"{commits:,} commits, {seconds / 3600:,.1f} simulated hours; faults at {len(points)} points:"
    yield ", ".join(f"{name} {times:,}" for name, times in by_action.most_common())


def run(seeds: range, processes: int) -> int:
    """How many seeds failed; says which, and what they went through."""
    console = Console(highlight=False, soft_wrap=True)
    happened: Counter[str] = Counter()
    failed, commits, simulated, began = 0, 0, 0.0, time.monotonic()
    columns = (TextColumn("seeds"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("", total=len(seeds))
        for result in results(seeds, processes):
            progress.advance(bar)
            happened += result.happened
            commits, simulated = commits + result.commits, simulated + result.seconds
            if result.problems:
                failed += 1
                console.print(f"seed {result.seed}: {dict(result.happened)}")
                console.print("\n".join(f"  {problem[:400]}" for problem in result.problems[:SHOWN]))
    seconds = time.monotonic() - began
    for line in summary(happened, commits, simulated):
        console.print(line)
    console.print(f"{len(seeds):,} seeds, {failed} failed, {seconds:.0f} s, {len(seeds) / seconds:.1f} seeds/s")
    return failed


def mutants(most: int) -> int:
    """How many mutants were not found within so many seeds; says how many seeds each took."""
    missed = 0
    for mutant in MUTANTS:
        taken = seeds_to_find(mutant.__name__, most)
        missed += taken is None
        print(f"{mutant.__name__:52} {'not found' if taken is None else taken}", flush=True)
    return missed


def seeds_to_find(name: str, most: int, *, first: int = 0) -> int | None:
    """How many seeds it takes until a mutant shows a difference."""
    mutant = next(mutant for mutant in MUTANTS if mutant.__name__ == name)
    with mutant():
        for seed in range(first, first + most):
            if simulate(seed).problems:
                return seed - first + 1
    return None


def main() -> int:
    """Exit 1 if anything failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--mutants", action="store_true", help="run the mutants instead, up to --seeds for each")
    options = parser.parse_args()
    if options.mutants:
        return int(mutants(options.seeds) > 0)
    return int(run(range(options.first, options.first + options.seeds), options.processes) > 0)


if __name__ == "__main__":
    sys.exit(main())
