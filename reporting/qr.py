"""The code on each document that leads to the page verifying the file."""

import segno
from django.conf import settings
from django.urls import reverse


def verify_url(number):
    """The public address that verifies a document with this issue number."""
    return settings.SITE_URL + reverse("report_verify", args=[number])


def qr_data_uri(text):
    """A QR code as an image for a PDF."""
    return segno.make(text, error="m").svg_data_uri(scale=3)
