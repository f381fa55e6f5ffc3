"""A real S3 protocol server, and a bucket of ours in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import boto3
from moto.server import ThreadedMotoServer

ALIAS = "elsewhere"


@contextmanager
def server(port: int = 0) -> Iterator[str]:
    """The address of an S3 server that has one bucket, empty or as a server before it on this port left it."""
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    running.start()
    _, found = running.get_host_and_port()
    endpoint = f"http://127.0.0.1:{found}"
    boto3.client("s3", endpoint_url=endpoint, **_keys()).create_bucket(Bucket="studio")
    try:
        yield endpoint
    finally:
        running.stop()


def alias(endpoint: str) -> dict[str, object]:
    """What STORAGES says of it."""
    options = {"bucket_name": "studio", "endpoint_url": endpoint, "region_name": "us-east-1", "access_key": "id"}
    options |= {"secret_key": "secret", "file_overwrite": True, "querystring_auth": True, "signature_version": "s3v4"}
    return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}


def _keys() -> dict[str, str]:
    return {"aws_access_key_id": "id", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
