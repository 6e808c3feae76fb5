"""Webhooks taken per second through gunicorn, beside an empty view and one that inserts a row."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from bench.clients import Act, Load, Result, measure
from bench.environment import ROOT
from bench.stores import installation
from sandbox.ecwid import EcwidSimulator
from tests.processes.installation import Installation, free_port, wait_until

CLIENTS = 8
SECONDS = 3.0
ROUNDS = 3
TARGET = 0.8  # of a bare view that inserts one row
SECRET = "sandbox_client_secret"


def run() -> None:
    with installation() as own, EcwidSimulator(store_id=1001, client_secret=SECRET) as store:
        own.python('from inventory.models import Warehouse; Warehouse.objects.create(code="MAIN", name="Main")')
        channel_id = own.connect(store, "North", "MAIN")
        store.set_webhook("")
        [[channel_uuid]] = own.query("SELECT uuid FROM channels_channel")
        with (
            gunicorn(own, "bench.settings") as product,
            gunicorn(own, "bench.bare_settings") as bare,
        ):
            contestants = {
                "webhook": (product, f"/webhooks/ecwid/{channel_uuid}/"),
                "empty view": (product, "/bench/empty/"),
                "inserting view": (product, f"/bench/insert/{channel_id}/"),
                "empty view, bare": (bare, "/bench/empty/"),
                "inserting view, bare": (bare, f"/bench/insert/{channel_id}/"),
            }
            tasks_before = _tasks(own)
            results: dict[str, list[Result]] = {name: [] for name in contestants}
            for _ in range(ROUNDS):  # taking turns, so that a busy moment of the machine meets all of them
                for name, (port, path) in contestants.items():
                    results[name].append(_measure(port, path))
            tasks = _tasks(own) - tasks_before
    rates = {name: sum(r.per_second for r in several) / ROUNDS for name, several in results.items()}
    taken = sum(r.done for r in results["webhook"])
    print(f"Requests per second, {CLIENTS} connections, {ROUNDS} × {SECONDS:g} s; gunicorn gthread 2 × 4, PostgreSQL")
    print("(bare: without middleware; the product's own answers the webhook before all others)")
    for name, rate in rates.items():
        print(f"{name:>22} {rate:>8,.0f}   webhook / this {rates['webhook'] / rate:>5.2f}")
    print(f"Tasks queued for {taken:,} webhooks: {tasks}")
    ratio = rates["webhook"] / rates["inserting view, bare"]
    print(f"Target, {TARGET:g} of a bare view that inserts one row: {'met' if ratio >= TARGET else 'missed'}")


def _tasks(own: Installation) -> int:
    """Count the tasks that wait in the database's queue; with Redis as the queue there are none to count."""
    with psycopg.connect(own.database_url) as connection:
        row = connection.execute("SELECT count(*) FROM django_q_ormq").fetchone()
    return int(row[0]) if row else 0


@contextmanager
def gunicorn(own: Installation, settings: str) -> Iterator[int]:
    port = free_port()
    command = [
        *(sys.executable, "-m", "gunicorn", "--config", "python:config.gunicorn"),
        *("--bind", f"127.0.0.1:{port}", "--log-level", "error"),
    ]
    server = subprocess.Popen(command, cwd=ROOT, env={**own.env, "DJANGO_SETTINGS_MODULE": settings})
    try:
        wait_until(lambda: _listens(port), seconds=60, what="gunicorn listens")
        yield port
    finally:
        server.terminate()
        server.wait(timeout=30)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _measure(port: int, path: str) -> Result:
    def prepare(number: int) -> Act:
        connection = socket.create_connection(("127.0.0.1", port), timeout=30)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def act() -> None:
            connection.sendall(_request(path))
            answer = _read(connection)
            while b"\r\n\r\n" not in answer:
                answer += _read(connection)
            head, _, body = answer.partition(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split()[0])
            while len(body) < length:
                body += _read(connection)
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(f"{path} answered {head.decode(errors='replace').splitlines()[0]}")

        return act

    return measure(prepare, Load(workers=CLIENTS, shape="spread", seconds=SECONDS))


def _read(connection: socket.socket) -> bytes:
    part = connection.recv(65536)
    if not part:
        raise ConnectionError("gunicorn closed the connection")
    return part


def _request(path: str) -> bytes:
    """Return one signed webhook that was never sent before."""
    event_id, created = str(uuid.uuid4()), int(time.time())
    signature = hmac.new(SECRET.encode(), f"{created}.{event_id}".encode(), hashlib.sha256).digest()
    body = json.dumps(
        {
            "eventId": event_id,
            "eventCreated": created,
            "storeId": 1001,
            "entityId": 12345,
            "eventType": "order.created",
            "data": {"orderId": "XJ12H", "newPaymentStatus": "PAID", "newFulfillmentStatus": "AWAITING_PROCESSING"},
        }
    ).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json; charset=UTF-8\r\n"
        f"X-Ecwid-Webhook-Signature: {base64.b64encode(signature).decode()}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
