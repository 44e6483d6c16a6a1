"""One description of the connection's security, told to each client in its own words."""

import ssl
from typing import Any

import faust
from faust.types.auth import CredentialsT

from monitor.exits import ConfigurationError
from monitor.settings import KafkaSettings


def aiokafka_security(kafka: KafkaSettings) -> dict[str, Any]:
    """Return the keyword arguments that an aiokafka client needs; raises ConfigurationError."""
    arguments: dict[str, Any] = {
        "security_protocol": kafka.protocol,
        "ssl_context": _ssl_context(kafka),
    }
    if kafka.protocol.startswith("SASL"):
        arguments |= {
            "sasl_mechanism": kafka.sasl_mechanism,
            "sasl_plain_username": kafka.username,
            "sasl_plain_password": _password(kafka),
        }
    return arguments


def faust_credentials(kafka: KafkaSettings) -> CredentialsT | None:
    """Return what Faust calls broker credentials; raises ConfigurationError."""
    context = _ssl_context(kafka)
    if kafka.protocol.startswith("SASL"):
        return faust.SASLCredentials(
            username=kafka.username,
            password=_password(kafka),
            mechanism=kafka.sasl_mechanism,
            ssl_context=context,
        )
    return faust.SSLCredentials(context=context) if context is not None else None


def librdkafka_security(kafka: KafkaSettings) -> dict[str, str | int | float | bool]:
    """Return the settings that a confluent-kafka client needs."""
    settings: dict[str, str | int | float | bool] = {
        "bootstrap.servers": kafka.bootstrap_servers,
        "security.protocol": kafka.protocol,
    }
    if kafka.ca_file is not None:
        settings["ssl.ca.location"] = str(kafka.ca_file)
    if kafka.protocol.startswith("SASL"):
        settings |= {
            "sasl.mechanism": kafka.sasl_mechanism,
            "sasl.username": kafka.username or "",
            "sasl.password": _password(kafka),
        }
    return settings


def _password(kafka: KafkaSettings) -> str:
    return kafka.secret.get_secret_value() if kafka.secret is not None else ""


def _ssl_context(kafka: KafkaSettings) -> ssl.SSLContext | None:
    if not kafka.protocol.endswith("SSL"):
        return None
    try:
        return ssl.create_default_context(cafile=kafka.ca_file)
    except (OSError, ssl.SSLError) as error:
        message = "CTDNA_MONITOR_KAFKA__CA_FILE cannot be read as certificates"
        raise ConfigurationError(message) from error
