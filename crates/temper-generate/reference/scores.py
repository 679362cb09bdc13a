"""Writes scores.json beside it: what sacrebleu, rouge-score and SQuAD's rules say of some pairs.

    python -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python scores.py

sacrebleu's are shares of 100. Several answers are references together in sacrebleu; of rouge-score
and SQuAD the best counts. Of SQuAD it is the rules of `evaluate-v2.0.py`, written down anew.
"""

import collections
import json
import re
import string
from pathlib import Path

from rouge_score.rouge_scorer import RougeScorer
from sacrebleu.metrics import BLEU, CHRF

PAIRS = [
    ("The cat sat on the mat.", ["The cat sat on the mat."]),
    ("The cat sat on the mat.", ["A cat was sitting on the mat."]),
    ("the the the the the the the", ["The cat is on the mat.", "There is a cat on the mat."]),
    ("", ["Paris"]),
    ("Paris", ["Paris"]),
    ("Paris", ["paris, France"]),
    ("It is Paris", ["Paris", "The city of Paris", "It is Paris, of course"]),
    ("completely different words", ["nothing shared here"]),
    ("It costs $1,234.56, i.e. 3.5% more-or-less", ["It cost $1,234.56: 3.5 % more or less"]),
    ("In 2020-21 sales rose by 5,000.", ["In 2020-2021, sales rose 5,000 (net)."]),
    ("&quot;Tom &amp; Jerry&quot; is 3 &lt; 4", ["\"Tom & Jerry\" is 3 < 4"]),
    ("Der Fluß fließt über die Brücke", ["Der Fluss fließt unter der Brücke"]),
    ("naïve café déjà vu", ["naive cafe deja vu", "naïve cafe"]),
    ("東京は日本の首都です", ["東京が日本の首都である"]),
    ("Москва — столица России", ["Столица России — Москва", "Москва"]),
    ("emoji 😀 and 👩‍👩‍👧 here", ["emoji 😀 and 👩‍👩‍👧 there"]),
    ("ΟΔΥΣΣΕΥΣ went home", ["οδυσσευς went home"]),
    ("two\nlines of-\nhyphenated text", ["two lines of hyphenated text"]),
    ("  spaces\t and   tabs\u00a0here ", ["spaces and tabs here"]),
    ("a", ["a"]),
    ("a", ["b", "ab"]),
    ("ab", ["abcdefgh"]),
    ("The answer, it seems, is that dogs (not cats) bark!", ["Dogs bark; cats don't."]),
    ("one two three four five six seven", ["one three two four six five seven", "one two three"]),
    (
        "A rather long output that goes on and on and on, far past what anybody asked for.",
        ["A short one.", "A long output that goes on."],
    ),
    ("don't <skipped> [stop] {now} ~tilde~ a/b a@b.c", ["don't [stop] {now} tilde a/b"]),
    ("!!!", ["???", "!"]),
    ("x y z w", ["x y z w v", "x y z"]),
]


def normalize_answer(s):
    def remove_articles(text):
        regex = re.compile(r"\b(a|an|the)\b", re.UNICODE)
        return re.sub(regex, " ", text)

    def white_space_fix(text):
        return " ".join(text.split())

    def remove_punc(text):
        exclude = set(string.punctuation)
        return "".join(ch for ch in text if ch not in exclude)

    def lower(text):
        return text.lower()

    return white_space_fix(remove_articles(remove_punc(lower(s))))


def get_tokens(s):
    return normalize_answer(s).split() if s else []


def compute_exact(a_gold, a_pred):
    return float(normalize_answer(a_gold) == normalize_answer(a_pred))


def compute_f1(a_gold, a_pred):
    gold_toks = get_tokens(a_gold)
    pred_toks = get_tokens(a_pred)
    common = collections.Counter(gold_toks) & collections.Counter(pred_toks)
    num_same = sum(common.values())
    if len(gold_toks) == 0 or len(pred_toks) == 0:
        # If either is no-answer, then F1 is 1 if they agree, 0 otherwise
        return float(gold_toks == pred_toks)
    if num_same == 0:
        return 0.0
    precision = 1.0 * num_same / len(pred_toks)
    recall = 1.0 * num_same / len(gold_toks)
    return (2 * precision * recall) / (precision + recall)


def scores(output, answers):
    rouge = RougeScorer(["rougeL"], use_stemmer=False)
    bleu = BLEU(tokenize="13a", smooth_method="exp", effective_order=True)
    return {
        "normalized_match": max(compute_exact(answer, output) for answer in answers),
        "token_f1": max(compute_f1(answer, output) for answer in answers),
        "rouge_l": max(float(rouge.score(answer, output)["rougeL"].fmeasure) for answer in answers),
        "chrf": CHRF().sentence_score(output, answers).score / 100,
        "bleu": bleu.sentence_score(output, answers).score / 100,
    }


cases = [
    {"output": output, "answers": answers, "scores": scores(output, answers)}
    for output, answers in PAIRS
]
path = Path(__file__).with_suffix(".json")
path.write_text(json.dumps(cases, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
