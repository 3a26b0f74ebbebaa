"""S3 PUT of 1 KiB beside a bare HTTP server that group-commits with fdatasync."""
import re
import subprocess

from rows.common import Cloudlet, Result, median_by

LINE = re.compile(
    r"^(\w+)\s+([\d.]+) req/s\s+p50\s+([\d.]+) us\s+p99\s+([\d.]+) us\s+failed (\d+)", re.M
)


def http_bench(bench, *words):
    """Its lines as (who, rate, p50, p99, failed)."""
    command = [bench.program("http_bench"), *(str(w) for w in words)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=180, check=False, cwd=bench.work
    )
    lines = [
        (who, float(rate), float(p50), float(p99), int(failed))
        for who, rate, p50, p99, failed in LINE.findall(done.stdout)
    ]
    if not lines:
        raise RuntimeError(f"http_bench said {done.stdout!r} {done.stderr!r}")
    return lines


def put(bench):
    with Cloudlet(bench, bench.work / "s3") as server:
        lines = http_bench(bench, "put", server.port, bench.seconds, bench.work)
    peer = median_by([line for line in lines if line[0] == "peer"], lambda line: line[1])
    ours = median_by([line for line in lines if line[0] == "cloudlet"], lambda line: line[1])
    row = Result(
        work="S3 PUT 1 KiB, synced, 32 connections",
        peer="bare HTTP + fdatasync",
        peers=peer[1],
        ours=ours[1],
        p50_us=ours[2],
        p99_us=ours[3],
        peer_p50_us=peer[2],
        peer_p99_us=peer[3],
        must="0.3 x",
        aim="0.6 x",
        note=f"{ours[4]} failed" if ours[4] else "",
    )
    yield row.judged(row.ratio if not ours[4] else 0, 0.3, 0.6)
