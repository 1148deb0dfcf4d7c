"""What Jinja2, as transformers sets it up, makes of templates.

    pip install -r tests/src/test/python/requirements.txt
    python make_templates.py                          # writes ../resources/jinja/constructs.json for Jinja2ParityTest
    python make_templates.py --draw 5000 --seed 7 --out FILE       # templates drawn at random
    python make_templates.py --folder DIR --out FILE               # published ones; see docs/chat-templates.md

Each template is rendered for the three conversations of jinja_reference.py.
"""
import argparse
from pathlib import Path

import constructs
import draw_templates
import jinja_reference
import published_templates

RESOURCES = Path(__file__).parent.parent / "resources/jinja"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draw", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--errors", action="store_true", help="write Jinja2's errors, too")
    args = parser.parse_args()
    if args.folder:
        return published_templates.write(args.out, args.folder)
    if args.draw:
        templates = draw_templates.draw(args.draw, args.seed)
    else:
        templates = constructs.TEMPLATES
        args.out = args.out or RESOURCES / "constructs.json"
        RESOURCES.mkdir(parents=True, exist_ok=True)
    print(jinja_reference.write(args.out, templates, args.errors), "templates in", args.out)


if __name__ == "__main__":
    main()
