"""The configuration of our own RTMP server; that it works is for tests/e2e/test_on_air.py."""

import stat
from pathlib import Path
from typing import Any

import pytest

from dashboard import rtmp_server
from dashboard.rtmp_server import Nginx

NGINX = Nginx(Path("/usr/sbin/nginx"), Path("/modules/ngx_rtmp_module.so"))


def prepared(folder: Path, **options: Any) -> str:
    given = {
        "listen": ("::", 1936),
        "applications": ["live", "studio-2"],
        "players": ["127.0.0.1", "10.0.0.7/24"],
        "web": "http://127.0.0.1:8000/",
        "secret": "s3cret",
        **options,
    }
    command = rtmp_server.prepare(NGINX, folder, **given)
    assert command == ["/usr/sbin/nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"]
    return (folder / "nginx.conf").read_text()


def test_it_asks_us_about_publishers_and_lets_only_some_pull(tmp_path: Path) -> None:
    text = prepared(tmp_path / 'a "home"')

    assert "listen [::]:1936;" in text
    assert text.count("on_publish http://127.0.0.1:8000/rtmp/begin/?secret=s3cret;") == 2
    assert text.count("allow play 10.0.0.0/24;\n            deny play all;") == 2
    assert 'home\\"/nginx.pid";' in text


@pytest.mark.parametrize(
    ("host", "listens"), [("::1", ["[::1]", "127.0.0.1"]), ("127.0.0.1", ["127.0.0.1"]), ("192.0.2.7", ["192.0.2.7"])]
)
def test_it_is_there_under_the_name_by_which_this_machine_reaches_it(
    tmp_path: Path, host: str, listens: list[str]
) -> None:
    """`localhost` is 127.0.0.1 alone on many machines."""
    text = prepared(tmp_path, listen=(host, 1936))

    assert text.count("listen ") == len(listens)
    assert all(f"listen {each}:1936;" in text for each in listens)


def test_nobody_else_reads_its_secret(tmp_path: Path) -> None:
    (tmp_path / "nginx.conf").write_text("older, and readable for everybody")

    prepared(tmp_path)

    assert stat.S_IMODE((tmp_path / "nginx.conf").stat().st_mode) == 0o600


@pytest.mark.parametrize("options", [{"applications": ["a b"]}, {"applications": ["x; }"]}, {"players": ["some host"]}])
def test_what_would_break_it_is_refused(tmp_path: Path, options: Any) -> None:
    with pytest.raises(ValueError, match=r"cannot be an application|does not appear to be"):
        prepared(tmp_path, **options)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "rtmp://localhost:1935"),
        ("::1", "rtmp://localhost:1935"),
        ("0.0.0.0", "rtmp://localhost:1935"),
        ("192.0.2.7", "rtmp://192.0.2.7:1935"),
        ("2001:db8::1", "rtmp://[2001:db8::1]:1935"),
    ],
)
def test_streams_are_pulled_where_the_server_listens(host: str, address: str) -> None:
    assert rtmp_server.address(host, 1935) == address
