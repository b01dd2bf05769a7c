# Two commands: `make book` builds the site, `make test` runs every test. Each does all of its own set-up.
# PYTHON=python3.12 chooses a Python; UFM_CACHE=folder moves what is fetched once.

PY := .venv/bin/python
UV := $(firstword $(wildcard .venv/bin/uv) uv)
PORT ?= 8000
# Two processes run the tests, each whole files of them.
TWO := -n 2 --dist loadfile
# PyTorch asks Linux for large pages: where it grants them, new memory costs less.
export THP_MEM_ALLOC_ENABLE ?= 1
# Compiled modules stay in the build folder where none may lie beside their sources; without them imports take three times as long.
ifdef PYTHONDONTWRITEBYTECODE
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX := $(CURDIR)/_build/modules
endif
.DEFAULT_GOAL := help
.PHONY: book test test-long test-faults lab serve lint format long pdf teach assignments check bench coverage diagrams hashes unpin clean help setup setup-dev

book: setup            ## build the site; prints the path of its first page
	@$(PY) -m tools.book

test: setup-dev        ## run every notebook, and every test but the long ones
	@$(PY) -m tools.offline -m tools.book
	@$(PY) -m tools.offline -m pytest $(TWO)

test-long: setup-dev   ## the tests that take long: grading, printing, benchmarks, growth, keys on every page
	@$(PY) -m tools.offline -m tools.book
	@$(PY) -m tools.offline -m pytest -m long $(TWO)

test-faults: setup-dev ## kill, starve and race set-up and build; minutes
	@$(PY) -m tools.offline -m pytest -m "faults or long or not long" \
		tests/faults tests/test_assets.py tests/test_setup.py tests/test_execute.py tests/test_book.py

lab: setup             ## open the notebooks in JupyterLab
	@$(PY) -m jupyterlab --allow-root chapters

serve: book            ## show the site on http://127.0.0.1:8000, or PORT=...
	@$(PY) -m tools.serve $(PORT)

coverage: setup-dev    ## how much of helpers the tests reach, branches included
	@$(PY) -m coverage run -m pytest -m "not faults" $(TWO)
	@$(PY) -m coverage combine -q
	@$(PY) -m coverage report

bench: setup-dev       ## ours beside what one would otherwise use: benchmarks/results.md
	@$(PY) -m benchmarks

lint: setup-dev        ## what pre-commit checks
	@$(PY) -m tools.lint

format: setup-dev      ## put code and notebooks into the form that lint asks for
	@$(PY) -m tools.lint --fix

long: setup-dev        ## make the long runs again that chapters read from data/; about an hour
	@$(PY) -m experiments

pdf: setup-dev         ## print the book as one PDF in _build
	@$(PY) -m tools.book
	@$(PY) -m tools.pdf

teach: setup           ## build the course in _build/teach: notebooks, slides, quizzes, guide
	@$(PY) -m tools.book
	@$(PY) -m tools.teach

assignments: setup-dev ## write the students' assignments to _build/assignments/release
	@cd teaching/assignments && for name in $$(ls source); do \
		"$(CURDIR)/$(PY)" -m nbgrader generate_assignment --force --log-level=WARN $$name || exit 1; \
	done; echo "$(CURDIR)/_build/assignments/release"

check: setup           ## look at this machine before a class
	@$(PY) -m tools.check

diagrams: setup-dev    ## draw the diagrams that are new or changed, and keep them in theme/
	@$(PY) -m tools.book
	@$(PY) -m tools.diagrams

hashes:                ## write locks/hashed*.txt again after a change of a pin
	@rm -f locks/hashed*.txt
	@for set in -first.txt .txt -dev.txt -cluster.txt; do \
		case $$set in -first*) from=-;; *) from=requirements$$set;; esac; \
		printf 'setuptools\nuv\n' | $(UV) pip compile --quiet $$from -c locks/constraints.txt -o locks/hashed$$set \
			$$(sed -n 's/^\([^ ]*\)==.*/--no-emit-package=\1/p' locks/hashed*.txt 2>/dev/null) || exit 1; \
	done

unpin:                 ## let go of every pin but the bounds that have a reason: for a throw-away checkout
	@sed -i.pinned -E 's/^jupyter-book==.*/jupyter-book>=1.0.4,<2/; s/==.*//' requirements*.txt && rm requirements*.pinned
	@for list in locks/*.txt; do echo '# emptied by make unpin' > $$list; done

clean:                 ## remove what was built; .venv and the cache of assets stay
	rm -rf _build

help:                  ## say what there is
	@awk -F ':[^#]*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' Makefile

setup:
	@PYTHON="$(PYTHON)" sh tools/setup.sh

setup-dev:
	@PYTHON="$(PYTHON)" sh tools/setup.sh --dev
