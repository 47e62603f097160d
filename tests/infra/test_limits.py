"""Requests past the limit get a 413 page that says the limit."""

import pytest

pytestmark = pytest.mark.django_db


def test_an_upload_past_the_limit_is_answered_before_it_is_read(client, settings):
    settings.MAX_REQUEST_BYTES = 2 * 1024 * 1024
    answer = client.post("/", data=b"x" * 100, content_type="multipart/form-data; boundary=b", CONTENT_LENGTH=3 * 1024 * 1024)
    assert answer.status_code == 413
    assert "2 MB" in answer.content.decode()


def test_a_form_without_files_has_its_own_smaller_limit(client, settings):
    answer = client.post("/", data=b"x", content_type="application/x-www-form-urlencoded", CONTENT_LENGTH=settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
    assert answer.status_code == 413


def test_nonsense_as_length_is_no_error(client):
    assert client.get("/healthz", CONTENT_LENGTH="abc").status_code == 200
