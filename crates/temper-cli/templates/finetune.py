"""Fine-tunes a causal language model by LoRA, with PyTorch, transformers and peft.

Data are lines of JSON with "prompt" and "completion"; the loss is of the completion alone. The
program prints its loss on the validation data as lines of JSON, keeps its adapter, optimizer and
place in its output folder, and goes on from there when it is restarted.

    pip install torch transformers peft
"""

import argparse
import glob
import json
import math
import os
import random
import shutil
import signal

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

IGNORED = -100  # the label of tokens that don't count


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="model", help="a folder, or a name on the hub")
    parser.add_argument("--train", default="train.jsonl")
    parser.add_argument("--validation", default="validation.jsonl")
    parser.add_argument("--output_dir", required=True)
    parser.add_argument("--learning_rate", type=float, default=2e-4)
    parser.add_argument("--batch_size", type=int, default=16)
    parser.add_argument("--micro_batch_size", type=int, default=4)
    parser.add_argument("--num_epochs", type=int, default=3)
    parser.add_argument("--warmup_ratio", type=float, default=0.03)
    parser.add_argument("--weight_decay", type=float, default=0.0)
    parser.add_argument("--lora_rank", type=int, default=16)
    parser.add_argument("--lora_alpha", type=int, default=32)
    parser.add_argument("--lora_dropout", type=float, default=0.05)
    parser.add_argument("--max_seq_length", type=int, default=512)
    parser.add_argument("--eval_steps", type=int, default=50)
    return parser.parse_args()


def examples(path, tokenizer, length):
    """Token ids and labels of each line; the prompt's labels are ignored."""
    found = []
    with open(path, encoding="utf-8") as file:
        for line in filter(str.strip, file):
            item = json.loads(line)
            prompt = tokenizer(item["prompt"])["input_ids"]
            completion = tokenizer(item["completion"], add_special_tokens=False)["input_ids"]
            ids = (prompt + completion + [tokenizer.eos_token_id])[:length]
            labels = ([IGNORED] * len(prompt) + ids[len(prompt) :])[:length]
            if any(label != IGNORED for label in labels):
                found.append((ids, labels))
    return found


def loss_sum(model, batch, device):
    """The summed loss of a batch in nats, and the number of tokens that count."""
    width = max(len(ids) for ids, _ in batch)
    pad = lambda rows, filler: torch.tensor([r + [filler] * (width - len(r)) for r in rows])
    ids = pad([ids for ids, _ in batch], 0).to(device)  # [batch, seq]
    labels = pad([labels for _, labels in batch], IGNORED).to(device)  # [batch, seq]
    mask = pad([[1] * len(ids) for ids, _ in batch], 0).to(device)  # [batch, seq]
    logits = model(input_ids=ids, attention_mask=mask).logits  # [batch, seq, vocabulary]
    losses = torch.nn.functional.cross_entropy(
        logits[:, :-1].flatten(0, 1).float(), labels[:, 1:].flatten(),
        ignore_index=IGNORED, reduction="sum",
    )
    return losses, (labels[:, 1:] != IGNORED).sum().item()


@torch.no_grad()
def evaluate(model, data, size, device):
    model.eval()
    sums = [loss_sum(model, data[i : i + size], device) for i in range(0, len(data), size)]
    model.train()
    return sum(loss.item() for loss, _ in sums) / max(1, sum(count for _, count in sums))


def latest(folder):
    """The folder of the last checkpoint that is whole."""
    whole = [os.path.dirname(path) for path in glob.glob(os.path.join(folder, "step-*", "state.pt"))]
    return max(whole, key=lambda path: int(path.rsplit("-", 1)[1]), default=None)


def main():
    args = arguments()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    seed = int(os.environ.get("TEMPER_SEED", 0))
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    base = AutoModelForCausalLM.from_pretrained(args.model).to(device)
    train = examples(args.train, tokenizer, args.max_seq_length)
    validation = examples(args.validation, tokenizer, args.max_seq_length)

    checkpoint, state = latest(args.output_dir), None
    if os.environ.get("TEMPER_RESUME") and checkpoint:
        model = PeftModel.from_pretrained(base, checkpoint, is_trainable=True)
        state = torch.load(os.path.join(checkpoint, "state.pt"), weights_only=True)
    else:
        lora = LoraConfig(
            r=args.lora_rank, lora_alpha=args.lora_alpha, lora_dropout=args.lora_dropout,
            target_modules="all-linear", task_type="CAUSAL_LM",
        )
        model = get_peft_model(base, lora)

    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(
        parameters, lr=args.learning_rate, weight_decay=args.weight_decay
    )
    steps_in_epoch = math.ceil(len(train) / args.batch_size)
    total = steps_in_epoch * args.num_epochs
    warmup = max(1, round(args.warmup_ratio * total))
    start = 0
    if state:
        optimizer.load_state_dict(state["optimizer"])
        start = state["step"]

    stopping = []
    signal.signal(signal.SIGTERM, lambda *_: stopping.append(True))

    def save(step):
        before, folder = latest(args.output_dir), os.path.join(args.output_dir, f"step-{step}")
        model.save_pretrained(folder)
        state = {"optimizer": optimizer.state_dict(), "step": step}
        torch.save(state, os.path.join(folder, "state.new"))
        # With this file the checkpoint is whole.
        os.replace(os.path.join(folder, "state.new"), os.path.join(folder, "state.pt"))
        if before and before != folder:
            shutil.rmtree(before)

    def report(step):
        loss = evaluate(model, validation, args.micro_batch_size, device)
        print(json.dumps({"step": step, "eval_loss": loss}), flush=True)

    model.train()
    if start > 0:
        report(start)  # again: whoever was to read it may have been killed before
    for step in range(start, total):
        order = list(range(len(train)))
        random.Random(seed * 1000 + step // steps_in_epoch).shuffle(order)
        at = step % steps_in_epoch * args.batch_size
        batch = [train[i] for i in order[at : at + args.batch_size]]
        counted = sum(label != IGNORED for _, labels in batch for label in labels[1:])
        for i in range(0, len(batch), args.micro_batch_size):
            loss, _ = loss_sum(model, batch[i : i + args.micro_batch_size], device)
            (loss / counted).backward()  # weighed by tokens: the same as the whole batch at once
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        done = max(0, step - warmup) / max(1, total - warmup)
        rate = args.learning_rate * min((step + 1) / warmup, 0.5 * (1 + math.cos(math.pi * done)))
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
        optimizer.zero_grad()
        if stopping or (step + 1) % args.eval_steps == 0 or step + 1 == total:
            save(step + 1)
            if stopping:
                raise SystemExit(143)
            report(step + 1)


main()
