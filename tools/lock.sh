#!/usr/bin/env bash
# Writes the three lock files anew: exact versions with the public registry's hashes, and no
# registry's address, so that every machine takes the packages from wherever its pip looks.
# --no-config and the emptied variables keep this machine's own settings out of the files.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=${UV:-.venv/bin/uv}
export UV_CUSTOM_COMPILE_COMMAND="make lock"
for name in $(env | sed -n 's/^\(UV_[A-Z_]*INDEX[A-Z_]*\|UV_FIND_LINKS\)=.*/\1/p'); do unset "$name"; done

compile() {
  "$uv" --no-config pip compile --quiet --universal --generate-hashes --python-version 3.11 \
    --no-emit-index-url --no-emit-find-links ${UPGRADE:+--upgrade} pyproject.toml "$@"
}
compile -o requirements.lock
compile --group dev -c requirements.lock -o requirements-dev.lock
"$uv" --no-config pip compile --quiet --universal --generate-hashes --python-version 3.11 \
  --no-emit-index-url --no-emit-find-links ${UPGRADE:+--upgrade} --group pyproject.toml:node -o requirements-node.lock
python3 tools/check_locks.py
