"""The models' patterns are Java's; RE2 checks them. What RE2 has no word for is refused here and decided in the overlay."""
import re


def to_re2(pattern):
    """The same language in RE2's syntax, or ValueError."""
    for construct, name in (("(?=", "lookahead"), ("(?!", "lookahead"), ("(?<=", "lookbehind"), ("(?<!", "lookbehind"),
                            ("(?>", "atomic group")):
        if construct in pattern:
            raise ValueError(f"{name} {construct}")
    if re.search(r"(?<!\\)[*+?}]\+", outside_classes(pattern)):
        raise ValueError("possessive quantifier")
    if re.search(r"\\[1-9]", pattern):
        raise ValueError("back reference")
    if "&&" in pattern:
        raise ValueError("intersection of classes")
    pattern = re.sub(r"\\u([0-9A-Fa-f]{4})", r"\\x{\1}", pattern)
    pattern = re.sub(r"\\p\{(IsAlphabetic|Alpha)\}", r"\\p{L}", pattern)
    for group, names in POSIX.items():
        pattern = pattern.replace(f"\\p{{{group}}}", names)
    return surrogate_free(pattern)


POSIX = {"Print": "[:print:]", "Graph": "[:graph:]", "Punct": "[:punct:]", "Cntrl": "[:cntrl:]", "ASCII": "[:ascii:]",
         "IsDigit": "\\d"}


def outside_classes(pattern):
    """The pattern with the content of its [classes] blanked."""
    return re.sub(r"(?<!\\)\[(?:\\.|[^\]\\])*\]", "[]", pattern)


def surrogate_free(pattern):
    r"""Java writes characters above U+FFFF as pairs (\uD800\uDC00-\uDBFF\uDFFF): one range of code points for RE2."""
    pattern = pattern.replace(r"\x{D800}\x{DC00}-\x{DBFF}\x{DFFF}", r"\x{10000}-\x{10FFFF}")
    pattern = pattern.replace("\ud800\udc00-\udbff\udfff", r"\x{10000}-\x{10FFFF}")
    return pattern.encode("utf-8", "replace").decode()
