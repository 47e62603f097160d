"""Builds the world, measures at each size, prints the table and keeps it as var/bench.json."""

import json
import logging
import platform
import warnings
from dataclasses import asdict
from pathlib import Path

from django.core.management import call_command
from django.db import connection

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("pages", "sweep", "pdf", "excel", "bids", "rush", "budget", "prices")


def everything(options):
    """Run the asked parts; prints as it goes. Never fails on a number: the verdicts are the result."""
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    from tests.access import objects, world
    from tests.bench import budget, makers, pages, prices, rush, work

    sizes = [100, 2000] if options.quick else [int(size) for size in options.rows.split(",")]
    wanted = set(options.only.split(",")) if options.only else set(PARTS)
    repeat = options.repeat or (5 if options.quick else 9)
    print(f"{connection.vendor}, Python {platform.python_version()}, {' and '.join(f'{size:,}' for size in sizes)} projects, median of {repeat}\n", flush=True)
    call_command("migrate", run_syncdb=True, verbosity=0)
    told = objects.add_rest(world.build())
    for page in pages.PAGES:
        if page[3]:
            objects.arguments(told, page[3])
    rest, measured, sweeps = [], {}, []
    if "pdf" in wanted:
        rest += work.paper()
    if "excel" in wanted:
        rest += work.excel(1000 if options.quick else 10_000)
    if "bids" in wanted:
        rest += work.deadline(told, 40 if options.quick else 200) + work.sealing()
    if "rush" in wanted:
        rest += rush.rush(told, 60 if options.quick else 500)
    if "budget" in wanted:
        rest += budget.editor(told, *objects.arguments(told, "project_draft"))
    if "prices" in wanted:
        rest += prices.matching(told, 2000 if options.quick else 100_000)
    for line in rest:
        show(line)
    block = makers.Block(told.cast).build() if wanted & {"pages", "sweep"} else None  # last: its copies take the ids that follow
    for size in sizes if block else ():
        makers.grow(block, size)
        makers.settle()
        if "pages" in wanted:
            for page, one in zip(pages.PAGES, pages.read_apart(pages.addressed(told, objects.arguments), repeat), strict=True):
                measured.setdefault(page, []).append(one)
            print(f"pages at {size:,} measured", flush=True)
        if "sweep" in wanted:
            sweeps.append(work.sweep())
    if sweeps:
        for line in work.sweep_rows(sizes, sweeps):
            rest.append(line)
            show(line)
    print("\n" + "\n".join(table(sizes, measured, pages.verdict)))
    keep(sizes, measured, rest, pages.verdict)


def show(line):
    print(f"{'ok  ' if line['holds'] else 'OVER'} {line['name']}: {line['value']}" + (f" (limit {line['limit']})" if line["limit"] else ""), flush=True)


def table(sizes, measured, verdict):
    """The pages as lines of a Markdown table."""
    heads = "".join(f" queries @{size:,} | ms | × floor |" for size in sizes)
    yield f"| kind | page | as |{heads} verdict |"
    yield "|---|---|---|" + "---:|---:|---:|" * len(sizes) + "---|"
    for rows in measured.values():
        cells = "".join(f" {one.queries} | {one.ms:.1f} | {one.ratio:.2f} |" for one in rows)
        yield f"| {rows[0].kind} | {rows[0].name} | {rows[0].role or 'public'} |{cells} {verdict(rows) or 'ok'} |"


def keep(sizes, measured, rest, verdict):
    folder = ROOT / "var"
    folder.mkdir(exist_ok=True)
    found = {
        "database": connection.vendor, "sizes": sizes, "rest": rest,
        "pages": [{"sizes": [asdict(one) | {"ratio": one.ratio} for one in rows], "verdict": verdict(rows)} for rows in measured.values()],
    }  # fmt: skip
    (folder / "bench.json").write_text(json.dumps(found, ensure_ascii=False, indent=1), encoding="utf-8")
