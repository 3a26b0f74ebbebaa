"""How the model's names are written in C++."""
import re

KEYWORDS = set("""alignas alignof and and_eq asm auto bitand bitor bool break case catch char class compl concept const
consteval constexpr constinit continue co_await co_return co_yield decltype default delete do double dynamic_cast else enum
explicit export extern false float for friend goto if inline int long mutable namespace new noexcept not not_eq nullptr
operator or or_eq private protected public register reinterpret_cast requires return short signed sizeof static
static_assert static_cast struct switch template this thread_local throw true try typedef typeid typename union unsigned
using virtual void volatile wchar_t while xor xor_eq assert errno stdin stdout stderr major minor linux unix""".split())

# Names of cloudlet's own that a model's type must not hide: the overlay renames such a shape.
RESERVED = set("""Error Result Task Time Clock Scope Arn Cause Duration Random Fault ErrorKind Algorithm Hasher Slash Plus
Service Client Operations Call Body Entry Served""".split())

WHOLE_WORDS = {"ETag": "etag", "SSEKMS": "sse_kms", "IoT": "iot", "OAuth": "oauth"}


def snake(name):
    """QueueUrl -> queue_url, SSEKMSKeyId -> sse_kms_key_id, ChecksumCRC32C -> checksum_crc32c."""
    for word, written in WHOLE_WORDS.items():
        name = name.replace(word, "_" + written + "_")
    name = re.sub(r"[^A-Za-z0-9]+", "_", name)
    name = re.sub(r"([a-z])([A-Z])", r"\1_\2", name)
    name = re.sub(r"([A-Z0-9])([A-Z][a-z])", r"\1_\2", name)
    name = re.sub(r"_+", "_", name).strip("_").lower()
    if not name or name[0].isdigit():
        name = "v" + name
    return name + "_" if name in KEYWORDS else name


def pascal(name):
    return name[0].upper() + name[1:]


def lower_camel(name):
    """How AWS's validation messages call a member: TopicArn -> topicArn, KMSKeyArn -> kMSKeyArn."""
    return name[0].lower() + name[1:]


def unique(names):
    """The same names in the same order, with a number where two would be one."""
    seen, result = {}, []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return result


def literal(text):
    """A C++ string literal. Octal escapes: they end after three digits, hexadecimal ones don't."""
    out = []
    for byte in text.encode():
        char = chr(byte)
        if char in '"\\':
            out.append("\\" + char)
        elif 32 <= byte < 127:
            out.append(char)
        else:
            out.append(f"\\{byte:03o}")
    return '"' + "".join(out) + '"'
