"""Templates drawn at random: operators, filters, tests, methods, scopes and white space, in each other."""
import random

ATOMS = ["1", "0", "-3", "2.5", "7", "'a'", "''", "'Ab c'", "'x,y,,z'", "'é😀ß'", "' pad '", "none", "true", "false", "nope", "v.l", "v.d", "v.u", "v.w", "v.m",
         "v.i", "v.f", "v.n", "v.e", "v", "messages", "messages[0]", "messages[-1].content", "messages[0].role", "tools", "bos_token",
         "add_generation_prompt", "x", "y", "ns.a", "range(4)", "[]", "{}", "{'k': 'w', 'j': 2}", "[3, 'b', none]", "(1, 2)", "[[1, 2], [0, 5]]", "loop.index", "loop.last",
         "loop.length", "loop.previtem", "loop.nextitem", "v.d.items()", "v.d.keys()", "'a\\nb\\n'", "\"it's\"", "v.m[0]", "v.d.a", "1e20", "0.1"]
BINARY = ["+", "-", "*", "/", "//", "%", "~", "==", "!=", "<", "<=", ">", ">=", "in", "not in", "and", "or", "~", "+", "and", "or", "=="]
FILTERS = ["upper", "lower", "title", "capitalize", "trim", "length", "first", "last", "list", "join", "join('-')", "reverse", "sort", "unique", "max", "min", "sum",
           "string", "int", "float", "round", "round(1)", "abs", "tojson", "tojson(indent=1)", "tojson(sort_keys=true)", "default('d')", "default('d', true)", "d", "replace('a', 'o')",
           "map('string')", "map('upper')", "map('length')", "map(attribute='role')", "map(attribute=0)", "select", "reject", "select('string')", "select('defined')", "reject('none')",
           "selectattr('role')", "selectattr('role', 'eq', 'user')", "rejectattr('content', 'string')", "batch(2)", "slice(2)", "batch(3, 'f')", "items", "dictsort", "groupby(0)",
           "groupby('role')", "indent", "indent(1, true)", "truncate(6)", "truncate(5, true)", "center(8)", "wordcount", "count", "attr('items')", "sort(reverse=true)", "sort(attribute=0)",
           "sort(case_sensitive=true)", "sum(attribute=0)", "map('default', 'q')", "map('replace', 'a', 'b')", "e", "safe", "format(1)", "list|length", "list|first", "tojson|length"]
TESTS = ["defined", "undefined", "none", "string", "number", "integer", "float", "boolean", "mapping", "iterable", "sequence", "callable", "true", "false", "odd", "even",
         "divisibleby(2)", "eq(1)", "ne('a')", "lt(3)", "ge(2)", "in([1, 'a', none])", "in 'abc'", "lower", "upper", "not none", "not defined", "not string", "sameas(true)", "sameas none", "filter", "test", "escaped"]
METHODS = ["upper()", "strip()", "lstrip()", "rstrip('a ')", "split()", "split(',')", "split(',', 1)", "rsplit(',', 1)", "split(none, 1)", "splitlines()", "title()", "capitalize()", "swapcase()", "replace('a', 'b')", "replace('', '.', 2)",
           "startswith('a')", "startswith(('A', 'é'))", "endswith('c')", "find('b')", "rfind('y')", "index('a')", "count('a')", "count('')", "partition(',')", "rpartition(',')", "join(['p', 'q'])", "join(v.w)", "zfill(6)", "center(9, '*')", "ljust(7)",
           "rjust(7, '.')", "isdigit()", "isalpha()", "isupper()", "isspace()", "format(1, 'z')", "removeprefix('A')", "removesuffix(' ')", "expandtabs(3)", "items()", "keys()", "values()", "get('k')", "get('zz', 7)", "get('a')", "copy()", "index(1)",
           "append(1)", "update({})", "role", "content", "x.y", "a", "b", "items", "real", "nope", "isalnum()", "istitle()", "lower()"]
KEYS = ["0", "-1", "1", "'role'", "'a'", "'items'", "5", "true", "none", "1:", ":2", "::-1", "::2", "-2:", "1:3", ":-1", "3:0:-1", "nope", "'content'", "v.i", "::0", "'upper'"]
FORMATS = ["'%s'", "'%s-%s'", "'%d'", "'%5.1f'", "'%-6s|'", "'%05d'", "'%r'", "'%x'", "'%%'", "'%(k)s'", "'%g'", "'%+d'", "'%e'", "'%.3s'", "'%6s'"]
BRACES = ["'{}'", "'{} {}'", "'{0}{0}'", "'{:>6}'", "'{:5d}'", "'{:.2f}'", "'{!r}'", "'{:,}'", "'{:^7}'", "'{:x}'", "'{:e}'", "'{:g}'", "'{:*<8}'", "'{:+}'", "'{0[0]}'", "'{0.role}'", "'{:.3}'", "'{:%}'", "'{:08.2f}'", "'{:s}'"]
SPACES = ["", "", "", " ", "\n", "\n\n", "  ", " \n ", "\t", "\r\n", "text", "é", " x "]
DATA = ["a", " b ", "\n", "  \n", "\n  ", "{", "}", "%", "#", "<|im_start|>", "\t", "'", "\\n", "}}", "%}", "\r\n", ""]


class Draw:
    def __init__(self, seed):
        self.r = random.Random(seed)
        self.loops = 0

    def expression(self, depth):
        r, pick = self.r, self.r.choice
        if depth <= 0 or r.random() < 0.12:
            return pick(ATOMS)
        sub = lambda: self.expression(depth - 1 - (r.random() < 0.4))
        return r.choices([
            lambda: f"{sub()} {pick(BINARY)} {sub()}",
            lambda: f"({sub()})",
            lambda: f"{sub()}|{pick(FILTERS)}",
            lambda: f"({sub()})|{pick(FILTERS)}",
            lambda: f"{sub()} is {pick(TESTS)}",
            lambda: f"{pick(['not', 'not', '-', '+', 'not not'])} {sub()}",
            lambda: f"{sub()} if {sub()} else {sub()}",
            lambda: f"{sub()} if {sub()}",
            lambda: f"({sub()}).{pick(METHODS)}",
            lambda: f"{pick(ATOMS)}.{pick(METHODS)}",
            lambda: f"{sub()}[{pick(KEYS)}]",
            lambda: f"({sub()})[{pick(KEYS)}]",
            lambda: f"[{sub()}, {sub()}]",
            lambda: f"{{{pick(ATOMS)}: {sub()}, 'q': {sub()}}}",
            lambda: f"({sub()}, {sub()})",
            lambda: f"{pick(FORMATS)} % {pick(ATOMS)}",
            lambda: f"{pick(FORMATS)} % ({sub()}, {sub()})",
            lambda: f"{pick(BRACES)}.format({sub()}, {pick(ATOMS)})",
            lambda: f"{sub()} {pick(['<', '==', '<=', '!=', 'in'])} {sub()} {pick(['<', '>', '==', 'in', 'not in'])} {sub()}",
            lambda: f"range({pick(['3', '1, 4', '5, 0, -2', '0', 'v.i'])})",
            lambda: f"f({sub()})" if r.random() < 0.5 else f"f({sub()}, b={sub()})",
            lambda: f"{pick(['2', '-2', '3', '10', '0', '2.0', 'v.i'])} ** {pick(['2', '0', '3', '-1', '5'])}",
        ], [8, 3, 6, 6, 4, 3, 3, 2, 5, 4, 4, 4, 2, 2, 1, 2, 2, 2, 2, 1, 2, 1])[0]()

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
