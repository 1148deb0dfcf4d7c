"""The public Open Inference Protocol's messages, and tensors in and out of them.

The classes come from a descriptor that is compiled from the protocol's own file when the package is built: unlike generated
code it fits every version of protobuf's runtime.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError, Message

from fednano_gpu.metadata import Metadata
from fednano_gpu.reading import Refusal, Tensor

SERVICE = "inference.GRPCInferenceService"
DESCRIPTOR = "open_inference_grpc.binpb"

# Names, types and shapes of six tensors take some 300 bytes.
_MAX_TENSORS = 64


def _classes() -> dict[str, type[Message]]:
    source = resources.files(__package__).joinpath(DESCRIPTOR)
    if not source.is_file():
        raise ImportError(
            f"{DESCRIPTOR} is missing beside {__name__}: run llm-endpoint/gpu/build_protocol.py, or install the package"
        )
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(source.read_bytes()).file:
        pool.Add(file)
    service = pool.FindServiceByName(SERVICE)
    found = {}
    for method in service.methods:
        for message in (method.input_type, method.output_type):
            found[message.name] = message_factory.GetMessageClass(message)
    return found


MESSAGES: dict[str, Any] = _classes()


def parse(kind: str, data: bytes) -> Any:
    """A message of that kind. Raises Refusal BAD_REQUEST."""
    try:
        return MESSAGES[kind].FromString(data)
    except DecodeError:
        raise Refusal("BAD_REQUEST", "The message cannot be parsed") from None


def request(message: Any) -> tuple[list[Tensor], list[str]]:
    """Tensors and wanted outputs of a ModelInferRequest. Raises Refusal BAD_REQUEST."""
    count = len(message.inputs)
    if count > _MAX_TENSORS:
        raise Refusal("BAD_REQUEST", f"A request's tensors: expected at most {_MAX_TENSORS}, got {count}")
    if len(message.raw_input_contents) != count:
        raise Refusal(
            "BAD_REQUEST",
            f"Each input tensor must have its bytes in raw_input_contents: expected {count}, "
            f"got {len(message.raw_input_contents)}",
        )
    tensors = [
        Tensor(tensor.name, tensor.datatype, tuple(tensor.shape), raw)
        for tensor, raw in zip(message.inputs, message.raw_input_contents, strict=True)
    ]
    return tensors, [output.name for output in message.outputs]


def response(model: str, tensors: Sequence[Tensor]) -> bytes:
    """A ModelInferResponse."""
    message = MESSAGES["ModelInferResponse"](model_name=model)
    for tensor in tensors:
        message.outputs.add(name=tensor.name, datatype=tensor.datatype, shape=tensor.shape)
        message.raw_output_contents.append(tensor.data)
    return bytes(message.SerializeToString())


def model_metadata(metadata: Metadata, contract: str) -> bytes:
    """A ModelMetadataResponse."""
    message = MESSAGES["ModelMetadataResponse"](name=metadata.name, versions=["1"], platform="fednano")
    message.properties["contract"] = contract
    for side, tensors in ((message.inputs, metadata.inputs), (message.outputs, metadata.outputs)):
        for tensor in tensors:
            side.add(name=tensor.name, datatype=tensor.datatype, shape=tensor.shape)
    return bytes(message.SerializeToString())
