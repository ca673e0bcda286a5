#!/usr/bin/env bash
# mypy, the import contract, or a smoke test on the wheel as it installs: usage .ci/installed.sh types|contract|smoke [more ...]
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python=${PYTHON:-python3}
"$python" -m venv "$work/env"
"$work/env/bin/python" -m pip install --quiet --upgrade pip build
# a copy, so that nothing is left in the checkout
mkdir "$work/source"
(cd "$top" && git -c safe.directory="$top" ls-files -z --cached --others --exclude-standard |
    while IFS= read -r -d '' path; do if [ -e "$path" ]; then cp --parents "$path" "$work/source"; fi; done)
"$work/env/bin/python" -m build --quiet --wheel --outdir "$work/dist" "$work/source"
"$work/env/bin/python" -m pip install --quiet "$work"/dist/*.whl mypy import-linter
cp "$top/pyproject.toml" "$work/pyproject.toml"
cd "$work" # outside the repository: only the wheel can be imported
for what in "$@"; do
    case "$what" in
        types) MYPYPATH= "$work/env/bin/mypy" --config-file pyproject.toml -p cumulode ;;
        contract) "$work/env/bin/lint-imports" --config pyproject.toml ;;
        smoke)
            "$work/env/bin/python" -c 'import cumulode, sys; assert "env" in cumulode.__file__; print("imported", cumulode.__version__, "from the wheel")'
            "$work/env/bin/cumulode" solve --size 16 --xi-plus 2 --time 5 --points 2 --quiet
            ;;
        *) echo "installed.sh: got $what, allowed: types, contract, smoke" >&2; exit 2 ;;
    esac
done
