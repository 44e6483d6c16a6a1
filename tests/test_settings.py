"""Settings are what the environment says, and a misspelt one is told without its value."""

from pathlib import Path

import pytest

from monitor import settings
from monitor.exits import ConfigurationError


def test_without_variables_there_is_a_local_broker_and_sqlite() -> None:
    loaded = settings.load()
    assert loaded.kafka.bootstrap_servers == "localhost:9092"
    assert loaded.database.sqlalchemy_url.startswith("sqlite+aiosqlite:///")
    assert loaded.http.host == "127.0.0.1"


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("postgresql://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
        ("sqlite:////x/y.db", "sqlite+aiosqlite:////x/y.db"),
        ("postgresql+asyncpg://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
    ],
)
def test_plain_addresses_choose_the_driver(
    monkeypatch: pytest.MonkeyPatch, given: str, url: str
) -> None:
    monkeypatch.setenv("CTDNA_MONITOR_DATABASE__URL", given)
    assert settings.load().database.sqlalchemy_url == url


def test_topics_carry_the_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTDNA_MONITOR_KAFKA__TOPIC_PREFIX", "test.")
    kafka = settings.load().kafka
    assert kafka.inputs["test.ctdna.results"] == "ctdna.results"
    assert kafka.notices == "test.monitor.notices"
    assert len(kafka.topics) == 7
    assert "test.imaging.reads.dlq" in kafka.topics


def test_secrets_come_from_files_and_are_not_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "password").write_text("hush\n")
    (tmp_path / "url").write_text("postgresql://u:hush@h/d\n")
    monkeypatch.setenv("CTDNA_MONITOR_KAFKA__PROTOCOL", "SASL_SSL")
    monkeypatch.setenv("CTDNA_MONITOR_KAFKA__USERNAME", "app")
    monkeypatch.setenv("CTDNA_MONITOR_KAFKA__PASSWORD_FILE", str(tmp_path / "password"))
    monkeypatch.setenv("CTDNA_MONITOR_DATABASE__URL_FILE", str(tmp_path / "url"))
    loaded = settings.load()
    assert loaded.kafka.secret is not None
    assert loaded.kafka.secret.get_secret_value() == "hush"
    assert loaded.database.sqlalchemy_url == "postgresql+asyncpg://u:hush@h/d"
    assert "hush" not in repr(loaded)


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"CTDNA_MONITOR_KAFAK__GROUP": "s3cret"}, "unknown variable: CTDNA_MONITOR_KAFAK__GROUP"),
        ({"CTDNA_MONITOR_KAFKA__GRUOP": "s3cret"}, "CTDNA_MONITOR_KAFKA__GRUOP: unknown variable"),
        ({"CTDNA_MONITOR_HTTP__PORT": "s3cret"}, "CTDNA_MONITOR_HTTP__PORT: "),
        ({"CTDNA_MONITOR_HTTP__PORT": "70000"}, "CTDNA_MONITOR_HTTP__PORT: "),
        ({"CTDNA_MONITOR_DATABASE__URL": "mysql://s3cret@h/d"}, "must begin with one of"),
        ({"CTDNA_MONITOR_KAFKA__PROTOCOL": "SASL_SSL"}, "needs a username"),
        ({"CTDNA_MONITOR_KAFKA__MIN_INSYNC": "4"}, "above replication_factor"),
        ({"CTDNA_MONITOR_KAFKA__GAPS_ALLOWED": "s3cret"}, "not one of ctdna.results"),
        ({"CTDNA_MONITOR_DATABASE__URL_FILE": "/s3cret"}, "cannot be read"),
    ],
)
def test_a_wrong_setting_is_named_and_its_value_is_not(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], told: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=told) as raised:
        settings.load()
    assert "s3cret" not in str(raised.value)


def test_gaps_are_allowed_by_plain_topic_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTDNA_MONITOR_KAFKA__GAPS_ALLOWED", "ctdna.results, imaging.reads")
    assert settings.load().kafka.gaps_allowed == {"ctdna.results", "imaging.reads"}
