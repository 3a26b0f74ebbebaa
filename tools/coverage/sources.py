"""Where the values of a request go in a service's sources: from the handler's input into locals, arguments, lambdas and the
functions they are handed to. Reads tokens, not types: enough to tell which members an operation looks at.
"""
import collections
import re

TOKEN = re.compile(r"""
    (?P<skip>\s+|//[^\n]*|/\*.*?\*/|^[ ]*\#(?:[^\n]*\\\n)*[^\n]*)
  | (?P<text>R"(?P<mark>[^(]*)\(.*?\)(?P=mark)"|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
  | [A-Za-z_]\w* | :: | -> | == | <= | >= | != | && | \|\| | [+*/-]= | \d[\w.']* | .
""", re.X | re.S | re.M)
NAME = re.compile(r"[A-Za-z_]\w*$")
OPEN, CLOSE = {"(": ")", "[": "]", "{": "}"}, {")", "]", "}"}
WORDS = {"if", "for", "while", "switch", "return", "sizeof", "decltype", "noexcept", "requires", "alignas", "co_return", "co_await",
         "operator", "static_assert", "explicit", "const", "auto", "else", "case", "constexpr", "static", "template", "typename"}


PART, WHOLE = 1, 2  # of the input


def tokens(text):
    return [m.group() for m in TOKEN.finditer(text) if m.lastgroup != "skip"]


def is_name(token):
    return bool(NAME.match(token)) and token not in WORDS


def closing(all_tokens, at):
    depth = 0
    for i in range(at, len(all_tokens)):
        if all_tokens[i] in OPEN:
            depth += 1
        elif all_tokens[i] in CLOSE:
            depth -= 1
            if depth == 0:
                return i
    return len(all_tokens) - 1


def parts(inner):
    """A list split at its commas, those inside of brackets and template arguments left out."""
    found, depth, angle = [[]], 0, 0
    for i, token in enumerate(inner):
        depth += (token in OPEN) - (token in CLOSE)
        if token == "<" and i and is_name(inner[i - 1]):
            angle += 1
        elif token == ">" and angle:
            angle -= 1
        if token == "," and depth == 0 and angle == 0:
            found.append([])
        else:
            found[-1].append(token)
    return [one for one in found if one]


class Function:
    def __init__(self, name, owner, parameters, body):
        self.name, self.owner, self.body = name, owner, body
        self.parameters = []  # (name, type's words)
        for one in parts(parameters):
            one = one[:one.index("=")] if "=" in one else one
            names = [t for t in one if is_name(t)]
            self.parameters.append((names[-1] if len(names) > 1 else "", set(names)))


class Sources:
    def __init__(self):
        self.functions = collections.defaultdict(list)
        self.methods = collections.defaultdict(list)  # by class

    def read(self, text):
        self._scope(tokens(text), 0, "")

    def _scope(self, all_tokens, at, owner):
        head, last = [], None
        while at < len(all_tokens) and all_tokens[at] != "}":
            token = all_tokens[at]
            if token == "{":
                end = closing(all_tokens, at)
                last = self._block(head, all_tokens, at, end, owner, last)
                at, head = end, []
            elif token == ";":
                head, last = [], None
            else:
                head.append(token)
            at += 1

    def _block(self, head, all_tokens, start, end, owner, last):
        if "namespace" in head:
            self._scope(all_tokens, start + 1, owner)
            return None
        place = next((i for i, t in enumerate(head) if t == "(" and i and is_name(head[i - 1])), None)
        if place is not None and "=" in head[:place]:
            place = None
        kind = next((i for i, t in enumerate(head) if t in ("class", "struct", "union")), None)
        if kind is not None and place is None:
            inside = [t for t in head[kind + 1:] if is_name(t)]
            self._scope(all_tokens, start + 1, inside[0] if inside else owner)
            return None
        body = all_tokens[start:end + 1]
        if place is None:
            if last and not head:  # the rest of a constructor that initializes with braces
                last.body += body
            return last
        name, stop = head[place - 1], closing(head, place)
        if place > 2 and head[place - 2] == "::":
            owner = head[place - 3] if is_name(head[place - 3]) else owner
        made = Function(name, owner, head[place + 1:stop], head[stop + 1:] + body)
        self.functions[name].append(made)
        self.methods[owner].append(made)
        return made

    def members_read(self, inputs):
        """What is looked at of an input whose type has the names `inputs`: (its members, members of what is inside).

        Nothing if nobody takes it.
        """
        flow = Flow(self)
        for functions in list(self.functions.values()):
            for function in functions:
                if any(words & inputs for _, words in function.parameters):
                    flow.enter(function, {n: WHOLE for n, words in function.parameters if n and words & inputs})
        return (flow.reads[WHOLE], flow.reads[PART]) if flow.done else None


class Flow:
    """Follows what comes from the request."""

    def __init__(self, sources):
        self.sources, self.done = sources, {}
        self.reads = {WHOLE: set(), PART: set()}

    def enter(self, function, values):
        """`values`: the names in it that hold the input, or a part of it."""
        known = self.done.setdefault(id(function), {})
        new = {n: v for n, v in values.items() if v > known.get(n, 0)}
        if not new and (known or not values):
            return
        known.update(new)
        values = dict(known)
        while True:
            before = dict(values)
            self._locals(function.body, values)
            if values == before:
                break
        self._reads(function.body, values)
        for i, token in enumerate(function.body[:-1]):
            if function.body[i + 1] in ("(", "{") and (is_name(token) or token == ">"):
                self._call(function.body, i, values)
        if function.name == function.owner:  # a constructor: what it keeps, all methods see
            kept = {t: v for t, v in values.items() if t.endswith("_")}
            for method in self.sources.methods[function.owner]:
                if kept and method.name != method.owner:
                    self.enter(method, kept)

    def _reads(self, body, values):
        for i, token in enumerate(body):
            if not is_name(token) or not i or body[i - 1] not in (".", "->", "::"):
                continue
            base, before = body[i - 2] if i > 1 else "", body[i - 3] if i > 2 else ""
            if body[i - 1] == "::":  # &Input::member
                self.reads[WHOLE].add(token)
                self.reads[PART].add(token)
            elif base in (")", "]") or before in (".", "->"):
                self.reads[PART].add(token)
            elif base in values:
                self.reads[values[base]].add(token)

    @staticmethod
    def _value_of(expression, values):
        """What an expression stands for: the input itself, a part of it, or neither."""
        bare = [t for t in expression if t not in ("std", "::", "move", "forward", "(", ")", "*", "&", "co_await", "&&")]
        if len(bare) == 1 and bare[0] in values:
            return values[bare[0]]
        return PART if any(t in values for t in expression) else 0

    @staticmethod
    def _note(values, name, value):
        if value > values.get(name, 0):
            values[name] = value

    def _locals(self, body, values):
        for i, token in enumerate(body):
            after = body[i + 1] if i + 1 < len(body) else ""
            if token == "]" and after == "(":  # a lambda's parameters
                for one in parts(body[i + 2:closing(body, i + 1)]):
                    names = [t for t in one if is_name(t)]
                    if len(names) > 1 and not {"Txn", "ReadTxn"} & set(names) or "auto" in one:
                        self._note(values, names[-1], PART)
            if token == "auto" and "[" in body[i:i + 3]:  # auto& [key, value] : in.map
                open_ = body.index("[", i)
                end = next((j for j in range(open_, len(body)) if body[j] in (";", "{", "}")), len(body))
                if self._value_of(body[closing(body, open_):end], values):
                    for t in body[open_:closing(body, open_)]:
                        if is_name(t):
                            self._note(values, t, PART)
            if not is_name(token) or (i and body[i - 1] in (".", "->", "::")):
                continue
            if after in ("=", ":"):
                end = next((j for j in range(i + 2, len(body)) if body[j] in (";", "{", "}")), len(body))
                if body[end:end + 1] == ["{"]:
                    end = closing(body, end)
                self._note(values, token, self._value_of(body[i + 2:end], values))
            elif after in ("(", "{") and i and (is_name(body[i - 1]) or body[i - 1] in (">", "&", "auto", "const") or token.endswith("_")):
                self._note(values, token, self._value_of(body[i + 2:closing(body, i + 1)], values))
            elif after == "," and i > 1 and ("TRY" in body[max(0, i - 9):i] or "CO_TRY" in body[max(0, i - 9):i]):
                end = next((j for j in range(i + 2, len(body)) if body[j] in (";", "{", "}")), len(body))
                self._note(values, token, min(PART, self._value_of(body[i + 2:end], values)))

    def _call(self, body, at, values):
        arguments = [self._value_of(one, values) for one in parts(body[at + 2:closing(body, at + 1)])]
        if not any(arguments):
            return
        # name(...), Type name(...), name<...>(...), make_unique<Type>(...)
        reach = at if body[at] == ">" else max(0, at - 1)
        if body[at] == ">":
            while reach > max(0, at - 16) and body[reach] != "<":
                reach -= 1
            reach -= 1
        names = [t for t in body[max(0, reach):at + 1] if is_name(t)]
        for name in names:
            for function in self.sources.functions.get(name, []):
                taken = {}
                for i, value in enumerate(arguments):
                    if value and function.parameters:
                        parameter = function.parameters[min(i, len(function.parameters) - 1)][0]
                        if parameter:
                            self._note(taken, parameter, value)
                if taken:
                    self.enter(function, taken)
