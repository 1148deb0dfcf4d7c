"""Templates drawn at random: operators, filters, tests, methods, scopes and white space, in each other."""
import random
import re

#: What expressions of a kind begin with.
ATOMS = {
    "n": ["1", "0", "-3", "2.5", "7", "v.i", "v.f", "loop.index", "loop.length", "1e20", "0.1", "v.d.b", "v.m[0][1]", "true", "10", "v.z", "ns.a", "3.0", "1_000"],
    "s": ["'a'", "''", "'Ab c'", "'x,y,,z'", "'é😀ß'", "' pad '", "v.u", "v.w", "v.e", "bos_token", "messages[0].role", "'a\\nb\\n'", "\"it's\"", "'<a&b>'", "'42'", "'-1.5'",
          "'aXbXc'", "'Hello, World'", "messages[-1].role", "'\\tq\\x07'", "'ǆ ŉa'", "'one two  three'"],
    "l": ["v.l", "v.m", "[]", "[3, 'b', none]", "(1, 2)", "[[1, 2], [0, 5]]", "messages", "range(4)", "['B', 'a', 'c']", "v.d.a", "[2.5, 1, true]", "('x',)", "[1, 1.0, true, 'a', 'A']", "range(6, 0, -2)",
          "v.d.keys()", "v.d.items()", "tools"],
    "d": ["v.d", "{}", "{'k': 'w', 'j': 2}", "messages[0]", "v", "dict(a=1, k='z')", "{1: 'i', none: 2}", "messages[-1]"],
    "o": ["none", "nope", "x", "y", "v.n", "messages[-1].content", "messages[0].content", "tools", "loop.previtem", "loop.nextitem", "v.d.zz", "v.l[9]", "documents", "f", "loop.last", "loop.first"],
}
#: What gives a value of a kind: "n:" stands for any number, and so on; "*:" for anything.
FORMS = {
    "n": ["n: + n:", "n: - n:", "n: * n:", "n: / n:", "n: // n:", "n: % n:", "-n:", "(n:)", "+n:", "n:|abs", "n:|round", "n:|round(1)", "n:|int", "s:|int", "s:|float", "l:|length", "s:|length", "d:|length", "s:|count",
          "n:|float", "s:.count('a')", "s:.find('b')", "s:.rfind('X')", "(s:|wordcount)", "[n:, n:]|sum", "[n:, n:]|max", "[n:, n:, 2]|min", "n: ** 2", "2 ** n:", "n:|round(1, 'ceil')", "n:|round(-1)", "n: if b: else n:",
          "l:.index(1)", "l:.count(1)", "s:.count('')", "n:|round(2, 'floor')", "n:|default(3)"],
    "s": ["s: + s:", "s: ~ *:", "*: ~ *:", "s: * 2", "3 * s:", "(s:)", "s:|upper", "s:|lower", "s:|title", "s:|capitalize", "s:|trim", "s:|trim('a ')", "*:|string", "s:|replace('a', 'o')", "s:|replace('', '-', 2)", "s:|reverse",
          "s:|indent", "s:|indent(1, true, true)", "s:|truncate(6)", "s:|truncate(5, true, '.')", "s:|center(8)", "l:|join", "l:|join('-')", "*:|tojson", "*:|tojson(indent=1)", "*:|tojson(sort_keys=true)", "*:|tojson(ensure_ascii=true)",
          "d:|tojson(separators=(',', ':'))", "s:.upper()", "s:.strip()", "s:.lstrip('a ')", "s:.rstrip()", "s:.title()", "s:.capitalize()", "s:.swapcase()", "s:.replace('a', 'b')", "s:.replace(s:, s:)", "s:.join(['p', 'q'])", "s:.join(s:)",
          "s:.zfill(6)", "s:.center(9, '*')", "s:.ljust(7)", "s:.rjust(7, '.')", "s:.removeprefix('A')", "s:.removesuffix(' ')", "s:.expandtabs(3)", "s:[1]", "s:[-1]", "s:[1:]", "s:[:2]", "s:[::-1]", "s:[::2]", "s:[-3:-1]", "s:[3:0:-1]", "s:[n::]",
          "'%s' % *:", "'%s|%r' % (*:, *:)", "'%5.1f' % n:", "'%-6s|' % s:", "'%05d' % n:", "'%+.2e' % n:", "'%x' % 255", "'%(k)s' % d:", "'%g' % n:", "'%.3s' % s:", "'%d%%' % n:", "'{} {}'.format(*:, *:)", "'{:>6}'.format(s:)",
          "'{:5d}'.format(n:)", "'{:.2f}'.format(n:)", "'{!r}'.format(*:)", "'{:,}'.format(n:)", "'{:^7}'.format(s:)", "'{:e}'.format(n:)", "'{:g}'.format(n:)", "'{:*<8}'.format(n:)", "'{:+}'.format(n:)", "'{0[0]}'.format(l:)",
          "'{0.role}'.format(d:)", "'{:.3}'.format(n:)", "'{:%}'.format(n:)", "'{:08.2f}'.format(n:)", "'{:.2}'.format(s:)", "'{:010}'.format(n:)", "s: if b: else s:", "s:|default('d')", "*:|e", "l:|first|string", "f(*:)", "f(*:, b=*:)",
          "s:|list|join('.')", "l:|map('string')|join(',')", "messages|map(attribute='role')|join(' ')", "s:.splitlines()|join('/')", "s:.split('X')[-1]", "s:.partition(',')[2]", "'%s' % l:", "s:|safe", "s:.format(*:)"],
    "l": ["[*:, *:]", "[n:, n:, n:]", "[s:, s:]", "(s:, *:)", "l: + l:", "[s:] + [n:]", "[n:] * 3", "(l:)", "l:|list", "s:|list", "d:|list", "l:|sort", "[s:, s:, 'q']|sort", "[n:, n:, n:]|sort(reverse=true)", "l:|reverse|list", "l:|unique|list",
          "l:|batch(2)|list", "l:|slice(2)|list", "l:|batch(3, 'f')|list", "l:|map('string')|list", "l:|map('upper')|list", "l:|map('length')|list", "l:|map(attribute=0)|list", "l:|select|list", "l:|reject|list", "l:|select('string')|list",
          "l:|reject('none')|list", "l:|select('number')|list", "messages|selectattr('role', 'eq', 'user')|list", "messages|rejectattr('content', 'string')|list", "messages|selectattr('tool_calls', 'defined')|list", "messages|map(attribute='content')|list",
          "messages|map(attribute='extra.k', default=s:)|list", "messages|groupby('role')", "d:|dictsort", "d:|items|list", "d:.items()", "d:.keys()|list", "d:.values()|list", "s:.split()", "s:.split(',')", "s:.split('X', 1)", "s:.rsplit(' ', 1)",
          "s:.split(none, 1)", "s:.splitlines()", "s:.splitlines(true)", "s:.partition(',')", "s:.rpartition(' ')", "l:[1:]", "l:[::-1]", "l:[:-1]", "l:[::2]", "l:[-2:]", "range(n:)", "range(1, 4)", "l: if b: else l:", "l:|default([1])",
          "[s:, s:]|groupby(0)", "l:|sort(case_sensitive=true)", "l:|map('default', 'q', true)|list", "l:|select('in', [1, 'a'])|list", "s:|batch(3)|list", "[s:, n:]|tojson|list", "l:|map('tojson')|list", "l:.copy()"],
    "d": ["{'q': *:, 'r': *:}", "{s: : *:}", "{n: : *:, 1: *:}", "dict(d:)", "dict(k=*:)", "d:.copy()", "d: if b: else d:", "dict([[s:, *:]])", "d:|default({})", "(d:)"],
    "b": ["*: == *:", "*: != *:", "n: < n:", "n: >= n:", "s: < s:", "s: > s:", "s: in s:", "*: in l:", "s: in d:", "*: not in l:", "not b:", "b: and b:", "b: or b:", "*: and *:", "*: or *:", "not *:", "n: < n: < n:", "n: == n: != n:", "l: == l:", "l: < l:",
          "d: == d:", "*: is defined", "*: is none", "*: is string", "*: is number", "*: is iterable", "*: is sequence", "*: is mapping", "*: is not none", "*: is undefined", "*: is integer", "*: is float", "*: is boolean", "*: is callable", "n: is odd", "n: is even",
          "n: is divisibleby 2", "n: is lt(3)", "*: is eq *:", "s: is lower", "s: is upper", "*: is in [1, 'a', none]", "*: is sameas(true)", "*: is escaped", "s: is filter", "s:.startswith('a')", "s:.startswith(('A', 'é'))", "s:.endswith(s:)", "s:.isdigit()",
          "s:.isalpha()", "s:.isupper()", "s:.isspace()", "s:.istitle()", "s:.isalnum()", "not *: is defined", "not s: in s:", "(b:)", "*: is true", "*: is not defined and b:", "true", "false", "s:.islower()"],
    "o": ["l:[0]", "l:[-1]", "l:|first", "l:|last", "d:.k", "d:['a']", "d:.get('k')", "d:.get('zz', *:)", "*: if b:", "d:[s:]", "l:[n:]", "*: or *:", "*: and *:", "l:|max", "l:|min", "l:|sum", "d:.items", "l:.append", "d:|attr('keys')", "*:[1]",
          "*:.role", "*:|default(*:)", "*:|default(*:, true)", "d:.b.c", "(*:)", "*: + *:", "*:|length", "*:|first", "*:|list"],
}
METHODS = ["upper()", "role", "content", "items()", "x.y", "index(1)", "append(1)", "update({})", "real", "nope", "split(1)", "join(3)", "get(1)", "strip(2)", "format()"]
FILTERS = ["upper", "join", "sort", "tojson", "length", "sum", "first", "reverse", "int", "round", "items", "dictsort", "indent", "unique|list", "map('upper')|list", "replace('a', 1)", "truncate(1)", "batch(0)|list", "slice(0)|list", "abs"]
SPACES = ["", "", "", " ", "\n", "\n\n", "  ", " \n ", "\t", "\r\n", "text", "é", " x "]
DATA = ["a", " b ", "\n", "  \n", "\n  ", "{", "}", "%", "#", "<|im_start|>", "\t", "'", "\\n", "}}", "%}", "\r\n", ""]


class Draw:
    def __init__(self, seed):
        self.r = random.Random(seed)
        self.loops = 0

    def expression(self, depth, kind="*"):
        r, pick = self.r, self.r.choice
        if kind == "*" or r.random() < 0.01:
            kind = r.choices("nsldbo", [3, 6, 3, 2, 3, 3])[0]
        if depth > 0 and r.random() < 0.02:
            return f"({self.expression(depth - 1)}).{pick(METHODS)}" if r.random() < 0.5 else f"{self.expression(depth - 1)}|{pick(FILTERS)}"
        if (depth <= 0 or r.random() < 0.2) and kind in ATOMS:
            return pick(ATOMS[kind])
        if depth <= 0:
            return pick(["true", "false", "x", "v.t"])
        return re.sub(r"([nsldbo*]):(?!:)", lambda m: self.part(depth - 1, m.group(1)), pick(FORMS[kind])).replace("n::", "1::")

    def part(self, depth, kind):
        """An operand; most in parentheses, so that what follows is meant for all of it."""
        text = self.expression(depth, kind)
        return text if re.fullmatch(r"[\w.]+|'[^']*'", text) or self.r.random() < 0.15 else f"({text})"

    def tag(self, text, kind="%"):
        r = self.r
        left = r.choices(["", "-", "+"], [6, 2, 0.5])[0]
        right = r.choices(["", "-", "+"], [6, 2, 0.5 if kind == "%" else 0])[0]
        end = "}}" if kind == "{" else kind + "}"
        left = "" if kind == "{" and left == "+" else left
        return f"{{{kind}{left} {text} {right}{end}" if kind != "#" else f"{{#{left} c {right}#}}"

    def space(self):
        return self.r.choice(SPACES)

    def body(self, depth):
        return "".join(self.space() + self.statement(depth - 1) + self.space() for _ in range(self.r.choice([1, 1, 2, 2, 3])))

    def loop(self, depth):
        pick = self.r.choice
        target, over = pick([("x", pick(["v.l", "messages", "range(3)", "[1, [2, 3]]", "'ab😀'", "v.d", "nope", "[]", self.expression(1)])),
                             ("x, y", pick(["v.m", "v.d.items()", "[[1, 2], [3, 4]]", "messages|groupby('role')", self.expression(1)]))])
        test = f" if {self.expression(1)}" if self.r.random() < 0.25 else ""
        recursive = " recursive" if self.r.random() < 0.06 else ""
        inner = self.body(depth)
        if recursive:
            inner += "{% if x is iterable and x is not string %}{{ loop(x) }}{% endif %}"
        if self.r.random() < 0.2:
            inner += self.tag(f"if {self.expression(1)}") + self.tag(pick(["break", "continue"])) + self.tag("endif") + self.space()
        other = self.tag("else") + self.body(depth) if self.r.random() < 0.2 else ""
        return self.tag(f"for {target} in {over}{test}{recursive}") + inner + other + self.tag("endfor")

    def statement(self, depth):
        r, pick = self.r, self.r.choice
        show = lambda: self.tag(self.expression(2), "{")
        if depth <= 0:
            return pick([show, show, lambda: pick(DATA), lambda: self.tag("", "#")])()
        return r.choices([
            show,
            lambda: pick(DATA),
            lambda: self.tag("", "#"),
            lambda: self.tag(f"if {self.expression(2)}") + self.body(depth) + (self.tag(f"elif {self.expression(1)}") + self.body(depth) if r.random() < 0.3 else "")
            + (self.tag("else") + self.body(depth) if r.random() < 0.4 else "") + self.tag("endif"),
            lambda: self.loop(depth),
            lambda: self.tag(f"set {pick(['x', 'y', 'ns.a', 'x', 'bos_token'])} = {self.expression(2)}"),
            lambda: self.tag(f"set x, y = {self.expression(1)}, {self.expression(1)}"),
            lambda: self.tag(f"set {pick(['x', 'y'])}{pick(['', '', ' | upper', ' | trim | length'])}") + self.body(depth) + self.tag("endset"),
            lambda: self.tag(f"macro f({pick(['a, b=1', 'a', 'a=x, b=a', ''])})") + self.body(depth) + pick(["{{ a }}", "{{ b }}", "{{ varargs }}", "{{ kwargs }}", "{{ x }}", ""]) + self.tag("endmacro"),
            lambda: self.tag(f"macro g(a)") + "{{ caller(a) if caller is defined }}" + self.body(depth) + self.tag("endmacro") + self.tag("call(x) g(1)") + self.body(depth) + self.tag("endcall"),
            lambda: self.tag(f"filter {pick(['upper', 'trim', 'indent(2)', 'replace(bos_token, x)', 'title'])}") + self.body(depth) + self.tag("endfilter"),
            lambda: self.tag(f"with x = {self.expression(1)}, y = x") + self.body(depth) + self.tag("endwith"),
            lambda: self.tag("raw") + pick(["{{ x }}", " {% y %} ", "\n a\n "]) + self.tag("endraw"),
            lambda: self.tag("generation") + self.body(depth) + self.tag("endgeneration"),
        ], [8, 2, 1, 4, 4, 3, 1, 1, 1, 1, 1, 1, 0.5, 0.5])[0]()

    def template(self):
        if self.r.random() < 0.5:
            return "{{ " + self.expression(self.r.choice([1, 2, 2, 3])) + " }}"
        start = self.r.choice(["", "{% set ns = namespace(a=1) %}", "{% set x = 1 %}", "{% macro f(a, b=2) %}<{{ a }}{{ b }}>{% endmacro %}"])
        return start + "".join(self.space() + self.statement(3) for _ in range(self.r.choice([1, 2, 3]))) + self.space()


def draw(count, seed):
    drawn = Draw(seed)
    return [drawn.template() for _ in range(count)]
