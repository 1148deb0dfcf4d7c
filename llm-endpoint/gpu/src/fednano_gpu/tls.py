"""A server's TLS, from PEM files."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

import grpc

from fednano_gpu.usage import UsageError


@dataclass(frozen=True)
class Tls:
    """Certificate chain and unencrypted key; ``client_ca`` must have signed a client's certificate, None: any client."""

    certificate: Path
    key: Path
    client_ca: Path | None = None

    def check(self) -> None:
        """Raises UsageError if a file is missing or none, or the key is another certificate's."""
        files = {"certificate chain": self.certificate, "private key": self.key, "client authority": self.client_ca}
        for what, file in files.items():
            if file is not None and not file.is_file():
                raise UsageError(f"TLS {what} expected at {file.absolute()}: found no file. Give a PEM file.")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            # A password asked for at the terminal would hang a service.
            context.load_cert_chain(self.certificate, self.key, password=lambda: "")
            if self.client_ca is not None:
                context.load_verify_locations(self.client_ca)
        except (ssl.SSLError, OSError, ValueError):
            raise UsageError(
                f"TLS cannot be set up with certificate {self.certificate}, key {self.key}"
                + (f", client authority {self.client_ca}" if self.client_ca else "")
                + ": expected PEM files with a certificate chain and its unencrypted PKCS #8 key."
            ) from None

    def credentials(self) -> grpc.ServerCredentials:
        """As gRPC wants it. Raises UsageError."""
        self.check()
        return grpc.ssl_server_credentials(
            [(self.key.read_bytes(), self.certificate.read_bytes())],
            self.client_ca.read_bytes() if self.client_ca else None,
            require_client_auth=self.client_ca is not None,
        )
