"""The database holds what the models promise, whatever the migrations did to get there."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import connection, models

MODELS = list(apps.get_app_config("remediation").get_models())


def missing(model: type[models.Model]) -> set[str]:
    """Names of the model's constraints and indexes that its table does not have."""
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, model._meta.db_table)
    return {one.name for one in (*model._meta.constraints, *model._meta.indexes)} - found.keys()


@pytest.mark.django_db
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_constraint_and_index_is_there(model: type[models.Model]) -> None:
    """Django drops a partial unique constraint, unasked, with the index of the one column that both are of."""
    assert missing(model) == set()


@pytest.mark.django_db
def test_one_that_is_gone_would_be_missed() -> None:
    model = apps.get_model("remediation", "CollectionPass")
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX pass_one_running")
    assert missing(model) == {"pass_one_running"}
