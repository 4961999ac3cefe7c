"""The site: Django, Celery and the two commands that start everything."""

from dashboard.celery import app as celery_app

__all__ = ["celery_app"]
