"""Two-layer networks trained by online SGD: committees and trained readouts (theory.md section 1)."""
