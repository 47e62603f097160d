"""Cases on one stage run one after the other, so that it is built once."""

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    places = [number for number, item in enumerate(items) if "world" in getattr(getattr(item, "callspec", None), "params", {}) and item.path.parent.name == "lives"]
    for number, item in zip(places, sorted((items[number] for number in places), key=lambda item: item.callspec.params["world"]), strict=True):
        items[number] = item
