"""The zygote: a Python interpreter with boto3 imported that turns a fork of itself into an instance when asked to.

Started by the launcher with its control socket as descriptor 3. The forking, and the sandbox that each child enters, are
in zygote.so; this file prepares what all instances share and never runs anybody's code.
"""
import ctypes
import gc
import os
import sys

RUNTIME_FOLDER = os.path.dirname(os.path.abspath(__file__))
CONTROL_FD = 3


def warm_boto3():
    """Imports boto3 and loads what clients of common services need, once for all instances."""
    import boto3
    import botocore.loaders
    import botocore.session

    # Loaders keep what they read for themselves; the files never change, so all of them share one cache.
    shared = {}
    original = botocore.loaders.Loader.__init__

    def with_shared_cache(self, *args, **kwargs):
        original(self, *args, **kwargs)
        self._cache = shared

    botocore.loaders.Loader.__init__ = with_shared_cache
    use_endpoint_variables(botocore.session.Session)
    session = boto3.session.Session(
        aws_access_key_id="warm", aws_secret_access_key="warm", region_name="us-east-1"
    )
    for service in ("sns", "s3", "sqs", "dynamodb", "iot-data"):
        session.client(service, endpoint_url="http://127.0.0.1:9")
    # The session that boto3.client() uses: it has looked up neither credentials nor region yet.
    boto3.setup_default_session()


def use_endpoint_variables(session_class):
    """Gives botocore before 1.31.0 the endpoint variables that later ones know.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
    """
    create_client = session_class.create_client

    def create_client_with_endpoint(self, service_name, *args, **kwargs):
        # Positions after the service: region_name, api_version, use_ssl, verify, endpoint_url.
        given = kwargs.get("endpoint_url") or (args[4] if len(args) > 4 else None)
        ignore = os.environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true"
        if not given and not ignore:
            name = service_name.upper().replace("-", "_").replace(" ", "_")
            url = os.environ.get("AWS_ENDPOINT_URL_" + name) or os.environ.get("AWS_ENDPOINT_URL")
            if url and len(args) > 4:
                args = args[:4] + (url,) + args[5:]
            elif url:
                kwargs["endpoint_url"] = url
        return create_client(self, service_name, *args, **kwargs)

    session_class.create_client = create_client_with_endpoint


def serve():
    """Forks instances until the server is gone. Returns in an instance, with its task root and environment."""
    library = ctypes.PyDLL(os.path.join(RUNTIME_FOLDER, "zygote.so"))
    library.cloudlet_zygote_become.restype = ctypes.c_void_p
    library.cloudlet_zygote_answer_size.restype = ctypes.c_size_t
    if not library.cloudlet_zygote_serve(CONTROL_FD):
        os._exit(0)
    answer = library.cloudlet_zygote_become()
    if answer is None:
        os._exit(127)
    texts = ctypes.string_at(answer, library.cloudlet_zygote_answer_size()).split(b"\0")
    return os.fsdecode(texts[0]), [os.fsdecode(text) for text in texts[1:] if text]


def main():
    sys.dont_write_bytecode = True
    sys.path[0] = RUNTIME_FOLDER
    import bootstrap

    try:
        warm_boto3()
    except ImportError:
        # Functions may bring a boto3 of their own; Debian's is a recommendation, not a need.
        pass
    gc.collect()
    gc.freeze()
    task_root, environment = serve()
    bootstrap.run(task_root, environment, CONTROL_FD)


if __name__ == "__main__":
    main()
