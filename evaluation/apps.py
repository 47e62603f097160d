"""The app evaluation: its lives and what it announces to earlier pages."""

from django.apps import AppConfig


class EvaluationConfig(AppConfig):
    name = "evaluation"

    def ready(self):
        from evaluation import announce, recounting  # noqa: F401
