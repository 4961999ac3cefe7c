"""Many rows at once: what bulk_create does, without a model instance and a parameter for each value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django.db import connections, models, router

# The sequence is looked up once: asked beside nextval it would be looked up for every id.
_NEXT = """
SELECT nextval(ids.sequence) FROM (SELECT pg_get_serial_sequence(%s, 'id')::regclass AS sequence OFFSET 0) AS ids
CROSS JOIN generate_series(1, %s)"""


def copy_in(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """COPY rows into a model's table; ``columns`` are the database's names. Constraints hold as for any insert."""
    names = ", ".join(f'"{column}"' for column in columns)
    with (
        _connection(model).cursor() as cursor,
        cursor.copy(f'COPY "{model._meta.db_table}" ({names}) FROM STDIN') as copy,
    ):
        for row in rows:
            copy.write_row(row)


def set_columns(model: type[models.Model], columns: Mapping[str, str], rows: Sequence[Sequence[object]]) -> None:
    """UPDATE many rows by id: each is its id and a value for every column. One statement.

    ``columns``: the database's names, each with its type there ("bigint", "text").
    """
    if not rows:
        return
    names = ", ".join(f'"{column}" = given."{column}"' for column in columns)
    given = ", ".join(f'"{column}"' for column in ("id", *columns))
    arrays = ", ".join(f"%s::{kind}[]" for kind in ("bigint", *columns.values()))
    # Names and types are our own models'; the values are parameters.
    statement = f'UPDATE "{model._meta.db_table}" AS row SET {names} FROM unnest({arrays}) AS given({given})'  # noqa: S608
    with _connection(model).cursor() as cursor:
        cursor.execute(f"{statement} WHERE row.id = given.id", [list(column) for column in zip(*rows, strict=True)])


def new_ids(model: type[models.Model], count: int) -> list[int]:
    """``count`` ids of the model's sequence, ascending, which no other row will get."""
    table = model._meta.db_table
    with _connection(model).cursor() as cursor:
        cursor.execute(_NEXT, [table, count])
        return [number for (number,) in cursor.fetchall()]


def _connection(model: type[models.Model]):  # type: ignore[no-untyped-def]
    return connections[router.db_for_write(model)]
