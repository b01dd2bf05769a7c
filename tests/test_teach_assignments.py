"""The assignments: their form, what students can see, and what six kinds of submissions get from the command line."""

import ast
import copy
import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest

from tools.execute import ROOT
from tools.teach import grading
from tools.teach.course import AssignmentError, known
from tools.teach.sources import notebook, parts

NAMES = list(known())
ONE = "data_and_tokens"  # of which more is tested
every = pytest.mark.parametrize("name", NAMES)
SECONDS = 25  # for a cell; imports on a slow and busy machine take most of it
ENDLESS = "while True:\n    pass\n"
STUBBORN = "import time\nwhile True:\n    try:\n        time.sleep(1)\n    except BaseException:\n        pass\n"

# What the usual mistakes look like, and the tests that each still passes.
WRONG = {
    "data_and_tokens": (
        {
            "premium": """
def premium(tokens, reference):
    return sum(t / r for t, r in zip(tokens, reference)) / len(tokens)  # a mean of ratios
""",
            "wilson": """
def wilson(count, total, z=1.96):
    p = count / total
    half = z * math.sqrt(p * (1 - p) / total)  # Wald's interval
    return p - half, p + half
""",
            "join": """
def best_pair(ids):
    return Counter(zip(ids, ids[1:])).most_common(1)[0][0]  # the first of those that tie

def join(ids, pair, new):
    for i in range(len(ids)):
        if tuple(ids[i : i + 2]) == pair:
            ids[i : i + 2] = [new]  # changes what it was given
    return ids
""",
            "share": """
def true_share(seen, found, mistaken):
    return (seen - mistaken) / (found - mistaken)
""",
            "keep": """
def keep(text):
    return len(text.split()) >= 20 and sum(c.isascii() and c.isalpha() for c in text) > 0.6 * len(text)
""",
        },
        {"join-overlap": 1, "share-middle": 1},
    ),
    "architectures_and_size": (
        {
            "parameters": """
def parameters(shape):  # no groups, no tying
    d = shape.d_model
    return shape.vocab_size * d * 2 + shape.n_layers * (4 * d * d + 3 * d * shape.d_ff + 2 * d) + d
""",
            "cache": """
def cache_bytes(shape, context, batch=1, bits=16):
    return shape.n_layers * shape.n_kv_heads * shape.head_dim * context * batch * bits / 8  # keys or values
""",
            "views": """
def one_by_one(a, b, c, x):
    h, y = 0, []
    for value in x:
        h = a * h + b * value
        y.append(c * h)
    return np.array(y)

def at_once(a, b, c, x):
    return np.convolve(x, c * b * a ** np.arange(len(x)))  # too long
""",
            "attention": """
def attention(q, k, v, window=None):
    weights = np.tril(np.exp(q @ k.T / math.sqrt(q.shape[-1])))  # no window, and it overflows
    return weights / weights.sum(axis=-1, keepdims=True) @ v
""",
            "design": "def design(budget, context, batch):\n    return Shape(32_000, 512, 8, 8, 2, 1024, tied=True)\n",
        },
        {"parameters-by-hand": 1, "cache-groups": 1, "recurrent-view": 2, "attention-causal": 1},
    ),
    "post_training": (
        {
            "sft": """
def sft_loss(logits, ids, mask):  # not shifted
    return -logits[:, 1:].log_softmax(-1).gather(-1, ids[:, 1:, None])[..., 0][mask].mean()
""",
            "dpo": """
def dpo_loss(chosen, rejected, ref_chosen, ref_rejected, beta):  # no reference, and it overflows
    return -torch.log(torch.sigmoid(beta * (chosen - rejected))).mean()
""",
            "kl": """
def kl(policy, reference):  # the other way round
    return (reference.softmax(-1) * (reference.log_softmax(-1) - policy.log_softmax(-1))).sum(-1)
""",
            "advantages": """
def advantages(rewards):
    return (rewards - rewards.mean(1, keepdim=True)) / rewards.std(1, keepdim=True)
""",
            "stop": "def stop(seen):\n    return int(seen.proxy.argmax())\n",
        },
        {"sft-uniform": 1, "advantages-groups": 1},
    ),
    "sampling_and_synthesis": (
        {
            "probabilities": """
def probabilities(logits, temperature=1.0):
    return np.exp(logits / temperature) / np.exp(logits / temperature).sum()  # overflows
""",
            "filters": """
def min_p(probs, p):
    return np.flatnonzero(probs >= p).tolist()

def top_p(probs, p):
    order = np.argsort(-probs)
    return sorted(order[np.cumsum(probs[order]) <= p].tolist())  # without the token that reaches p
""",
            "vote": """
def vote(answers):
    answer, count = Counter(answers).most_common(1)[0]
    return answer, count / len(answers)
""",
            "respond": "def respond(answers):\n    return Counter(answers).most_common(1)[0][0]\n",
            "choose": """
def choose(models, need):  # no premium
    tokens = need.prompt + need.answer
    fit = [m for m in models if m.quality >= need.quality and tokens <= m.context
           and m.weight_bytes + need.users * tokens * m.cache_bytes_per_token <= need.memory_bytes]
    best = min(fit, key=lambda m: need.prompt * m.prompt_price + need.answer * m.answer_price, default=None)
    return best and best.name
""",
        },
        {"temperature-plain": 1, "respond-seen": 1},
    ),
}
# Two tasks answered well, and the open one by something that works half.
HALF = {
    "data_and_tokens": (
        ("premium", "wilson"),
        "keep",
        """
def keep(text):
    lines = text.splitlines()
    letters = sum(unicodedata.category(c)[0] in "LM" for c in text)
    is_varied = len(set(lines)) > 0.7 * len(lines)
    return letters >= 0.6 * len(text) and is_varied and len(text) >= max(170, 25 * len(lines))
""",
        2 + 3 + 1 + 2.5,
    ),
    "architectures_and_size": (
        ("parameters", "cache"),
        "design",
        """
def design(budget, context, batch):
    for n in range(120, 1, -2):
        for wide in (4, 2):
            shape = Shape(32_000, 64 * n, n, n, 2, wide * 64 * n, tied=True)
            if needed(shape, context, batch) <= budget:
                return shape
""",
        3 + 2 + 1 + 2.1,
    ),
    "post_training": (
        ("sft", "dpo"),
        "stop",
        "def stop(seen):\n    return int(seen.judged[seen.human.argmax()])\n",
        3 + 4 + 1 + 2.2,
    ),
    "sampling_and_synthesis": (
        ("probabilities", "filters"),
        "respond",
        """
def respond(answers):
    answer, count = Counter(answers).most_common(1)[0]
    return answer if count > len(answers) / 2 - 1 else None
""",
        2 + 3 + 1 + 1.7,
    ),
}
# What is put in place of good answers; the tasks lose their points, and nothing else does.
CRASHING = {
    "data_and_tokens": {"premium": "1 / 0", "keep": "import os\n\ndef keep(text):\n    os._exit(3)\n"},
    "architectures_and_size": {"parameters": "def parameters(shape):\n    return parameters(shape)\n"},
    "post_training": {"sft": "def sft_loss(:\n"},
    "sampling_and_synthesis": {"vote": "import sys\n\ndef vote(answers):\n    sys.exit()\n"},
}
HANGING = {
    "data_and_tokens": {"premium": STUBBORN},
    "architectures_and_size": {"cache": f"def cache_bytes(*a, **k):\n    {ENDLESS.strip()}\n"},
    "post_training": {"kl": ENDLESS},
    "sampling_and_synthesis": {"probabilities": "import time\ntime.sleep(10**6)\n"},
}
WORTH = {
    "data_and_tokens": {"premium": 2, "keep": 5},
    "architectures_and_size": {"parameters": 3, "cache": 2},
    "post_training": {"sft": 3, "kl": 3},
    "sampling_and_synthesis": {"vote": 3, "probabilities": 2},
}


def call(course, *words):
    """The command line, as a lecturer types it."""
    command = [sys.executable, "-m", "tools.teach.assignments", "--course", str(course), *map(str, words)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def solutions(name):
    """The instructor's answers by cell."""
    return {part.name: part.text for part in parts(known()[name]) if part.kind == "answer"}


def hand_in(course, name, student, changed):
    """Write a submission: the released notebook with some cells changed."""
    made = nbformat.read(course / "release" / name / f"{name}.ipynb", as_version=4)
    for cell in made.cells:
        cell.source = changed.get(cell.id, cell.source)
    place = course / "submitted" / student / name / f"{name}.ipynb"
    place.parent.mkdir(parents=True)
    nbformat.write(made, place)
    return place


def graded(course, name):
    """Points by student and cell, as they stand in the gradebook."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        return {
            submission.student_id: {grade.name: grade.score for grade in submission.notebooks[0].grades}
            for submission in book.assignment_submissions(name)
        }


def teach(name, course):
    """Release an assignment, hand in six submissions, and of one assignment some that nobody should, and mark them."""
    released = call(course, "release", name)
    assert released.returncode == 0, released.stderr
    good = solutions(name)
    tasks, open_task, code, _ = HALF[name]
    essay = next(part.name for part in parts(known()[name]) if part.kind == "essay")
    hand_in(course, name, "good", good | {essay: "An answer of my own."})
    hand_in(course, name, "partial", {task: good[task] for task in tasks} | {open_task: code})
    hand_in(course, name, "wrong", WRONG[name][0])
    hand_in(course, name, "crashing", good | CRASHING[name])
    hand_in(course, name, "endless", good | HANGING[name])
    hand_in(course, name, "empty", {})
    if name == ONE:
        place = hand_in(
            course, name, "tampering", {part.name: "pass" for part in parts(known()[name]) if part.kind == "test"}
        )
        made = nbformat.read(place, as_version=4)
        made.cells = [cell for cell in made.cells if cell.id != "report"]
        nbformat.write(made, place)
        hand_in(course, name, "broken", {}).write_text('{"cells": [')
        hand_in(course, name, "missing", {}).unlink()
    return course, call(course, "autograde", name, "--seconds", SECONDS)


@pytest.fixture(scope="module")
def courses(tmp_path_factory):
    """For each assignment a course, and what `autograde` said of it; three at a time."""
    pytest.importorskip("nbgrader")
    folders = {name: tmp_path_factory.mktemp(f"{name} of a course") for name in NAMES}
    with ThreadPoolExecutor(3) as pool:
        return dict(zip(NAMES, pool.map(teach, NAMES, folders.values()), strict=True))


@every
def test_an_assignment_has_its_points_and_a_rubric(name):
    cells = parts(known()[name])
    assert sum(cell.points for cell in cells) == 20
    (essay,) = [cell for cell in cells if cell.kind == "essay"]
    assert essay.points == 4 == len(re.findall(r"\(1\s+point\)", essay.text)) and "**Not enough.**" in essay.text
    tasks = [cell for cell in cells if re.match(r"## \d", cell.text)]
    assert 4 <= len(tasks) <= 6 and "One point each for" in tasks[-1].text
    worth = [int(re.search(r"\((\d+) points?[,)]", task.text)[1]) for task in tasks]
    places = [*(cells.index(task) for task in tasks), len(cells)]
    assert worth == [sum(cell.points for cell in cells[a:b]) for a, b in zip(places, places[1:], strict=False)]


@every
def test_visible_tests_say_what_is_wrong(name):
    for part in parts(known()[name]):
        if part.kind == "test":
            seen = part.text.partition("# BEGIN HIDDEN")[0]
            found = [node for node in ast.walk(ast.parse(seen)) if isinstance(node, ast.Assert)]
            assert all(node.msg is not None for node in found), part.name


@every
def test_solutions_pass_all_tests_as_a_plain_program(name):
    done = subprocess.run([sys.executable, known()[name]], capture_output=True)
    assert done.returncode == 0, done.stderr.decode()


@every
@pytest.mark.long
def test_students_see_neither_solutions_nor_hidden_tests(courses, name):
    course, _ = courses[name]
    file = course / "release" / name / f"{name}.ipynb"
    released = nbformat.read(file, as_version=4)
    cells = {cell.id: cell.source for cell in released.cells}
    hidden, open_to_all = set(), set()
    for part in parts(known()[name]):
        if part.kind == "essay":
            assert cells[part.name] == "*Write your answer here.*"
            hidden |= set(part.text.splitlines())
            continue
        inside = False
        for line in part.text.splitlines():
            inside = (inside or "# BEGIN " in line) and "# END " not in line
            (hidden if inside else open_to_all).add(line.strip())
    shown = {line.strip() for source in cells.values() for line in source.splitlines()}
    assert not (hidden - open_to_all - {""}) & shown
    text = file.read_text()
    assert "BEGIN" not in text and "HIDDEN" not in text and "Model answer" not in text
    assert sum("NotImplementedError" in source for source in cells.values()) == len(solutions(name))
    assert not any(cell.get("outputs") for cell in released.cells)
    assert {cell.id for cell in notebook(known()[name]).cells} == set(cells)


@every
@pytest.mark.long
def test_six_kinds_of_submissions_get_the_points_that_are_due(courses, name):
    course, said = courses[name]
    points = graded(course, name)
    total = {student: sum(cells.values()) for student, cells in points.items()}
    tests = {part.name: part.points for part in parts(known()[name]) if part.kind == "test"}
    assert {test: points["good"][test] for test in tests} == tests
    assert total["partial"] == pytest.approx(HALF[name][3])
    right = WRONG[name][1]
    assert {test: points["wrong"][test] for test in tests if points["wrong"][test]} == right
    assert total["crashing"] == 16 - sum(WORTH[name][task] for task in CRASHING[name])
    assert total["endless"] == 16 - sum(WORTH[name][task] for task in HANGING[name])
    assert total["empty"] == 0
    assert re.search(r"^good: 16 of 20, and \w+ to mark by hand$", said.stdout, re.MULTILINE), said.stderr
    assert re.search(r"^empty: 0 of 20$", said.stdout, re.MULTILINE)
    assert said.returncode == (name == ONE), said.stderr


@pytest.mark.long
def test_changed_tests_are_put_back_and_what_is_no_notebook_is_named(courses):
    course, said = courses[ONE]
    assert sum(graded(course, ONE)["tampering"].values()) == 0
    assert "error: broken was not marked" in said.stderr and "is no notebook" in said.stderr
    assert re.search(r"error: missing was not marked: there is no \w+\.ipynb in", said.stderr)
    assert "Traceback" not in said.stderr


@pytest.mark.long
def test_a_person_marks_and_students_read_feedback_without_hidden_tests(courses):
    name = ONE
    course = courses[name][0]
    essay = next(part.name for part in parts(known()[name]) if part.kind == "essay")
    assert call(course, "mark", name, "good", essay, "3.5", "--comment", "No sample size.").returncode == 0
    rows = call(course, "grades", name).stdout.splitlines()
    assert rows[0] == "student,points,of,to_mark" and "good,19.5,20.0," in rows
    told = call(course, "feedback", name)
    assert told.returncode == 0, told.stderr
    pages = {Path(line).parts[-3]: Path(line).read_text() for line in told.stdout.splitlines()}
    assert {"good", "partial", "wrong", "crashing", "endless", "empty"} <= set(pages)
    assert "No sample size." in pages["good"] and "19.5" in pages["good"]
    assert f"this cell was stopped after {SECONDS} seconds" in pages["endless"]
    assert "this cell ended Python itself" in pages["crashing"]
    assert "is it a mean of ratios?" in pages["wrong"] and "pre-wrap" in pages["wrong"]
    for page in pages.values():
        text = re.sub(r"<[^>]+>", "", page)
        assert "HIDDEN TESTS" not in text and "proportion(count, total)" not in text
        assert not re.search(r"(?:src|href)=.https?:", page)


@pytest.mark.long
def test_what_cannot_be_done_is_said(tmp_path, courses):
    course = courses[ONE][0]
    for step, due in [
        (lambda: grading.release("history", tmp_path), "no assignment 'history'; there are architectures_and_size"),
        (lambda: grading.release(ONE, tmp_path / "course [1]"), "takes for a pattern"),
        (lambda: list(grading.autograde(ONE, tmp_path)), "was not released"),
        (lambda: grading.feedback(ONE, tmp_path), "run autograde first"),
        (lambda: grading.grades(ONE, tmp_path), "no gradebook.db"),
        (lambda: list(grading.autograde(ONE, course, "nobody")), "nothing was handed in"),
        (lambda: list(grading.autograde(ONE, course, seconds=0)), "no time limit"),
        (lambda: grading.mark(ONE, course, "nobody", "report", 1), "run autograde first"),
        (lambda: grading.mark(ONE, course, "good", "essay", 1), "no answer 'essay'"),
        (lambda: grading.mark(ONE, course, "good", "report", 5), "not between 0 and 4"),
        (lambda: grading.feedback(ONE, course, "nobody"), "nothing of 'nobody'"),
    ]:
        with pytest.raises(AssignmentError, match=due):
            step()
    said = call(tmp_path, "release", "history")
    assert said.returncode == 1 and said.stderr.startswith("error: there is no assignment 'history'")


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("# %% answer Premium\npass\n", "is no head"),
        ("# %% text intro\n# Title\n", "is no head"),
        ("# %% [markdown] test sum 2\n# x\n", "is no head"),
        ("# %% test sum\nassert True\n", "points go with"),
        ("# %% given setup 3\nimport math\n", "points go with"),
        ("# %% given one\na = 1\n# %% given one\nb = 2\n", "two cells called 'one'"),
    ],
)
def test_a_source_that_is_not_well_formed_is_refused(tmp_path, text, due):
    file = tmp_path / "bad.py"
    file.write_text(text)
    with pytest.raises(ValueError, match=due):
        parts(file)


def test_settings_of_a_lecturer_stay(tmp_path):
    grading.generate(ONE, tmp_path)
    settings = tmp_path / "nbgrader_config.py"
    settings.write_text(settings.read_text().replace("timeout = 30", "timeout = 60"))
    made = grading.generate(ONE, tmp_path)
    assert "timeout = 60" in settings.read_text()
    nbformat.validate(copy.deepcopy(json.loads(made.read_text())))
    with pytest.raises(AssignmentError, match="there is no assignment"):
        grading.generate("../setup", tmp_path)
