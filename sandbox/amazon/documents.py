"""Documents that are sent and fetched through addresses of their own, which die after a few minutes.

https://developer-docs.amazon.com/sp-api/docs/feeds-api-v2021-06-30-use-case-guide
"""

from __future__ import annotations

import gzip
import secrets
import threading
from dataclasses import dataclass
from urllib.parse import urlencode

from sandbox.amazon.options import Options
from sandbox.server import Request, Response, Route

PATH = "/_documents"


@dataclass(slots=True, kw_only=True)
class Document:
    """``body`` is None until it has been uploaded."""

    id: str
    content_type: str
    body: bytes | None = None
    is_compressed: bool = False


class Documents:
    """Documents by id, and the signed addresses to them. Safe to use from any thread."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._documents: dict[str, Document] = {}

    def clear(self) -> None:
        with self._lock:
            self._documents.clear()

    def find(self, document_id: str) -> Document | None:
        with self._lock:
            return self._documents.get(document_id)

    def expect(self, content_type: str) -> Document:
        """Return a new document that the caller may upload."""
        return self._keep(Document(id=_new_id(), content_type=content_type))

    def offer(self, body: bytes, content_type: str) -> Document:
        """Return a new document with this content, gzipped if the account's documents are."""
        packed = gzip.compress(body) if self._options.compresses else body
        return self._keep(
            Document(id=_new_id(), content_type=content_type, body=packed, is_compressed=self._options.compresses)
        )

    def _keep(self, document: Document) -> Document:
        with self._lock:
            self._documents[document.id] = document
        return document

    def address(self, document: Document, root: str) -> str:
        """Return an address that works for a few minutes."""
        ends = int(self._options.clock() + self._options.document_seconds)
        query = urlencode({"X-Amz-Expires": ends, "X-Amz-Signature": secrets.token_hex(16)})
        return f"{root}{PATH}/{document.id}?{query}"

    def routes(self) -> list[Route]:
        return [Route("PUT", f"{PATH}/{{id}}", self._upload), Route("GET", f"{PATH}/{{id}}", self._download)]

    def _upload(self, request: Request, variables: dict[str, str]) -> Response:
        document = self.find(variables["id"])
        refusal = self._refusal(request, document)
        if refusal or document is None:
            return _refused(refusal or "NoSuchKey")
        if request.headers.get("content-type", "") != document.content_type:
            return _refused("SignatureDoesNotMatch")
        document.body = request.body
        return Response(200, b"", "application/xml")

    def _download(self, request: Request, variables: dict[str, str]) -> Response:
        document = self.find(variables["id"])
        refusal = self._refusal(request, document)
        if refusal or document is None or document.body is None:
            return _refused(refusal or "NoSuchKey")
        return Response(200, document.body, document.content_type)

    def _refusal(self, request: Request, document: Document | None) -> str:
        ends = request.query.get("X-Amz-Expires", "")
        if document is None:
            return "NoSuchKey"
        if not ends.isdigit() or int(ends) < self._options.clock():
            return "AccessDenied"
        # The address carries its own signature: a token beside it is one signature too many.
        return "InvalidArgument" if "x-amz-access-token" in request.headers else ""


def _refused(code: str) -> Response:
    status = {"NoSuchKey": 404, "InvalidArgument": 400}.get(code, 403)
    return Response(status, f"<Error><Code>{code}</Code></Error>".encode(), "application/xml")


def _new_id() -> str:
    parts = "-".join(secrets.token_hex(length) for length in (4, 2, 2, 2, 6))
    return f"amzn1.tortuga.4.eu.{parts}.T{secrets.token_hex(6).upper()}"
