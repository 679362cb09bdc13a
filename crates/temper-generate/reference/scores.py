"""Writes scores.json beside it: what sacrebleu, rouge-score and SQuAD's rules say of some pairs.

    python -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python scores.py

sacrebleu's are shares of 100. Several answers are references together in sacrebleu; of rouge-score
and SQuAD the best counts. SQuAD's rules are written down anew, and were compared on these pairs with
the official `evaluate-v2.0.py`, as copies of it have it: `squad/evaluate-v2.0.py` of the repository
chenchenpan/bert-squad-pretrain at ac511da, and `evaluate-v2.0.py` of qwang70/bert at b3797fb, whose
`normalize_answer`, `compute_exact` and `compute_f1` are the same. `squad/evaluate-v1.1.py` of
allenai/bi-att-flow at a315bc8 differs where a side has no words: its F1 is 0 there.
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
    ("the—end of “a” story", ["—end of “” story", "end of story"]),
    ("l’an 2000 and A-B", ["l’ 2000 and ab", "lan 2000 and b"]),
    ("The theory: an anthem, a The", ["theory anthem", "the"]),
    ("a an the", ["", "nothing"]),
]


def squad_words(text):
    """The words that count in SQuAD."""
    bare = text.lower().translate(str.maketrans("", "", string.punctuation))
    return re.sub(r"\b(a|an|the)\b", " ", bare).split()


def squad_f1(answer, output):
    answer, output = squad_words(answer), squad_words(output)
    if not answer or not output:
        return float(answer == output)
    shared = (collections.Counter(answer) & collections.Counter(output)).total()
    return 2 * shared / (len(answer) + len(output))


def scores(output, answers):
    rouge = RougeScorer(["rougeL"], use_stemmer=False)
    bleu = BLEU(tokenize="13a", smooth_method="exp", effective_order=True)
    return {
        "normalized_match": max(float(squad_words(answer) == squad_words(output)) for answer in answers),
        "token_f1": max(squad_f1(answer, output) for answer in answers),
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
