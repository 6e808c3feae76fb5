"""How gunicorn serves: ``gunicorn --config python:config.gunicorn``. https://docs.gunicorn.org/en/stable/settings.html

The product is loaded once, before the server's processes are forked: they start at once and share what is loaded.
"""

from __future__ import annotations

import gc
import os

wsgi_app = "config.wsgi"
bind = os.environ.get("BIND", "127.0.0.1:8000")
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "gthread"
threads = 4
keepalive = 75  # longer than the minute for which proxies keep theirs open
timeout = 60
control_socket_disable = True
preload_app = True


def when_ready(server: object) -> None:
    """Load the pages too, and leave nothing that must not be shared: called once, before the first fork."""
    from django.db import connections
    from django.urls import resolve

    resolve("/")
    connections.close_all()
    gc.collect()
    gc.freeze()  # the collector must not touch, and so unshare, what stays as it is
