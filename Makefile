# make run: set up and serve the demo. make test: everything that must hold. make bench: figures as ratios.
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin

.PHONY: run test bench

run: .venv/run.stamp
	@LMS_DEMO=1 LMS_BASE_URL=http://127.0.0.1:$(PORT) $(BIN)/lms init
	@LMS_DEMO=1 LMS_BASE_URL=http://127.0.0.1:$(PORT) $(BIN)/lms demo load --if-empty --progress
	@echo "Pärlband: http://127.0.0.1:$(PORT)   choose a person at http://127.0.0.1:$(PORT)/demo   (Ctrl-C stops)"
	@LMS_DEMO=1 LMS_BASE_URL=http://127.0.0.1:$(PORT) exec $(BIN)/lms serve --port $(PORT) --with-worker

test: .venv/test.stamp
	@sh tests/run.sh

bench: .venv/test.stamp
	@$(BIN)/python -m benchmarks

.venv/run.stamp: requirements.txt pyproject.toml
	@echo "Installing what Pärlband needs into .venv. It takes about a minute, the first time only."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/test.stamp: .venv/run.stamp requirements-dev.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@
