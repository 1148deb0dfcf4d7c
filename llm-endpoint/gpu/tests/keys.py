"""An authority with two certificates signed by it, as PEM files, made with openssl."""

from __future__ import annotations

import subprocess
from pathlib import Path

import grpc

NEW = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1"


class Keys:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.authority, self.authority_key = folder / "ca.pem", folder / "ca.key"
        self.server, self.server_key = folder / "server.pem", folder / "server.key"
        self.client, self.client_key = folder / "client.pem", folder / "client.key"
        self._openssl(f"req -x509 {NEW} -nodes -days 2 -subj /CN=ca -keyout ca.key -out ca.pem")
        for who in ("server", "client"):
            self._openssl(f"req {NEW} -nodes -subj /CN={who} -keyout {who}.key -out {who}.csr")
            (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
            self._openssl(
                f"x509 -req -in {who}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out {who}.pem"
            )

    def credentials(self, client: bool = False) -> grpc.ChannelCredentials:
        pair = (self.client_key.read_bytes(), self.client.read_bytes()) if client else (None, None)
        return grpc.ssl_channel_credentials(self.authority.read_bytes(), *pair)

    def _openssl(self, command: str) -> None:
        subprocess.run(["openssl", *command.split()], cwd=self._folder, check=True, capture_output=True)
