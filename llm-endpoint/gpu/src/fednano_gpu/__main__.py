"""``python -m fednano_gpu serve``."""

from __future__ import annotations

import sys

USAGE = """\
usage: python -m fednano_gpu serve --model DIR [options]

serve   a frozen language model behind the contract llmgrad/1; serve --help explains it with examples"""


def main(arguments: list[str]) -> int:
    """Runs a command; returns its exit status."""
    if arguments[:1] == ["serve"]:
        from fednano_gpu import serve

        return serve.main(arguments[1:])
    if arguments in (["--help"], ["-h"]):
        print(USAGE)
        return 0
    print(f"Expected the command serve: found {' '.join(arguments[:1]) or 'none'}.\n{USAGE}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
