#!/usr/bin/env bash
# Reads the scripts with shellcheck; where there is none, only bash checks their syntax.
set -euo pipefail

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
scripts=(noloss .ci/run .ci/setup.sh tests/run tests/style/*.sh tests/compilers/*.sh)
for script in "${scripts[@]}"; do
  bash -n "$script"
done
if command -v shellcheck >/dev/null; then
  shellcheck -x "${scripts[@]}"
fi
