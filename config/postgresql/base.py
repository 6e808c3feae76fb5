"""Django's backend for PostgreSQL, without compiling queries."""

from __future__ import annotations

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    def init_connection_state(self) -> None:
        super().init_connection_state()
        # To compile a query takes PostgreSQL a few hundred milliseconds, each time, for pages that are due in fewer.
        # Said here and not with the connection's options, which poolers refuse.
        with self.connection.cursor() as cursor:
            cursor.execute("SET jit = off")
