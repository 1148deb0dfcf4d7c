"""Compiles the public Open Inference Protocol into the package, as a descriptor: part of every build.

By hand, for work in the source tree: python build_protocol.py
"""

from pathlib import Path

from grpc_tools import protoc

HERE = Path(__file__).resolve().parent
PROTOCOL = HERE.parent / "oip" / "src" / "main" / "proto" / "open_inference_grpc.proto"
TARGET = HERE / "src" / "fednano_gpu" / "open_inference_grpc.binpb"


def compile_protocol() -> None:
    status = protoc.main(["protoc", f"-I{PROTOCOL.parent}", f"--descriptor_set_out={TARGET}", PROTOCOL.name])
    if status != 0:
        raise SystemExit(f"{PROTOCOL} cannot be compiled: protoc ended with status {status}")


try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # by hand, without the build's tools
    pass
else:

    class ProtocolHook(BuildHookInterface):
        """What hatchling calls before it collects the package's files."""

        def initialize(self, version, build_data):
            compile_protocol()


if __name__ == "__main__":
    compile_protocol()
