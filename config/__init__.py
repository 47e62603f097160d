"""The top: settings, urls, Celery, and the commands that need to see everything."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
