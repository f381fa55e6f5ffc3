"""The web server: waitress, which hands whole files to its sending loop and needs no thread while they go out."""

import argparse
import logging

from waitress import serve

from dashboard.wsgi import application

THREADS = 16
LONGEST_HEAD = 1 << 18
"""Bytes of request line and headers: IMS clients send whole timelines in the query."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a busy moment is no news
    serve(
        application,
        listen=" ".join(_listen(options.host, options.port)),
        threads=THREADS,
        max_request_header_size=LONGEST_HEAD,
        ident="",
        clear_untrusted_proxy_headers=False,
        channel_timeout=60,
    )


def _listen(host: str, port: int) -> list[str]:
    """Everywhere is everywhere, though a socket of the newer family serves that alone here."""
    hosts = ["[::]", "0.0.0.0"] if host == "::" else [f"[{host}]" if ":" in host else host]  # noqa: S104 - as asked for
    return [f"{each}:{port}" for each in hosts]


if __name__ == "__main__":
    main()
