#!/bin/sh
# Find a Python that can run the book and hand over to tools/setup.py. $PYTHON, when set, is the only candidate.
set -u
if [ -n "${PYTHON:-}" ]; then
    candidates=$PYTHON
else
    candidates="python3
python3.13
python3.12
python3.11
python"
fi
IFS='
'
for candidate in $candidates; do
    if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1; then
        exec "$candidate" tools/setup.py "$@"
    fi
done
found=$("${PYTHON:-python3}" --version 2>/dev/null) || found="none"
echo "error: the book needs Python 3.11, 3.12 or 3.13 (found: $found); install one, or name it: make book PYTHON=/path/to/python3.12" >&2
exit 1
