#!/usr/bin/env bash
# Compile every derivation with the system's TeX, as it is printed: usage .ci/latex.sh CUMULODE [ACTIVATION ...]
set -euo pipefail
if ! command -v pdflatex >/dev/null; then
    echo "no pdflatex on this machine: the LaTeX of the derivations was not compiled"
    exit 0
fi
cumulode=$1
shift
activations=("$@")
[ ${#activations[@]} -gt 0 ] || activations=(erf "h - h**3/6")
names=$("$cumulode" derive --list | cut -d ' ' -f 1)
[ -n "$names" ] || { echo "latex.sh: $cumulode lists no derivations" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
for activation in "${activations[@]}"; do
    for name in $names; do
        "$cumulode" derive "$name" --activation "$activation" --format latex > "$work/$name.tex"
        if ! (cd "$work" && pdflatex -interaction=nonstopmode -halt-on-error "$name.tex" > "$name.out"); then
            tail -n 30 "$work/$name.out" >&2
            echo "latex.sh: $name ($activation) does not compile" >&2
            failed=1
        # a line that runs over the margin by more than 10 points
        elif grep -E 'Overfull .hbox \(([1-9][0-9]|[0-9]{3,})\.' "$work/$name.out" >&2; then
            echo "latex.sh: $name ($activation) has lines wider than the page" >&2
            failed=1
        else
            echo "compiled $name ($activation)"
        fi
    done
done
exit $failed
