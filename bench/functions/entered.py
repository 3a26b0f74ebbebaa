"""The same as entered.cc, with boto3 imported as functions do."""
import time

import boto3  # noqa: F401  what a cold start of such a function costs is mostly this


def handler(event, context):
    entered = time.time_ns() // 1000
    if not event or "sentMicros" not in event:
        return {}
    after = entered - event["sentMicros"]
    print(f"entered after {after} us")
    return {"afterMicros": after}
