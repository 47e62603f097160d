"""The top: settings, addresses, the staged demo."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"
