"""Deliveries to real receivers: signed, tried again, in order, and never into our own networks."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from editing import queue
from editing.models import Delivery, EventCallback
from editing.services import callbacks
from editing.worker import lease, notify, notify_sweep, outbound, outbox
from editing.worker.events import Event
from tests.receiving import KEY, Receiver, is_signed, receiver, standard
from tests.worker.live.working import database_of_this_test

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was sent to the queue; there is no broker here, and tests run deliveries themselves."""
    messages: list[str] = []
    monkeypatch.setattr(queue, "send", lambda name, *keys, queue: messages.extend(keys))
    monkeypatch.setattr(queue, "waiting", lambda name: 0)
    return messages


@pytest.fixture
def hook(settings: LazySettings) -> Iterator[Receiver]:
    """A receiver on this machine, in a network that the operator has allowed."""
    settings.CALLBACK_NETWORKS = [ip_network("127.0.0.1")]
    with receiver() as found:
        yield found


def told(user: User, *addresses: str, number: int = 1, kind: str = "Kind", subject: str = "job") -> list[Delivery]:
    """The deliveries of one event."""
    before = set(Delivery.objects.values_list("pk", flat=True))
    with transaction.atomic():
        outbox.emit(Event(kind, subject, user.pk, {"Number": number, "Word": "für"}), *addresses)
    return list(Delivery.objects.exclude(pk__in=before).order_by("pk"))


def run(delivery: Delivery) -> Delivery:
    notify.run(str(delivery.pk))
    delivery.refresh_from_db()
    return delivery


def later(delivery: Delivery) -> None:
    """Its next attempt is due."""
    Delivery.objects.filter(pk=delivery.pk).update(next_at=timezone.now())


def test_an_event_arrives_as_it_was_written_and_signed_twice(opal: User, hook: Receiver) -> None:
    callbacks.set_up(opal, by=opal, address="", signs=True, key=KEY)
    (delivery,) = told(opal, hook.url("/hook?a=1"))

    run(delivery)

    (received,) = hook.received
    assert (received.path, received.headers["content-type"]) == ("/hook?a=1", "application/json; charset=utf-8")
    assert received.body == delivery.body.encode()
    event = received.event
    assert datetime.fromisoformat(event.pop("EventTime")) - datetime.now(UTC) < timedelta(seconds=5)
    assert event == {"EventType": "Kind", "UserId": opal.pk, "MessageBody": {"Number": 1, "Word": "für"}}
    assert is_signed(received, hook.url("/hook?a=1"))
    assert not is_signed(received, hook.url("/hook"), KEY)
    assert not is_signed(received, hook.url("/hook?a=1"), "Other0ne")
    assert received.headers["webhook-id"] == delivery.message_id
    assert (delivery.state, delivery.status, delivery.error, delivery.attempts) == ("delivered", 200, "", 1)
    (attempt,) = delivery.tries.all()
    assert (attempt.status, attempt.answer, attempt.error) == (200, "answered 200", "")


def test_the_check_of_these_tests_knows_the_published_example() -> None:
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }

    assert standard(headers, b'{"test": 2432232314}', b"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    assert not standard(headers, b'{"test":2432232314}', b"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")


def test_without_a_key_nothing_is_signed(opal: User, hook: Receiver) -> None:
    (delivery,) = told(opal, hook.url())

    run(delivery)

    names = set(hook.received[0].headers)
    assert not names & {"x-ice-signature", "x-ice-timestamp", "webhook-signature"}
    assert {"webhook-id", "webhook-timestamp"} <= names


def test_what_fails_comes_again_with_the_same_name_and_body(opal: User, hook: Receiver) -> None:
    callbacks.set_up(opal, by=opal, address="", signs=True, key=KEY)
    (delivery,) = told(opal, hook.url())
    hook.answers[:] = [500, 503]

    run(delivery)
    assert (delivery.state, delivery.status, delivery.error) == ("waiting", 500, "It answered 500.")
    assert run(delivery).attempts == 1, "it is too early"
    for _ in range(2):
        later(delivery)
        run(delivery)

    assert (delivery.state, delivery.attempts, delivery.error) == ("delivered", 3, "")
    assert [each.status for each in delivery.tries.all()] == [500, 503, 200]
    assert len({(each.headers["webhook-id"], each.body) for each in hook.received}) == 1
    assert all(is_signed(each, hook.url()) for each in hook.received)


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [("600", 600), ("999999", 4 * 3600), ("1", 5), ("Fri, 21 Nov 2036 10:00:00 GMT", 5), ("-9", 5)],
)
def test_a_receiver_may_ask_for_a_longer_pause(opal: User, hook: Receiver, asked: str, seconds: int) -> None:
    def busy(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(429)
        handler.send_header("Retry-After", asked)
        handler.end_headers()

    (delivery,) = told(opal, hook.url())
    hook.answers[:] = [busy]
    begun = timezone.now()

    pause = (run(delivery).next_at - begun).total_seconds()

    assert seconds * 0.8 <= pause <= seconds * 1.2 + 60


def test_pauses_grow_to_hours_and_fill_a_day() -> None:
    for attempts, seconds in enumerate((5, 15, 45, 135, 405, 1215, 3645, 10935, 14400, 14400), start=1):
        found = {round(notify.pause_after(attempts), 6) for _ in range(50)}
        assert len(found) > 1
        assert all(seconds * 0.8 <= each <= seconds * 1.2 for each in found)
    assert 10 < sum(1 for _ in _attempts_of_a_day()) < 18


def _attempts_of_a_day() -> Iterator[float]:
    passed, attempts = 0.0, 0
    while passed < 86400:
        attempts += 1
        passed += notify.pause_after(attempts)
        yield passed


def test_after_a_day_it_is_given_up_and_a_receiver_that_is_gone_is_believed(opal: User, hook: Receiver) -> None:
    (old,) = told(opal, hook.url("/old"))
    (gone,) = told(opal, hook.url("/gone"))
    Delivery.objects.filter(pk=old.pk).update(attempts=12, give_up_at=timezone.now() + timedelta(hours=1))
    hook.answers[:] = [500, 410]

    assert (run(old).state, run(gone).state) == ("failed", "failed")
    assert old.ended_at is not None


def test_it_can_be_sent_again_by_hand_whatever_became_of_it(opal: User, hook: Receiver, sent: list[str]) -> None:
    (delivery,) = told(opal, hook.url())
    hook.answers[:] = [410, 200, 500]
    run(delivery)
    sent.clear()

    assert callbacks.redeliver(delivery).state == "waiting"
    assert run(delivery).state == "delivered"
    assert run(callbacks.redeliver(delivery)).state == "waiting"  # the receiver failed
    assert run(callbacks.redeliver(delivery)).state == "delivered"  # without waiting for the next attempt

    assert sent == [str(delivery.pk)] * 3
    assert len({each.headers["webhook-id"] for each in hook.received}) == 1
    assert [each.status for each in delivery.tries.all()] == [410, 200, 500, 200]


def test_what_is_being_sent_is_not_sent_again_by_hand(opal: User, hook: Receiver) -> None:
    (delivery,) = told(opal, hook.url())
    Delivery.objects.filter(pk=delivery.pk).update(lease_token="x", lease_until=timezone.now() + timedelta(seconds=9))

    with pytest.raises(callbacks.BeingSent):
        callbacks.redeliver(delivery)
    assert run(delivery).attempts == 0


def test_what_a_job_tells_an_address_arrives_in_order(opal: User, hook: Receiver, sent: list[str]) -> None:
    first, second, third = (told(opal, hook.url(), number=number)[0] for number in (1, 2, 3))
    (other,) = told(opal, hook.url(), number=4, subject="another job")
    hook.answers[:] = [200, 500]
    run(other)  # is held back by nobody
    run(second)
    run(first)  # and fails
    run(third)
    assert [each["MessageBody"]["Number"] for each in hook.events] == [4, 1]

    sent.clear()
    for delivery in (first, second, third):
        later(delivery)
        run(delivery)

    assert [each["MessageBody"]["Number"] for each in hook.events] == [4, 1, 1, 2, 3]
    assert sent == [str(second.pk), str(third.pk)], "the next one was sent at once"


def test_a_receiver_that_chokes_on_one_event_gets_the_next_after_an_hour(opal: User, hook: Receiver) -> None:
    first, second = (told(opal, hook.url(), number=number)[0] for number in (1, 2))
    hook.answers[:] = [500]
    run(first)
    Delivery.objects.filter(pk=first.pk).update(created_at=timezone.now() - timedelta(minutes=61))

    run(second)

    assert second.state == "delivered"


def test_an_event_is_told_to_everybody_who_asked_once_to_each_address(opal: User, ed: User) -> None:
    callbacks.set_up(None, by=opal, address="https://all.example/")
    callbacks.set_up(opal, by=opal, address="https://opal.example/", event_types=["Kind"])
    callbacks.set_up(ed, by=ed, address="https://ed.example/", event_types=["Other"])

    found = {each.address: each for each in told(opal, "https://job.example/", "https://opal.example/", "")}
    assert set(found) == {"https://all.example/", "https://job.example/", "https://opal.example/"}
    assert {each.body for each in found.values()} == {next(iter(found.values())).body}
    assert [each.owner for each in found.values()] == [None, opal, opal]
    assert [each.address for each in told(ed)] == ["https://all.example/"]
    assert [each.address for each in told(ed, kind="Other")] == ["https://all.example/", "https://ed.example/"]
    User.objects.filter(pk=ed.pk).update(is_active=False)
    assert [each.address for each in told(ed, kind="Other")] == ["https://all.example/"]


def test_what_is_rolled_back_is_not_told(opal: User, hook: Receiver) -> None:
    with transaction.atomic():
        outbox.emit(Event("Kind", "job", opal.pk, {}), hook.url())
        transaction.set_rollback(True)

    assert not Delivery.objects.exists()


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.9.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.2.1", "198.18.0.1", "224.0.0.1", "239.1.1.1",
        "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "fec0::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a00:1::1", "2001:0:4136:e378:8000:63bf:f5ff:fffe",
        "2001:db8::1",
    ],
)  # fmt: skip
def test_our_own_networks_are_out_of_reach(address: str) -> None:
    assert not outbound.is_reachable(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses_are_within_reach(address: str) -> None:
    assert outbound.is_reachable(ip_address(address))


def test_networks_that_the_operator_names_are_within_reach(settings: LazySettings) -> None:
    settings.CALLBACK_NETWORKS = [ip_network("10.0.0.0/8"), ip_network("::1")]

    assert all(outbound.is_reachable(ip_address(each)) for each in ("10.9.9.9", "::ffff:10.1.1.1", "::1"))
    assert not any(outbound.is_reachable(ip_address(each)) for each in ("127.0.0.1", "192.168.0.1", "::2"))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "[::ffff:127.0.0.1]"])
def test_no_spelling_of_this_machine_is_reached(opal: User, hook: Receiver, settings: LazySettings, host: str) -> None:
    settings.CALLBACK_NETWORKS = []
    (delivery,) = told(opal, f"http://{host}:{hook.port}/hook")

    run(delivery)

    assert hook.received == []
    assert (delivery.state, delivery.status) == ("waiting", None)
    assert "leads into a network that callbacks may not reach" in delivery.error


def test_redirects_lead_nowhere(opal: User, hook: Receiver) -> None:
    def redirect(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(307)
        handler.send_header("Location", hook.url("/inside"))
        handler.end_headers()

    (delivery,) = told(opal, hook.url())
    hook.answers[:] = [redirect]

    run(delivery)

    assert [each.path for each in hook.received] == ["/hook"]
    assert (delivery.state, delivery.error) == ("waiting", "It answered 307; redirects are not followed.")


def test_a_name_that_changes_its_mind_reaches_what_was_checked(
    opal: User, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: the first answer may be reached, every later one is our own machine."""
    settings.CALLBACK_NETWORKS = [ip_network("127.0.0.2")]
    answers = iter(["127.0.0.2", *["127.0.0.1"] * 9])
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **more: real(next(answers), *rest, **more))
    with receiver("127.0.0.2") as outside, receiver("127.0.0.1", outside.port) as inside:
        first, second = (told(opal, f"http://rebind.example:{outside.port}/", subject=each)[0] for each in "ab")
        run(first)
        run(second)

    assert (len(outside.received), inside.received) == (1, [])
    assert outside.received[0].headers["host"] == f"rebind.example:{outside.port}"
    assert (first.state, second.state) == ("delivered", "waiting")
    assert "may not reach" in second.error


def test_of_several_addresses_only_those_within_reach_are_tried(
    opal: User, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CALLBACK_NETWORKS = [ip_network("127.0.0.2"), ip_network("127.0.0.3")]
    real = socket.getaddrinfo
    several = ("127.0.0.1", "127.0.0.3", "127.0.0.2")  # the second has nobody who listens

    def found(_host: str, *rest: Any, **more: Any) -> list[Any]:
        return [each for address in several for each in real(address, *rest, **more)]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    with receiver("127.0.0.2") as outside, receiver("127.0.0.1", outside.port) as inside:
        (delivery,) = told(opal, f"http://several.example:{outside.port}/")
        assert run(delivery).state == "delivered"

    assert (len(outside.received), len(inside.received)) == (1, 0)


def test_a_name_that_nobody_knows_is_tried_again(opal: User) -> None:
    (delivery,) = told(opal, "https://nobody.invalid/hook")

    assert run(delivery).state == "waiting"
    assert delivery.error == "The name nobody.invalid cannot be resolved."


def test_nobody_who_listens_is_tried_again(opal: User, hook: Receiver) -> None:
    with receiver() as gone:
        (delivery,) = told(opal, gone.url())

    assert run(delivery).state == "waiting"
    assert "Connection refused" in delivery.error


def test_a_server_that_does_not_answer_is_spared_and_comes_back(opal: User, settings: LazySettings) -> None:
    settings.CALLBACK_NETWORKS = [ip_network("127.0.0.1")]
    with receiver() as hook:
        port = hook.port
    failed, spared = (told(opal, f"http://127.0.0.1:{port}/{each}", subject=each)[0] for each in "ab")
    (other,) = told(opal, f"http://127.0.0.1:{port + 1}/", subject="c")
    now = timezone.now()

    run(failed)
    assert run(spared).attempts == 0
    other.refresh_from_db()
    assert (failed.next_at > now, spared.next_at > now, other.next_at > now) == (True, True, False)
    assert spared.next_at < now + timedelta(seconds=90), "it is spared for a minute, whatever the pause of the other"

    with receiver(port=port) as hook:
        later(spared)
        run(spared)
        assert run(failed).state == "delivered", "the server is back"
    assert [each.path for each in hook.received] == ["/b", "/a"]


def _drip(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(600):
        handler.wfile.write(b".")
        time.sleep(0.1)


def _slow_head(handler: BaseHTTPRequestHandler) -> None:
    for _ in range(600):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n"[:1])
        time.sleep(0.1)


def _flood(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b"\0x" * 500_000)


def _foreign(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n" * 3)


@pytest.mark.parametrize("slow", [_drip, _slow_head])
def test_a_receiver_that_takes_its_time_is_left(
    opal: User, hook: Receiver, settings: LazySettings, slow: Callable[[BaseHTTPRequestHandler], None]
) -> None:
    settings.CALLBACK_SECONDS = 1
    (delivery,) = told(opal, hook.url())
    hook.answers[:] = [slow]

    assert run(delivery).error == "It did not answer in time."
    assert delivery.tries.get().seconds < 10


def test_of_a_long_answer_only_the_beginning_is_read(opal: User, hook: Receiver) -> None:
    (delivery,) = told(opal, hook.url())
    hook.answers[:] = [_flood]

    assert run(delivery).state == "delivered"
    assert delivery.tries.get().answer == "x" * 1024  # what no database keeps is left out


def test_what_is_no_http_has_not_received_it(opal: User, hook: Receiver) -> None:
    (delivery,) = told(opal, hook.url())
    hook.answers[:] = [_foreign]

    assert run(delivery).error == "It did not answer in HTTP (BadStatusLine)."


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """For localhost, by nobody that anybody trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "certificate.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


def test_certificates_are_checked(
    opal: User, settings: LazySettings, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CALLBACK_NETWORKS = [ip_network("127.0.0.1")]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with receiver(tls=context) as hook:
        untrusted = run(told(opal, f"https://localhost:{hook.port}/", subject="untrusted")[0])
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        trusted = run(told(opal, f"https://localhost:{hook.port}/", subject="trusted")[0])
        misnamed = run(told(opal, f"https://127.0.0.1:{hook.port}/", subject="misnamed")[0])

    assert (untrusted.state, untrusted.error) == ("waiting", "Its certificate is not good: self-signed certificate.")
    assert (trusted.state, len(hook.received)) == ("delivered", 1)
    assert "Its certificate is not good: IP address mismatch" in misnamed.error


def test_the_sweep_sends_what_is_due_or_lost_and_nothing_else(
    opal: User, hook: Receiver, sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    made = {each: told(opal, hook.url(), subject=each)[0] for each in ("new", "due", "lost", "died", "early", "busy")}
    changes: dict[str, dict[str, Any]] = {
        "due": {"sent_at": now - timedelta(seconds=9), "next_at": now - timedelta(seconds=1)},
        "lost": {"sent_at": now - timedelta(minutes=9), "next_at": now - timedelta(minutes=9)},
        "died": {"lease_token": "x", "lease_until": now - timedelta(seconds=1), "sent_at": now - timedelta(seconds=9),
                 "next_at": now - timedelta(seconds=9)},
        "early": {"next_at": now + timedelta(minutes=1)},
        "busy": {"lease_token": "x", "lease_until": now + timedelta(minutes=1)},
    }  # fmt: skip
    for name, change in changes.items():
        Delivery.objects.filter(pk=made[name].pk).update(**change)
    sent.clear()
    monkeypatch.setattr(queue, "waiting", lambda name: 1)  # the lost one may be in there

    notify_sweep.send_due()
    assert {each.subject for each in Delivery.objects.filter(pk__in=sent)} == {"due", "died"}

    sent.clear()
    monkeypatch.setattr(queue, "waiting", lambda name: 0)
    notify_sweep.send_due()
    assert {each.subject for each in Delivery.objects.filter(pk__in=sent)} == {"lost"}


def test_the_log_is_pruned(opal: User, settings: LazySettings) -> None:
    settings.CALLBACK_KEEP_DAYS = 30
    old, young, waiting = (told(opal, "https://a.example/", subject=each)[0] for each in ("old", "young", "waiting"))
    for each, days in ((old, 31), (young, 29)):
        each.tries.create(at=timezone.now(), seconds=1)
        Delivery.objects.filter(pk=each.pk).update(state="failed", ended_at=timezone.now() - timedelta(days=days))
    Delivery.objects.filter(pk=waiting.pk).update(created_at=timezone.now() - timedelta(days=99))

    notify_sweep.prune()

    assert set(Delivery.objects.all()) == {young, waiting}


def test_a_worker_that_ends_leaves_deliveries_to_others(opal: User, hook: Receiver) -> None:
    (delivery,) = told(opal, hook.url())
    lease.stopping.set()
    try:
        run(delivery)
    finally:
        lease.stopping.clear()

    assert (hook.received, delivery.sent_at, delivery.state) == ([], None, "waiting")


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_dies_before_it_notes_an_answer_has_told_it_and_another_tells_it_again(
    opal: User, hook: Receiver, settings: LazySettings, sent: list[str]
) -> None:
    (delivery,) = told(opal, hook.url())
    script = "import django; django.setup(); from editing.worker import notify; import sys; notify.run(sys.argv[1])"
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "dashboard.settings",
        "DATABASE_URL": database_of_this_test(),
        "CALLBACK_NETWORKS": "127.0.0.1",
        "CALLBACK_SECONDS": "60",
        "SECRET_KEY": settings.SECRET_KEY,
    }
    begun = threading.Event()
    workers: list[subprocess.Popen[bytes]] = []

    def kill_it(handler: BaseHTTPRequestHandler) -> None:
        begun.wait(60)
        workers[0].send_signal(signal.SIGKILL)
        workers[0].wait()

    hook.answers[:] = [kill_it]
    workers.append(subprocess.Popen([sys.executable, "-c", script, str(delivery.pk)], env=environment))
    begun.set()
    assert workers[0].wait(60) == -signal.SIGKILL

    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts, len(hook.received)) == ("waiting", 0, 1)
    assert run(delivery).state == "waiting", "its lease has not lapsed"
    Delivery.objects.update(lease_until=timezone.now() - timedelta(milliseconds=1))
    sent.clear()
    notify_sweep.send_due()
    assert sent == [str(delivery.pk)]
    assert run(delivery).state == "delivered"
    assert len({each.headers["webhook-id"] for each in hook.received}) == 1
    assert len(hook.received) == 2


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_it_once(opal: User, hook: Receiver) -> None:
    (delivery,) = told(opal, hook.url())

    def work() -> None:
        notify.run(str(delivery.pk))
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(hook.received) == 1


def test_settings_that_are_removed_stop_what_waits_for_them(opal: User, hook: Receiver) -> None:
    callbacks.set_up(opal, by=opal, address=hook.url("/global"))
    of_settings, of_job = sorted(told(opal, hook.url("/job")), key=lambda each: each.address)

    callbacks.remove(opal, by=opal)

    assert not EventCallback.objects.exists()
    assert (run(of_settings).state, of_settings.error) == ("failed", "The callback was removed.")
    assert run(of_job).state == "delivered"
    assert [each.path for each in hook.received] == ["/job"]
