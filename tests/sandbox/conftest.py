"""A running simulated Ecwid store, a client that knows nothing of it, and a receiver of its webhooks."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests

from sandbox.ecwid import EcwidSimulator
from sandbox.server import wait_until


class Api(requests.Session):
    """Calls one store's REST API; paths begin after the store id."""

    def __init__(self, shop: EcwidSimulator) -> None:
        super().__init__()
        self.root = f"{shop.base_url}/{shop.store_id}"
        self.headers["Authorization"] = f"Bearer {shop.token}"

    def request(self, method: str, url: str, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        kwargs.setdefault("timeout", 5)
        return super().request(method, self.root + url if url.startswith("/") else url, **kwargs)


@dataclass
class Receiver:
    """Keeps what arrives. ``answers`` are used up one by one; then 200."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    arrived: list[dict[str, Any]] = field(default_factory=list)

    def types(self) -> list[str]:
        return [each["body"]["eventType"] for each in self.arrived]

    def wait_for(self, count: int, seconds: float = 5.0) -> None:
        assert wait_until(lambda: len(self.arrived) >= count, seconds), self.types()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.arrived.append(
                {"path": self.path, "headers": dict(self.headers.items()), "raw": body, "body": json.loads(body)}
            )
            status = receiver.answers.pop(0) if receiver.answers else 200
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield receiver
    server.shutdown()
    server.server_close()


@pytest.fixture
def shop() -> Iterator[EcwidSimulator]:
    with EcwidSimulator(store_id=1003, name="North", time_scale=0.00001) as simulator:
        yield simulator


@pytest.fixture
def api(shop: EcwidSimulator) -> Iterator[Api]:
    with Api(shop) as session:
        yield session


@pytest.fixture
def tee(shop: EcwidSimulator) -> tuple[int, int, int]:
    """A product with two variations that have SKUs: (product id, id of TEE-S, id of TEE-M)."""
    product = shop.add_product(
        sku="TEE",
        name="Tee",
        quantity=67,
        price=20.0,
        variations=[
            {"sku": "TEE-S", "options": {"Size": "S"}, "quantity": 3},
            {"sku": "TEE-M", "options": {"Size": "M"}, "quantity": 0},
        ],
    )
    return product.id, product.variations[0].id, product.variations[1].id
