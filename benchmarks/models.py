"""All shared models on four targets: python -m benchmarks.models [--write docs/models.md].

Results are kept below build/benchmarks until the compiler's sources change.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from benchmarks.measure import measure_model
from benchmarks.records import ModelResult, load, save
from benchmarks.shared import (
    BUILD,
    MODELS,
    TARGETS,
    file_hash,
    io_path,
    model_names,
    model_path,
    source_hash,
)
from benchmarks.table import document

PROCESSES = 2


def main() -> int:
    """Measure, print one line per model, and write the document if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", default=[], metavar="NAME")
    parser.add_argument("--targets", nargs="+", default=list(TARGETS), choices=TARGETS)
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the table there")
    parser.add_argument("--fresh", action="store_true", help="measure again")
    options = parser.parse_args()
    if not MODELS.is_dir():
        sys.exit(f"the shared models are not at {MODELS}")
    names = options.models or list(model_names())
    key = source_hash()
    with ProcessPoolExecutor(PROCESSES) as pool:
        jobs = [
            pool.submit(measured, name, tuple(options.targets), key, options.fresh)
            for name in names
        ]
        for job in as_completed(jobs):
            print(line(job.result()), flush=True)
    results = [job.result() for job in jobs]
    if options.write is not None:
        options.write.write_text(document(results, options.targets), encoding="utf-8")
    return 1 if any(run.problem for result in results for run in result.runs) else 0


def measured(name: str, targets: tuple[str, ...], key: str, fresh: bool) -> ModelResult:
    """The measurement of one model, from the cache if nothing has changed since."""
    inputs = file_hash(model_path(name), io_path(name))
    entry = BUILD / "models" / f"{name}-{'-'.join(targets)}-{key}-{inputs}.json"
    result = None if fresh else load(entry)
    if result is None:
        result = measure_model(name, targets)
        save(entry, result)
    return result


def line(result: ModelResult) -> str:
    """One model in one line of the terminal."""
    verdicts = [f"{run.target} {run.problem or 'ok'}" for run in result.runs]
    bits = "same bits" if result.same_bits else "bits differ"
    return f"{result.name} ({result.arithmetic or '-'}, {bits}): {'; '.join(verdicts)}"


if __name__ == "__main__":
    sys.exit(main())
