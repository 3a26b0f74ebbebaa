"""Start on a store of a million objects, and the memory that it then holds."""
import shutil
import signal
import subprocess
import time

from rows.common import Cloudlet, Result, median, mqtt_bench, percentile
from rows.mqtt import fill, target

STARTS = 5


def filled(bench):
    """A data folder with that many objects; made once, kept for later runs."""
    folder = bench.keep / f"objects-{bench.objects}"
    marker = folder.with_suffix(".stored")
    if not (marker.exists() and folder.exists()):
        shutil.rmtree(folder, ignore_errors=True)
        with Cloudlet(bench, folder) as server:
            stored = fill(bench, server, bench.objects, seconds=240)
        marker.write_text(str(stored))
    return folder, int(marker.read_text())


def one_start(bench, folder, end):
    """Starts, and ends with that signal; -9 in the middle of load. (ready_ms, memory if idle)"""
    with Cloudlet(bench, folder) as server:
        memory = None
        if end == signal.SIGKILL:
            options = [*target(server, server.mqtt), "--warm-up", 0]
            mqtt_bench(bench, *options, seconds=0.3)
            with subprocess.Popen(
                [bench.program("mqtt_bench"), *map(str, options), "--seconds", "5"],
                stderr=subprocess.DEVNULL,
            ) as load:
                time.sleep(0.3)
                server.stop(end)
                load.wait()
        else:
            time.sleep(2)  # idle, after what a start leaves to do
            memory = server.resident_mb()
        return server.ready_ms, memory


def start(bench):
    folder, objects = filled(bench)
    took, memories = {}, []
    for after, end in (("clean stop", signal.SIGTERM), ("kill -9", signal.SIGKILL)):
        one_start(bench, folder, end)  # so that each that is timed comes after such an end
        times = took[after] = []
        for _ in range(STARTS):
            ready_ms, memory = one_start(bench, folder, end)
            times.append(ready_ms)
            memories += [memory] if memory else []
    for after, times in took.items():
        row = Result(
            work=f"start on {objects:,} objects to the ready line, after a {after}",
            ours=median(times) / 1000,
            unit="s (p50)",
            p50_us=median(times) * 1000,
            p99_us=percentile(times, 0.99) * 1000,
            must="< 0.5 s",
            aim="< 0.1 s",
        )
        yield row.judged(median(times) / 1000, 0.5, 0.1, lower_is_better=True)
    own, children = sorted(memories)[len(memories) // 2]
    row = Result(
        work="resident memory idle after it",
        ours=own,
        unit="MB",
        must="< 60 MB",
        aim="< 25 MB",
        note=f"its helper processes {children:.0f} MB more (shared pages counted for each)",
    )
    yield row.judged(own, 60, 25, lower_is_better=True)
