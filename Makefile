# 常用命令；不带参数时列出全部。 / The everyday commands; without a target, make lists them.
.DEFAULT_GOAL := help
.PHONY: help setup run test test-fast lint bench clean distclean

BIN := .venv/bin

help: ## 列出命令 / list these commands
	@printf 'wardwatch 医保智能场景监控系统\n\n'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

setup: ## 安装到 .venv（可重复执行） / install into .venv (safe to repeat)
	@sh scripts/setup.sh

run: setup ## 启动演示：服务加一份小样本，Ctrl-C 结束 / serve, fed by a small journal; Ctrl-C ends it
	@exec $(BIN)/wardwatch serve --demo

test: setup lint ## 全部检查和测试 / all checks and tests
	@exec $(BIN)/pytest -n auto

test-fast: setup ## 只跑快的测试，首错即停 / the quick tests only, stopping at the first failure
	@exec $(BIN)/pytest -x -q -n auto -m 'not slow'

lint: setup ## 风格、类型、导入规则 / style, types, import rules
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: setup ## 性能测量 / measure throughput and the gate's answer times
	@exec $(BIN)/python -m bench

clean: ## 删除缓存，保留 .venv 和 data / remove caches; keeps .venv and data
	@rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache build dist
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

distclean: clean ## 连同 .venv 一起删除，保留 data / remove .venv too; keeps data
	@rm -rf .venv
