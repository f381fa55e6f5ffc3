from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from django.conf import settings
from moto.server import ThreadedMotoServer

from editing import storage
from editing.models import Bucket
from tests.slow import Front, front

KEYS = {"aws_access_key_id": "id", "aws_secret_access_key": "secret", "region_name": "us-east-1"}


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """The address of an S3 server that has one bucket, `studio`."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    endpoint = f"http://127.0.0.1:{port}"
    boto3.client("s3", endpoint_url=endpoint, **KEYS).create_bucket(Bucket="studio")
    yield endpoint
    server.stop()


@pytest.fixture
def server(s3: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Front]:
    """The same, behind a front that counts and can be slow, as the storage of the bucket `remote`."""
    with front(s3) as found:
        options = {"bucket_name": "studio", "endpoint_url": found.endpoint, "region_name": "us-east-1"}
        options |= {"access_key": "id", "secret_key": "secret", "file_overwrite": True, "signature_version": "s3v4"}
        backend = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
        monkeypatch.setitem(settings.STORAGES, "elsewhere", backend)
        storage._instance.cache_clear()
        yield found
    storage._instance.cache_clear()


@pytest.fixture
def remote(db: None, server: Front) -> Bucket:
    return Bucket.objects.create(name="remote", kind="oss", endpoint="oss.example.com", storage="elsewhere")


@pytest.fixture
def objects(s3: str) -> Objects:
    """What really is in the S3 bucket."""
    return Objects(s3)


class Objects:
    def __init__(self, endpoint: str) -> None:
        self.client = boto3.client("s3", endpoint_url=endpoint, **KEYS)

    def keys(self, prefix: str = "remote/") -> list[str]:
        found = self.client.list_objects_v2(Bucket="studio", Prefix=prefix).get("Contents", [])
        return sorted(each["Key"].removeprefix(prefix) for each in found)

    def uploads(self) -> list[str]:
        """Multipart uploads that were begun and neither finished nor aborted."""
        return [each["Key"] for each in self.client.list_multipart_uploads(Bucket="studio").get("Uploads", [])]

    def delete(self, key: str) -> None:
        self.client.delete_object(Bucket="studio", Key=f"remote/{key}")
