"""TLS by the files that settings name. A file that cannot be used is Fatal, with its setting as the reason.

Whoever writes the settings learns it from `ingestd check`, before a connection asks for it.
"""

from __future__ import annotations

import ssl

from ingestd.config import InletSettings, OpenSearchSettings
from ingestd.errors import Fatal

__all__ = ["inlet_tls", "sink_tls"]


def sink_tls(settings: OpenSearchSettings) -> ssl.SSLContext | None:
    """What a cluster is trusted by, and what we show to it; None if all of its URLs are plain HTTP."""
    if not any(url.startswith("https:") for url in settings.urls):
        return None
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
    except OSError as error:
        raise _unusable("ca_file", settings.ca_file or "", "no certificates in PEM", error) from error
    if settings.client_cert_file:
        _show(context, "client_cert_file", settings.client_cert_file, settings.client_key_file)
    if settings.dangerously_skip_certificate_check:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def inlet_tls(settings: InletSettings) -> ssl.SSLContext | None:
    """What the inlet shows to its callers; None if it takes plain HTTP."""
    if settings.cert_file is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    _show(context, "cert_file", settings.cert_file, settings.key_file)
    return context


def _show(context: ssl.SSLContext, setting: str, cert_file: str, key_file: str | None) -> None:
    """Show this certificate to the other side."""
    try:
        context.load_cert_chain(cert_file, key_file)
    except OSError as error:
        raise _unusable(setting, cert_file, "no certificate in PEM with its key, or the key is another's", error) from error


def _unusable(setting: str, path: str, otherwise: str, error: OSError) -> Fatal:
    why = otherwise if isinstance(error, ssl.SSLError) else str(error.strerror).lower()
    return Fatal("a certificate cannot be used", reason=setting, path=path, why=why)
