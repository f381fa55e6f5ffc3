"""The floors of the house hold."""

from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports


def test_every_import_points_down() -> None:
    assert lint_imports(config_filename="pyproject.toml", no_cache=True) == EXIT_STATUS_SUCCESS
