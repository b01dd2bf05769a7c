"""Record the values of inline expressions, {eval}`expression`, on the run that tests a notebook, and put them on the page.

JupyterLab evaluates the expressions itself. For the site, the copy that nbmake runs gets a recorder cell in front of each
markdown cell that has some, and one at its end, which evaluates all of them again: a value that a later cell changes would
read differently the next time somebody opens the notebook, so it is an error. `collect` moves what the recorders found into
the `user_expressions` of the markdown cells, where JupyterLab keeps its own, and takes the recorders out again.
"""

import ast
import json
import re

ROLE = re.compile(r"\{eval\}`([^`]+)`")
FENCE = re.compile(r"\s*(`{3,})(\{)?")
LITERAL = re.compile(r"(?<!`)(`{2,})(?!`).*?(?<!`)\1(?!`)")
FINDING = re.compile(r"""value_of\(["']([\w-]+)["'](?:, ["'](low|high)["'])?\)""")  # from the ledger, whatever ran when
MARK = "recorder"
RECORDER = (
    '__import__("IPython").display.publish_display_data({{"text/plain": ""}}, '
    'metadata={{"expressions": __import__("IPython").get_ipython().user_expressions({{e: e for e in {}}})}})'
)


class ExpressionError(ValueError):
    """An inline expression that fails, shows a bare float, or does not keep its value to the end of the notebook."""


def expressions(markdown: str) -> list[str]:
    """Return the inline expressions of a markdown text, in order, each once; code that only quotes one has none."""
    prose: list[str] = []
    fences: list[tuple[str, bool]] = []  # those that are open: backticks, and whether it is a directive, which holds prose
    for line in markdown.splitlines():
        mark = FENCE.match(line)
        if mark and fences and line.strip() == fences[-1][0]:
            fences.pop()
        elif mark and all(directive for _, directive in fences):
            fences.append((mark[1], bool(mark[2])))
        elif all(directive for _, directive in fences):
            prose.append(line)
    return list(dict.fromkeys(ROLE.findall(LITERAL.sub("", "\n".join(prose)))))


def inject(notebook: dict) -> None:
    """Put recorder cells into a notebook."""
    cells, everything = [], []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown" and (found := expressions("".join(cell["source"]))):
            cells.append(_recorder(cell["id"], found))
            everything += [e for e in found if e not in everything]
        cells.append(cell)
    notebook["cells"] = cells + ([_recorder("end", everything)] if everything else [])


def collect(notebook: dict) -> None:
    """Move what the recorders found into the markdown cells, take the recorders out, and count the cells afresh.

    Raises:
        ExpressionError: naming the cell and the expression, if one failed, gave a bare float, or changed later.
    """
    found = {c["metadata"][MARK]: _values(c) for c in notebook["cells"] if MARK in c["metadata"]}
    notebook["cells"] = [cell for cell in notebook["cells"] if MARK not in cell["metadata"]]
    last, count = found.pop("end", {}), 0
    for cell in notebook["cells"]:
        for expression, result in found.get(cell["id"], {}).items():
            _check(cell["id"], expression, result, last[expression])
        if cell["id"] in found:
            results, order = found[cell["id"]], expressions("".join(cell["source"]))
            cell["metadata"]["user_expressions"] = [{"expression": e, "result": results[e]} for e in order]
        if cell["cell_type"] == "code" and cell["execution_count"]:
            count += 1
            cell["execution_count"] = count
            for output in cell["outputs"]:
                if "execution_count" in output:
                    output["execution_count"] = count


def fill(cell: dict) -> str:
    """Return the source of an executed markdown cell with its values in the place of its expressions.

    The value of a finding becomes the site's own role, which reads the ledger.
    """
    results = {r["expression"]: r["result"] for r in cell["metadata"].get("user_expressions", [])}

    def shown(match: re.Match) -> str:
        if finding := FINDING.fullmatch(match[1]):
            return "{claim}`" + " ".join(filter(None, finding.groups())) + "`"
        return text_of(results[match[1]]) if match[1] in results else match[0]

    return ROLE.sub(shown, "".join(cell["source"]))


def text_of(result: dict) -> str:
    """Return the text of a recorded value as a reader sees it: a string has no quotes."""
    text = "".join(result["data"]["text/plain"])
    if re.fullmatch(r"(['\"]).*\1", text, re.DOTALL):
        return ast.literal_eval(text)
    return text


def _recorder(cell: str, found: list[str]) -> dict:
    return {
        "cell_type": "code", "execution_count": None, "id": f"{MARK}-{cell}", "metadata": {MARK: cell}, "outputs": [],
        "source": RECORDER.format(json.dumps(found, ensure_ascii=False)),
    }  # fmt: skip


def _values(recorder: dict) -> dict[str, dict]:
    return next((o["metadata"]["expressions"] for o in recorder["outputs"] if "expressions" in o.get("metadata", {})), {})


def _check(cell: str, expression: str, result: dict, last: dict) -> None:
    where = f"cell {cell}, {{eval}}`{expression}`"
    if result["status"] != "ok":
        raise ExpressionError(f"{where} failed: {result['ename']}: {result['evalue']}")
    if _is_raw_float(text_of(result)):
        raise ExpressionError(f"{where} is a bare float, {text_of(result)}; write it with number(...)")
    if FINDING.fullmatch(expression):
        return
    if last["status"] != "ok" or text_of(last) != text_of(result):
        after = text_of(last) if last["status"] == "ok" else last["evalue"]
        raise ExpressionError(
            f"{where} is {text_of(result)} there, but {after} at the notebook's end; a later cell changes it"
        )


def _is_raw_float(text: str) -> bool:
    """Whether a text is a float as Python writes it, with more digits than mean something."""
    digits = text.lstrip("-0.").replace(".", "").partition("e")[0]
    return text.startswith("np.float") or ("." in text and digits.isdigit() and len(digits) > 4)
