"""The Python runtime of one instance: finds the handler, takes events, gives answers, in the way of AWS's own.

Speaks the frames of src/runtime/frame.h on its control socket.
https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html
"""
import decimal
import importlib
import io
import json
import logging
import os
import socket
import struct
import sys
import threading
import time
import traceback

READY, INVOKE, RESPONSE, ERROR, INIT_ERROR, LOG = 1, 2, 3, 4, 5, 6
HEAD = struct.Struct("<IB3x")
SIZE = struct.Struct("<I")
LOG_BYTES_MAX = 240 * 1024


class Fault(Exception):
    """What goes wrong outside the function's own code: it has a type of the runtime's."""

    def __init__(self, kind, message, trace=()):
        super().__init__(message)
        self.kind = kind
        self.trace = list(trace)


class Channel:
    """Frames to and from the server."""

    def __init__(self, descriptor):
        self._socket = socket.socket(fileno=descriptor)
        self._lock = threading.Lock()

    def send(self, kind, body=b""):
        with self._lock:
            if len(body) < 65536:
                self._socket.sendall(HEAD.pack(len(body), kind) + body)
            else:
                self._socket.sendall(HEAD.pack(len(body), kind))
                self._socket.sendall(body)

    def _exactly(self, count):
        buffer = bytearray(count)
        view = memoryview(buffer)
        while view:
            got = self._socket.recv_into(view)
            if got == 0:
                os._exit(0)
            view = view[got:]
        return buffer

    def receive(self):
        size, kind = HEAD.unpack(self._exactly(HEAD.size))
        return kind, bytes(self._exactly(size))

    def log(self, text):
        data = text.encode("utf-8", "backslashreplace")
        for start in range(0, len(data), LOG_BYTES_MAX):
            self.send(LOG, data[start : start + LOG_BYTES_MAX])


class LineOutput(io.TextIOBase):
    """sys.stdout and sys.stderr: a log event a line."""

    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(self, channel, descriptor):
        self._channel = channel
        self._descriptor = descriptor
        self._rest = ""
        self._lock = threading.Lock()
        self.buffer = LineBytes(self)

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError("write() argument must be str, not " + type(text).__name__)
        with self._lock:
            lines = (self._rest + text).split("\n")
            self._rest = lines.pop()
            for line in lines:
                self._channel.log(line + "\n")
            if len(self._rest) > LOG_BYTES_MAX:
                self._channel.log(self._rest)
                self._rest = ""
        return len(text)

    def end_line(self):
        with self._lock:
            if self._rest:
                self._channel.log(self._rest)
                self._rest = ""

    def writable(self):
        return True

    def fileno(self):
        return self._descriptor


class LineBytes(io.RawIOBase):
    """sys.stdout.buffer."""

    def __init__(self, text):
        self._text = text

    def write(self, data):
        self._text.write(bytes(data).decode("utf-8", "backslashreplace"))
        return len(data)

    def writable(self):
        return True


class LogHandler(logging.Handler):
    """One log event a record, however many lines it has."""

    def __init__(self, channel):
        super().__init__()
        self._channel = channel

    def emit(self, record):
        try:
            self._channel.log(self.format(record))
        except Exception:  # as every handler of the standard library
            self.handleError(record)


class RequestIdFilter(logging.Filter):
    request_id = ""

    def filter(self, record):
        record.aws_request_id = RequestIdFilter.request_id
        return True


class Identity:
    def __init__(self, values):
        self.cognito_identity_id = values.get("cognitoIdentityId")
        self.cognito_identity_pool_id = values.get("cognitoIdentityPoolId")


class Client:
    def __init__(self, values):
        for name in ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name"):
            setattr(self, name, values.get(name))


class ClientContext:
    def __init__(self, values):
        self.custom = values.get("custom")
        self.env = values.get("env")
        client = values.get("client")
        self.client = Client(client) if client else None


class Context:
    """https://docs.aws.amazon.com/lambda/latest/dg/python-context.html"""

    def __init__(self, request_id, deadline_ms, arn, client_context, identity):
        self.aws_request_id = request_id
        self.invoked_function_arn = arn
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.client_context = ClientContext(json.loads(client_context)) if client_context else None
        self.identity = Identity(json.loads(identity) if identity else {})
        self._deadline_ms = int(deadline_ms)

    def get_remaining_time_in_millis(self):
        return max(self._deadline_ms - int(time.time() * 1000), 0)

    def log(self, message):
        sys.stdout.write(str(message))

    def __repr__(self):
        shown = ", ".join(f"{key}={value}" for key, value in vars(self).items() if not key.startswith("_"))
        return f"LambdaContext([{shown}])"


def find_handler(name):
    """The function that `module.function` names; a Fault that says why not, as AWS says it."""
    try:
        module_name, function_name = name.rsplit(".", 1)
    except ValueError as error:
        raise Fault("Runtime.MalformedHandlerName", f"Bad handler '{name}': {error}") from None
    try:
        if module_name.split(".")[0] in sys.builtin_module_names:
            raise Fault("Runtime.ImportModuleError", f"Cannot use built-in module {module_name} as a handler module")
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise Fault("Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}") from None
    except SyntaxError as error:
        trace = [f'  File "{error.filename}" Line {error.lineno}\n    {error.text}']
        raise Fault("Runtime.UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}", trace) from None
    try:
        return getattr(module, function_name)
    except AttributeError:
        message = f"Handler '{function_name}' missing on module '{module_name}'"
        raise Fault("Runtime.HandlerNotFound", message) from None


def own_frames(error):
    """The trace from the function's own code on: this file's and importlib's frames say nothing to its author."""
    frames = traceback.extract_tb(error.__traceback__)
    while frames and (frames[0].filename == __file__ or frames[0].filename.startswith("<frozen importlib")):
        frames.pop(0)
    while frames and "importlib" in frames[0].filename:
        frames.pop(0)
    return traceback.format_list(frames)


def describe(error, request_id):
    """The error document, and the log event, of an exception."""
    if isinstance(error, Fault):
        kind, message, trace = error.kind, str(error), error.trace
    else:
        kind, message, trace = type(error).__name__, str(error), own_frames(error)
    document = {"errorMessage": message, "errorType": kind, "requestId": request_id, "stackTrace": trace}
    text = f"[ERROR] {kind}" + (f": {message}" if message else "") + "\n"
    text += "Traceback (most recent call last):\n" + "".join(trace)
    return document, text


def encode_other(value):
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def texts_of(body, count):
    """The texts in front of an event, and the event."""
    texts, at = [], 0
    for _ in range(count):
        (size,) = SIZE.unpack_from(body, at)
        at += SIZE.size
        texts.append(body[at : at + size].decode())
        at += size
    return texts, body[at:]


class Runtime:
    def __init__(self, channel):
        self._channel = channel
        # Newer runtimes answer text as it is, older ones escaped.
        asked_for = os.environ.get("AWS_EXECUTION_ENV", "").rpartition("python3.")[2]
        self._escape = asked_for.isdigit() and int(asked_for) < 12

    def answer(self, handler, body):
        (request_id, deadline_ms, arn, trace, client_context, identity), event = texts_of(body, 6)
        RequestIdFilter.request_id = request_id
        if trace:
            os.environ["_X_AMZN_TRACE_ID"] = trace
        else:
            os.environ.pop("_X_AMZN_TRACE_ID", None)
        head = request_id.encode()
        try:
            answer = self._call(handler, event, Context(request_id, deadline_ms, arn, client_context, identity))
            kind, payload = RESPONSE, answer.encode("utf-8")
        except Exception as error:
            document, text = describe(error, request_id)
            self._channel.log(text)
            kind, payload = ERROR, json.dumps(document).encode()
        sys.stdout.end_line()
        sys.stderr.end_line()
        self._channel.send(kind, head + payload)

    def _call(self, handler, event, context):
        try:
            value = json.loads(event)
        except ValueError as error:
            raise Fault("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}") from None
        result = handler(value, context)
        try:
            return json.dumps(result, default=encode_other, ensure_ascii=self._escape)
        except (TypeError, ValueError) as error:
            raise Fault("Runtime.MarshalError", f"Unable to marshal response: {error}") from None

    def fail(self, error):
        """Initialisation failed: said to the server, and the end of this instance."""
        document, text = describe(error, "")
        self._channel.log(text)
        self._channel.send(INIT_ERROR, json.dumps(document).encode())
        os._exit(1)

    def serve(self, handler_name):
        try:
            handler = find_handler(handler_name)
        except Exception as error:
            self.fail(error)
        self._channel.send(READY)
        while True:
            kind, body = self._channel.receive()
            if kind == INVOKE:
                self.answer(handler, body)


def set_up_logging(channel):
    handler = LogHandler(channel)
    formatter = logging.Formatter(
        "[%(levelname)s]\t%(asctime)s.%(msecs)dZ\t%(aws_request_id)s\t%(message)s\n", "%Y-%m-%dT%H:%M:%S"
    )
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    handler.addFilter(RequestIdFilter())
    logging.root.addHandler(handler)


def say_version(channel):
    """Said once in the log of each instance whose configuration asks for another Python than there is."""
    asked_for = os.environ.get("AWS_EXECUTION_ENV", "").removeprefix("AWS_Lambda_")
    there = f"python{sys.version_info.major}.{sys.version_info.minor}"
    if asked_for.startswith("python") and asked_for != there:
        channel.log(f"cloudlet: {asked_for} was asked for; this function runs on Python {sys.version.split()[0]}\n")


def run(task_root, environment, descriptor):
    """Becomes the instance. Ends with the process."""
    os.environ.clear()
    for variable in environment:
        name, _, value = variable.partition("=")
        os.environ[name] = value
    time.tzset()
    sys.path[:0] = [task_root, "/opt/python"]
    channel = Channel(descriptor)
    sys.stdin = open(os.devnull)
    sys.stdout = LineOutput(channel, 1)
    sys.stderr = LineOutput(channel, 2)
    set_up_logging(channel)
    say_version(channel)
    try:
        Runtime(channel).serve(os.environ["_HANDLER"])
    except SystemExit as end:
        sys.stdout.end_line()
        sys.stderr.end_line()
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        os._exit(code & 0xFF)
