#!/usr/bin/python3
"""The style test: include arrows, sizes, dead files, words that mark something unfinished.

Run it from anywhere; prints one line a finding and exits 1 if there are any. Rules have tests (tidy_test.py).
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

LINE_MAX = 100
SOURCE_MAX = 600
TEST_MAX = 1000
FUNCTION_MAX = 70

# A room may include these rooms beside itself (design: "the plan of the house").
SERVICE = {"base", "store", "wire", "journal", "delivery", "gen", "deploy"}
ARROWS = {
    "base": set(),
    "store": {"base"},
    "wire": {"base"},
    "mqtt": {"base"},
    "journal": {"base", "store"},
    "delivery": {"base", "store", "journal"},
    "runtime": {"base", "wire"},
    "services": {"base", "wire"},
    "deploy": {"base", "store", "wire", "gen"},
    "console": {"base", "store", "wire", "journal", "delivery", "gen"},
    "cli": {"base", "wire", "gen", "deploy"},
    "sdk": {"base", "wire", "gen", "runtime"},
    "services/iot": SERVICE | {"mqtt"},
    "services/lambda": SERVICE | {"runtime"},
    "services/host": SERVICE | {"services"},
}
ROOMS = {room.split("/")[0] for room in ARROWS}
INCLUDE = re.compile(r'\s*#\s*include (["<])([^">]+)[">]')
BANNED = re.compile(
    r"\b(TODO|FIXME|XXX|HACK|not (yet )?implemented|for now|in a real (system|implementation)|placeholder)\b",
    re.IGNORECASE)

# What HTTP and S3 themselves say in these words.
SAID_BY_OTHERS = re.compile(r'"(Not Implemented|A header you provided implies functionality that is not implemented)"')


def room_of(path):
    """'src/services/sns/send.cc' -> 'services/sns'; files straight in src (main.cc) -> ''; sdk/... -> 'sdk'."""
    if path.parts[0] == "sdk":
        return "sdk"
    parts = path.parts[1:-1]
    if not parts:
        return ""
    return "/".join(parts[:2]) if parts[0] == "services" else parts[0]


def allowed(room):
    if room.startswith("services/"):
        return ARROWS.get(room, SERVICE) | {room}
    return ARROWS.get(room, set()) | {room}


def check_arrows(path, text):
    room = room_of(path)
    if not room:
        return
    for number, line in enumerate(text.splitlines(), 1):
        include = INCLUDE.match(line)
        if not include or not (include[1] == '"' or include[2].split("/")[0] in ROOMS):
            continue
        target = room_of(pathlib.Path("src") / include[2])
        is_test = re.search(r"_(test|bench|fuzz)\.cc$", path.name) or "testing" in path.parts
        if room != "sdk" and not target:
            yield f"{path}:{number}: {room} must not include {include[2]}, which stands above all rooms"
        elif target and target != "cloudlet" and target not in allowed(room) and not is_test:
            yield f"{path}:{number}: {room} must not include {target}"


def check_sizes(path, text):
    lines = text.splitlines()
    is_test = re.search(r"_(test|bench|fuzz)\.(cc|h)$", path.name) or path.parts[0] in ("tests", "bench")
    limit = TEST_MAX if is_test else SOURCE_MAX
    if len(lines) > limit:
        yield f"{path}: {len(lines)} lines, more than {limit}: what is the second idea in it?"
    for number, line in enumerate(lines, 1):
        if len(line) > LINE_MAX and "://" not in line and 'R"' not in line and not is_test:
            yield f"{path}:{number}: {len(line)} columns, more than {LINE_MAX}"
    if not is_test:
        yield from check_functions(path, lines)


def check_functions(path, lines):
    """A definition begins at indent 0, 2 or 4, ends its head with '{', on a line further down perhaps, and closes at its indent."""
    start, head, inside = 0, "", False
    for number, line in enumerate(lines, 1):
        if inside:
            if line.startswith(indent + "}"):
                if number - start + 1 > FUNCTION_MAX:
                    yield f"{path}:{start}: function of {number - start + 1} lines, more than {FUNCTION_MAX}"
                inside, head = False, ""
            continue
        line = line.split(" // ")[0].rstrip()
        if not line or line.lstrip().startswith(("//", "#")):
            continue
        begins = re.match(r"( {0,4})[\w~\[]", line)
        if not head and begins:
            start, indent = number, begins[1]
        head += line + " "
        if line.endswith("{"):
            plain = re.sub(r"operator *[^\w\s(]+", "operator", head)
            inside = "(" in plain and "=" not in plain[:plain.index("(")] and \
                not re.match(r"\s*(template <[^(]*> )?(namespace|struct|class|enum|union)\b", plain)
        if line[-1] in "{};:":
            head = ""


def check_words(path, text):
    for number, line in enumerate(text.splitlines(), 1):
        found = BANNED.search(SAID_BY_OTHERS.sub('""', line))
        if found:
            yield f"{path}:{number}: '{found[0]}': finish it, or refuse it with a typed error"
    # services/host is the one place that catches.
    if path.parts[:2] == ("src", "services") and path.parts[2:3] != ("host",):
        for number, line in enumerate(text.splitlines(), 1):
            if re.search(r"\b(catch ?\(|throw\b)", line) and not line.lstrip().startswith("//"):
                yield f"{path}:{number}: services neither throw nor catch"
    if "asio::detached" in text and path.name != "task.cc":
        yield f"{path}: asio::detached belongs inside TaskGroup only"


def check_dead(files):
    """A header that nobody includes: no source, and no code that tools/codegen writes."""
    included, quoted = set(), re.compile(r'#\s*include ["<]([^">]+)[">]')
    for generator in sorted((ROOT / "tools/codegen").glob("*.py")):
        included.update(re.findall(r'#include "([^"]+)"', generator.read_text()))
    for path, text in files.items():
        included.update(name for name in quoted.findall(text) if not str(path).endswith("/" + name))
    for path in files:
        named = {"/".join(path.parts[i:]) for i in range(1, len(path.parts))}
        public = "cloudlet" in path.parts  # what function authors include
        if path.suffix == ".h" and not named & included and not public and not path.name.startswith("precompiled"):
            yield f"{path}: nobody includes it"


def sources(root):
    for top in ("src", "sdk", "apps", "bench", "tests"):
        for path in sorted((root / top).rglob("*")):
            if path.suffix in (".cc", ".h") and "node_modules" not in path.parts:
                yield path.relative_to(root)


def check(files):
    for path, text in files.items():
        yield from check_arrows(path, text) if path.parts[0] in ("src", "sdk") else ()
        yield from check_sizes(path, text)
        yield from check_words(path, text)
    yield from check_dead(files)


def main():
    files = {path: (ROOT / path).read_text(errors="replace") for path in sources(ROOT)}
    findings = list(check(files))
    for finding in findings:
        print(finding)
    print(f"tidy: {len(files)} files, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
