"""Our flat top-level names are ours: a rival distribution that owns `extract` would win over an editable install."""

from importlib.metadata import distribution, packages_distributions

import pytest


@pytest.mark.parametrize("name", ["spiders", "extract", "normalize", "warehouse", "flows", "samples"])
def test_no_other_distribution_owns_our_names(name: str) -> None:
    assert packages_distributions().get(name, ["chiso"]) == ["chiso"]


def test_the_project_never_goes_to_a_public_index() -> None:
    assert "Private :: Do Not Upload" in distribution("chiso").metadata.get_all("Classifier")


def test_what_prefect_needs_is_pinned() -> None:
    required = distribution("chiso").requires or []
    assert "fastapi==0.150.0" in required
    assert any(r.startswith("sqlalchemy[asyncio]==2.0.58") for r in required)
