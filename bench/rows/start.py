"""Start on a store of a million objects, and the memory that it then holds."""
import shutil
import signal
import time

from rows.common import Cloudlet, Result, median, mqtt_bench, percentile
from rows.mqtt import fill, target

OBJECTS = 1_000_000
STARTS = 5


def million(bench):
    """A data folder with that many objects; made once, kept for later runs."""
    folder, marker = bench.keep / "million", bench.keep / "million.objects"
    if not (marker.exists() and folder.exists()):
        shutil.rmtree(folder, ignore_errors=True)
        with Cloudlet(bench, folder) as server:
            stored = fill(bench, server, OBJECTS, seconds=240)
        marker.write_text(str(stored))
    return folder, int(marker.read_text())


def settle(bench, server):
    """Idle, after what a start leaves to do."""
    time.sleep(2)
    return server.resident_mb()


def start(bench):
    folder, objects = million(bench)
    took = {"clean stop": [], "kill -9": []}
    memory = {}
    for after, times in took.items():
        for _ in range(STARTS):
            with Cloudlet(bench, folder) as server:
                times.append(server.ready_ms)
                if after not in memory:
                    memory[after] = settle(bench, server)
                if after == "kill -9":
                    options = ["--warm-up", 0, "--publishers", 8]
                    mqtt_bench(bench, *target(server, server.mqtt), *options, seconds=0.5)
                    server.process.send_signal(signal.SIGKILL)
                    server.process.wait()
            if after == "kill -9" and len(times) == 1:
                times.clear()  # that one came after a clean stop
    for after, times in took.items():
        row = Result(
            work=f"start on {objects / 1e6:.1f} million objects to the ready line, after a {after}",
            ours=median(times) / 1000,
            unit="s (p50)",
            p50_us=median(times) * 1000,
            p99_us=percentile(times, 0.99) * 1000,
            must="< 0.5 s",
            aim="< 0.1 s",
        )
        yield row.judged(median(times) / 1000, 0.5, 0.1, lower_is_better=True)
    own, children = memory["clean stop"]
    row = Result(
        work="resident memory idle after it",
        ours=own,
        unit="MB",
        must="< 60 MB",
        aim="< 25 MB",
        note=f"its helper processes {children:.0f} MB more (shared pages counted for each)",
    )
    yield row.judged(own, 60, 25, lower_is_better=True)
