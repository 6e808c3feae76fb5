"""A store that only answers fast: Ecwid's lists of products and orders, served from bytes made beforehand.

The simulator would spend more of the two cores on making its answers than we on reading them.
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


def product(number: int, *, differs_every: int) -> bytes:
    """Return one product as Ecwid's list has it; every so many show two units more than is accounted for."""
    extra = 2 if number % differs_every == 0 else 0
    return json.dumps(
        {
            "id": 1_000_000 + number,
            "sku": f"BENCH-{number}",
            "quantity": 100 + extra,
            "unlimited": False,
            "price": 19.9,
            "name": f"Shirt number {number} in organic cotton",
            "enabled": True,
            "url": f"https://store.example.com/products/shirt-{number}",
            "isSampleProduct": False,
            "attributes": [],
            "combinations": [],
        }
    ).encode()


class Answers(BaseHTTPRequestHandler):
    """GET of products and orders, and nothing else."""

    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16
    products: list[bytes] = []

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        items: list[bytes] = self.products if address.path.endswith("/products") else []
        query = parse_qs(address.query)
        offset, limit = int(query.get("offset", ["0"])[0]), int(query.get("limit", ["100"])[0])
        page = items[offset : offset + limit]
        head = f'{{"total":{len(items)},"count":{len(page)},"offset":{offset},"limit":{limit},"items":['
        body = head.encode() + b",".join(page) + b"]}"
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def main(listings: int, differs_every: int) -> None:
    Answers.products = [product(n, differs_every=differs_every) for n in range(1, listings + 1)]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
