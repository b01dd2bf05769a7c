"""Every public function of helpers that takes input is tried with hostile arguments, or it is said here why not."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator

import helpers
from tests import fuzz_faults, test_fuzz_numbers, test_fuzz_tensors, test_fuzz_texts

TABLES = (test_fuzz_numbers, test_fuzz_tensors, test_fuzz_texts)
MADE = "takes what other functions of the package made, no input of a reader"
TRAINS = "trains models, or runs processes, for seconds or minutes; its own tests give it bad input"
CHAT = "needs the chat model; tests/test_chat*.py give it bad input"
FIGURE = "draws a figure; tests/test_plots*.py give it bad input"
EXCEPT = {  # a function, or a module for all of its functions: why it is not in a table
    "alignment.batches.answer_log_probs": MADE,
    "alignment.batches.by_length": MADE,
    "alignment.batches.check_finite": "asks for a name; every loss in the table goes through it",
    "alignment.batches.check_alike": "asks for names; every loss in the table goes through it",
    "alignment.batches.descend": MADE,
    "alignment.batches.seeded_generator": "goes through check_whole; minibatches calls it",
    "alignment.batches.hidden_states": MADE,
    "alignment.dpo.dpo": TRAINS,
    "alignment.dpo.reference_log_probs": MADE,
    "alignment.feedback.check_preferences": MADE,
    "alignment.feedback.constitution_label": MADE,
    "alignment.feedback.prefer": "takes a function that judges",
    "alignment.generate": MADE,
    "alignment.grpo.grpo": TRAINS,
    "alignment.policy.kl_to_reference": MADE,
    "alignment.policy.play": MADE,
    "alignment.ppo.ppo": TRAINS,
    "alignment.pretrained": TRAINS,
    "alignment.reward.agreement": MADE,
    "alignment.reward.train_reward_model": TRAINS,
    "alignment.sft.sft": TRAINS,
    "alignment.stages": TRAINS,
    "alignment.worlds": TRAINS,
    "assets": "fetches; tests/test_assets.py and tests/test_setup.py give it damage of every kind",
    "bpe.count_with": MADE,
    "bpe.joins": MADE,
    "bpe.shortened": MADE,
    "chat": CHAT,
    "checks": "the checks themselves: many functions of the tables go through them",
    **dict.fromkeys(
        ("claims.at_least", "claims.at_most", "claims.between", "claims.exactly", "claims.headlines", "claims.value_of"),
        "is called by the author of a chapter; tests/test_claims.py",
    ),
    "claims.ledger": "reads executed notebooks; tests/test_claims.py",
    "compare.gradient_by_distance": MADE,
    "compare.gradient_run": TRAINS,
    "compare.n_parameters": TRAINS,
    "compare.of_size": TRAINS,
    "compare.recall_run": TRAINS,
    "compare.text_run": TRAINS,
    "corpora.alignment": MADE,
    "crawl.extract.extract": MADE,
    "crawl.fetch.pieces": "reads from a server; tests/test_crawl_read.py have one that misbehaves",
    "crawl.files": MADE,
    "crawl.launch": TRAINS,
    "crawl.make": "writes files; tests/test_crawl_make.py give it bad input",
    "crawl.members": "reads archives; tests/test_crawl_read.py give it damaged ones",
    "crawl.noise": MADE,
    "crawl.pages": MADE,
    "crawl.plan.answer": MADE,
    "crawl.plan.compose": MADE,
    "crawl.plan.plan": MADE,
    "crawl.plan.url_of": MADE,
    "crawl.read": "reads archives; tests/test_crawl_read.py give it damaged ones",
    "crawl.records": MADE,
    "crawl.rules.filters": MADE,
    "crawl.rules.judge": MADE,
    "crawl.run": TRAINS,
    "crawl.texts": MADE,
    "exercises.check": "shows what `grade` says, which is in the table",
    "exercises.replay_hints": "shows what `grade` says, which is in the table",
    "explore": FIGURE,
    "footprint": TRAINS,
    "machine.peak_bytes": TRAINS,
    "models": "takes a `Config`, which is in the table; tests/test_models_input.py give models bad input",
    "parallel": TRAINS,
    "plots": FIGURE,
    "progress": "passes on what it is given",
    "languages.detector.plain_text": "takes the text that detect has checked",
    "quantisation.dequantise": MADE,
    "quantisation.more_bits": MADE,
    "quantisation.quantise_with_inputs": "goes through the checks of quantise; tests/test_quantisation.py",
    "quantisation.text_bits": MADE,
    "quantisation.training_bytes": "takes nothing of a reader's",
    "quantisation.unrounded_model": TRAINS,
    "quantisation.unseen_texts": "takes nothing of a reader's",
    "quantisation.quantised_weights": MADE,
    "recall": "takes a `Task`, which is in the table, and trains",
    "remember": CHAT,
    "sampling.checks": "the checks themselves: every filter in the table goes through them",
    "sampling.votes.auroc": "its arrays are numpy's to refuse; tests/test_sampling_draws.py",
    "scaling.scaling_run": TRAINS,
    "selection": "takes `Needs`, which is in the table; tests/test_selection.py",
    "sizing.library": "makes a model of transformers",
    "source": "shows the source of a function; tests/test_small.py",
    "tokens.counting.premium_of": MADE,
    "training.seeded": MADE,
    "training.train": TRAINS,
    "world.documents": MADE,
    "world.judges.human_prefers_first": MADE,
    "world.make_world": "takes a `WorldConfig`, which is in the table",
    "world.tokenizer.document_ids": MADE,
    "world.tokenizer.make_tokenizer": MADE,
}


def functions() -> Iterator[tuple[str, Callable]]:
    """Every public function that is defined in helpers and takes an argument."""
    for module in pkgutil.walk_packages(helpers.__path__, "helpers."):
        if module.name.endswith("__main__"):
            continue
        for name, thing in vars(importlib.import_module(module.name)).items():
            plain = inspect.isfunction(inspect.unwrap(thing)) if callable(thing) else False  # as it is under a `cache`
            defined_here = plain and thing.__module__ == module.name and not name.startswith("_")
            if defined_here and inspect.signature(thing).parameters:
                yield f"{module.name}.{name}".removeprefix("helpers."), thing


def is_excepted(name: str) -> bool:
    parts = name.split(".")
    return any(".".join(parts[:n]) in EXCEPT for n in range(1, len(parts) + 1))


def test_every_function_is_in_a_table_or_excepted():
    tried = {case.name for table in TABLES for case in table.CASES}
    assert [name for name, _ in functions() if name not in tried and not is_excepted(name)] == []


def test_every_exception_is_of_a_function_that_is_there():
    known = {name for name, _ in functions()}
    stale = [e for e in EXCEPT if not any(name == e or name.startswith(f"{e}.") for name in known)]
    assert stale == []


def test_every_required_argument_has_a_strategy():
    by_name = dict(functions())
    for case in (case for table in TABLES for case in table.CASES):
        given, parameters = set(case.arguments), inspect.signature(by_name.get(case.name, case.function)).parameters.values()
        kinds = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
        needed = {p.name for p in parameters if p.default is p.empty and p.kind not in kinds}
        assert needed <= given | {"model"}, f"{case.name}: {sorted(needed - given)}"


def test_faults_are_of_functions_in_the_tables():
    tried = {case.name for table in TABLES for case in table.CASES}
    assert {*fuzz_faults.OF_VALUES, *fuzz_faults.OF_TYPES} <= tried
