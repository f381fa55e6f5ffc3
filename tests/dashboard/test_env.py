import stat
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from dashboard import env


@pytest.mark.parametrize(
    ("value", "meaning"), [("1", True), ("yes", True), ("FALSE", False), ("off", False), ("", False)]
)
def test_a_flag_is_read(monkeypatch: pytest.MonkeyPatch, value: str, meaning: bool) -> None:
    monkeypatch.setenv("SWITCH", value)

    assert env.flag("SWITCH") is meaning


def test_a_flag_that_is_neither_true_nor_false_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWITCH", "perhaps")

    with pytest.raises(ImproperlyConfigured, match="SWITCH is “perhaps”"):
        env.flag("SWITCH")


@pytest.mark.parametrize("value", ["-1", "many", "1.5"])
def test_a_number_that_cannot_be_right_stops_the_start(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("COUNT", value)

    with pytest.raises(ImproperlyConfigured, match="COUNT is"):
        env.integer("COUNT", 5)


def test_the_secret_is_made_once_and_only_its_owner_can_read_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SECRET_KEY", raising=False)

    first, second = env.secret_key(tmp_path), env.secret_key(tmp_path)

    assert first == second
    assert len(first) > 50
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_a_secret_in_the_environment_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "from outside")

    assert env.secret_key(tmp_path) == "from outside"
    assert list(tmp_path.iterdir()) == []


def test_networks_are_read_or_named_as_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETWORKS", "10.0.0.0/8, ::1")
    assert [str(each) for each in env.networks("NETWORKS")] == ["10.0.0.0/8", "::1/128"]

    for wrong in ("10.0.0.1/8", "localhost"):
        monkeypatch.setenv("NETWORKS", wrong)
        with pytest.raises(ImproperlyConfigured, match="NETWORKS: "):
            env.networks("NETWORKS")
