"""Writes events.json beside it: the bytes of a file of events as TensorBoard's own code writes them.

    python -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python events.py

With the path of a folder it shows instead what TensorBoard reads of the logs in it.
"""

import io
import json
import sys
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.compat.proto.types_pb2 import DT_STRING
from tensorboard.summary.writer.record_writer import RecordWriter

SECONDS = 1700000000.25


def events():
    yield Event(wall_time=SECONDS, step=5, file_version="brain.Event:2")
    yield Event(wall_time=SECONDS, step=6, session_log=SessionLog(status=SessionLog.START))
    metadata = SummaryMetadata(
        plugin_data=SummaryMetadata.PluginData(plugin_name="text"),
        data_class="DATA_CLASS_TENSOR",
    )
    tensor = TensorProto(
        dtype=DT_STRING,
        tensor_shape=TensorShapeProto(dim=[TensorShapeProto.Dim(size=1)]),
        string_val=["    one\n    zw\u00f6lf".encode()],
    )
    values = [
        Summary.Value(tag="train/loss", simple_value=2.5),
        Summary.Value(tag="eval/loss", simple_value=1e-3),
        Summary.Value(tag="eval/sample", tensor=tensor, metadata=metadata),
    ]
    yield Event(wall_time=SECONDS, step=300, summary=Summary(value=values))


def write():
    file = io.BytesIO()
    writer = RecordWriter(file)
    for event in events():
        writer.write(event.SerializeToString(deterministic=True))
    content = {"seconds": SECONDS, "bytes": file.getvalue().hex()}
    Path(__file__).with_suffix(".json").write_text(json.dumps(content, indent=1) + "\n")


def show(folder):
    log = EventAccumulator(folder)
    log.Reload()
    for tag in log.Tags()["scalars"]:
        print(tag, [(event.step, event.value) for event in log.Scalars(tag)])
    for tag in log.Tags()["tensors"]:
        for event in log.Tensors(tag):
            print(tag, event.step, event.tensor_proto.string_val[0].decode())


if __name__ == "__main__":
    show(sys.argv[1]) if len(sys.argv) > 1 else write()
