"""One template for each construct of the language, and for the ways in which it can be misread."""

#: Expressions; each is printed.
EXPRESSIONS = r"""
1 + 2 * 3 - 4 | 7 // 2 | -7 // 2 | 7 % -3 | -7 % 3 | 7 / 2 | 6 / 3 | 2 ** 10 | 2 ** -1 | -2 ** 2 | 2 ** 3 ** 2 | 7.5 // 2 | -7.5 % 2 | 1e3 | 1.5e-7
1e16 | 1e15 | 123456789012345678 * 10 | 0.1 + 0.2 | 1 / 3 | 100 ** 20 | 1_000 | 0x1F + 0b11 + 0o7 | 5 // 0 | 5 % 0 | 1.0 / 0 | true + 1 | -true | +true | - - 3
'a' + 'b' | 'a' * 3 | 3 * 'ab' | 'a' * -1 | 'a' + 1 | [1] + [2, 3] | [1] * 2 | (1, 2) + (3,) | 'a' ~ 1 ~ none ~ true ~ [1, 'x'] | 1 ~ 2 + 3 | 'x' ~ nope ~ 'y'
1 == 1.0 | true == 1 | 'a' < 'b' | 'Z' < 'a' | [1, 2] < [1, 3] | (1,) == [1] | none == false | 1 < 'a' | none < 1 | 1 < 2 < 3 | 1 < 3 > 2 | 1 < 3 < 2 | 1 == 1 == 1
'a' in 'cat' | 1 in [1, 2] | 'k' in {'k': 1} | 1 not in [2] | not 1 in [1] | not 'x' in 'y' and true | 1 in 'abc' | '' in 'abc' | none in [none] | 1 in none | 2 in range(3)
not a is defined | not none is none | not 1 == 2 | not true or true | true and 0 | '' or 'x' | none and 1 | [] or {} | 1 if true else 2 | 1 if false | 'a' if '' else 'b' if 0 else 'c'
[1, 2, 3][0] | [1, 2, 3][-1] | [1, 2, 3][9] | 'héllo'[1] | 'a😀b'[1] | 'a😀b'[-1] | [1, 2, 3][true] | {'a': 1}.a | {'a': 1}['a'] | {'a': 1}.b | {1: 'x'}[1.0] | (1, 2)[1]
[1, 2, 3, 4][1:3] | [1, 2, 3][::-1] | 'abc'[::-1] | 'a😀bc'[1:3] | 'abcdef'[::2] | 'abcdef'[-3:-1] | 'abcdef'[4:1:-1] | range(10)[2:8:3] | (1, 2, 3)[:2] | 'abc'[5:] | 'abc'[::0] | {'a': 1}[1:]
[1, 2, 3][:'x'] | none[0] | 5[0] | nope.x | nope['x'] | v.n.x | v.n['x'] | v.d.items | v.d['items'] | v.d.x | v.l.x | v.u.x | v.i.x | v.l[10] | v.d[[1]] | v.l['append'] | v.l.append
v.l.append(4) | v.d.update({'a': 1}) | v.d.pop('b') | v.l.sort() | v.l.__class__ | v.u.__len__ | v.l.pop is defined | v.u._x | {'_x': 1}._x | v.u.encode() | v.i.bit_length() | v.f.is_integer()
[] | [1, 'a', "it's", 'q"q', none, true, 1.0] | {} | {'a': [1], 2: none} | (1,) | () | (1, 'x') | [[1, [2]], {}] | 'a\nb\t\\' | ['a\nb\t\\'] | ['é😀\x00\x7f\xa0\u200b'] | ["both ' and \""] | v.u | [v.u]
v | v.d | v.d.items() | v.m | v.d.keys() | v.d['values']() | v.d.keys() | list(v.l) | v.d.get('b') | v.d.get('q') | v.d.get('q', 'z') | v.d.get(k='b') | v.d.copy() | dict(a=1, b=2) | dict(v.m) | dict([('a', 1)], c=3)
range(3) | range(1, 10, 3) | range(5, 0, -2) | range(0) | range(3)[1] | range(3)|list | range(2.0) | range('a') | range(10 ** 6) | range(1, 2, 0) | 1 in range(5) | range(3) == range(0, 3) | range(9)|length
'%s and %d' % ('a', 3) | '%5.2f|%-5s|%05d' % (1.005, 'x', 42) | '%x %X %o %e' % (255, 255, 8, 12345.678) | '%(a)s %(b)r' % {'a': 1, 'b': 'x'} | '%s' % none | '%s' % [1] | '%s' % (1, 2) | '%d' % 'a' | '%%' % () | '%c' % 'x' | '%g %g' % (1e10, 0.0001) | '%+d % d' % (1, 2) | '%s %s' % 'a' | '%.2s' % 'abc' | '%r' % 'é' | '%a' % 'é' | 'a' % nope | '%s' % nope
'{} {}'.format(1, 'a') | '{1} {0}'.format(1, 2) | '{a[b]} {c.d}'.format(a={'b': 1}, c={'d': 2}) | '{:>5}|{:<5}|{:^5}'.format(1, 'a', 'b') | '{:05d} {:,} {:_}'.format(42, 1234567, 1234567) | '{:.3f} {:e} {:g} {:%}'.format(1.5, 1.5, 1.5, 0.25) | '{!r} {!s} {!a}'.format('é', 'é', 'é') | '{{}} {}'.format(1) | '{:{}}'.format('a', 5) | '{} {0}'.format(1) | '{'.format() | '}'.format() | '{x}'.format() | '{:x} {:#x} {:b} {:+}'.format(255, 255, 5, 5) | '{:*^9}'.format('mid') | '{:d}'.format('a') | '{:s}'.format(1) | '{:>4}'.format(true) | '{}'.format(none) | '{:3}'.format(none) | '{0.__class__}'.format(1) | '{:.2}'.format('abc') | '{:.3}'.format(1234.5) | '{:.3}'.format(1.0)
"""

#: Methods of texts: what they are called on, and how.
METHODS = {
    "'  a b  '": ["strip()", "lstrip()", "rstrip()", "strip(' a')", "split()", "split(' ')", "split(None, 1)", "split(maxsplit=1)"],
    "'a,b,,c'": ["split(',')", "split(',', 1)", "rsplit(',', 1)", "split(',', maxsplit=2)", "split('')", "partition(',')", "rpartition(',')",
                 "partition('x')", "rpartition('x')", "count(',')", "replace(',', ';')", "replace(',', ';', 2)", "replace('', '-')",
                 "index('b')", "index('z')", "rindex(',')", "find(',', 2)", "find(',', 2, 3)", "rfind(',')", "find('z')", "join('xyz')",
                 "join(['1', '2'])", "join([1])", "split(1)", "startswith('a')", "startswith(('x', 'a'))", "startswith(['a'])",
                 "endswith('c', 2)", "startswith('b', 2)", "startswith('', 9)", "strip(none)", "strip(1)"],
    "'<think>x</think>\\n\\ny'": ["split('</think>')", "split('</think>')[-1].lstrip('\\n')", "split('</think>', 1)[0]",
                                  "removeprefix('<think>')", "removesuffix('y')", "splitlines()", "splitlines(true)",
                                  "rsplit('\\n', 1)", "splitlines(keepends=true)"],
    "'hello wORLD 1st ß'": ["upper()", "lower()", "title()", "capitalize()", "swapcase()", "isupper()", "islower()", "istitle()",
                            "isalpha()", "isalnum()", "casefold()", "isascii()", "isspace()", "isprintable()"],
    "'42'": ["isdigit()", "isdecimal()", "isnumeric()", "isalnum()", "zfill(5)", "center(6)", "center(7, '*')", "ljust(5, '.')",
             "rjust(5)", "rjust(5, 'ab')", "isidentifier()", "translate({})", "encode('utf-8')", "nope()", "format_map({})"],
    "'-7'": ["zfill(5)", "isdigit()"], "''": ["isdigit()", "isspace()", "title()", "capitalize()", "split()", "split(',')", "splitlines()"],
    "'a\\tb\\n\\tc'": ["expandtabs()", "expandtabs(4)", "split()", "strip('a\\n')"],
    "'a😀b😀'": ["find('b')", "index('😀', 2)", "rfind('😀')", "count('😀')", "count('')", "replace('', '.')", "center(9, '😀')", "split('😀')",
                 "upper()", "partition('😀')", "startswith('😀', 1)", "strip('😀')"],
    "[1, 2, 1]": ["index(2)", "count(1)", "index(9)", "copy()", "append(1)", "index(1, 1)"], "(1, 2)": ["index(2)", "count(5)"],
}

#: Filters: what they are applied to, and how.
FILTERS = {
    "v.l": ["length", "count", "first", "last", "sort", "sort(reverse=true)", "max", "min", "sum", "join", "join('-')", "reverse|list", "list", "string",
            "map('string')|join(',')", "select('odd')|list", "reject('eq', 1)|list", "batch(2)|list", "batch(2, 0)|list", "slice(2)|list",
            "slice(2, 'x')|list", "unique|list", "tojson", "random", "pprint", "map('abs')|sum", "sum(start=10)", "map('nope')|list",
            "select|list", "select('nope')|list", "map|list", "reverse", "map('string')", "select('>', 1)|list", "select('in', [1, 5])|list",
            "first(1)", "abs", "round", "int", "float", "upper", "trim", "replace('1', 'x')", "indent", "default(1)", "attr('append')", "attr('count')"],
    "v.u": ["upper", "lower", "title", "capitalize", "length", "list", "reverse", "first", "last", "trim", "tojson", "tojson(ensure_ascii=true)",
            "string", "replace('q', 'ZZ')", "replace('q', 'Z', 1)", "e", "safe", "escape|length", "e ~ '<'", "wordcount", "truncate(5)",
            "truncate(5, true)", "truncate(8, false, '..', 0)", "center(20)", "indent(2)", "join('.')", "urlencode", "striptags", "forceescape",
            "select|list", "unique|join", "sort|join", "int", "float", "default('x')", "items|list", "count", "max", "map('upper')|join"],
    "'a\\nb\\n\\nc'": ["indent", "indent(2)", "indent(first=true)", "indent(2, true, true)", "indent('> ')", "indent(width=1, blank=true)",
                       "wordwrap(3)", "trim", "replace('\\n', ' ')", "title", "length"],
    "'foo bar baz qux'": ["truncate(9)", "truncate(9, true)", "truncate(11)", "truncate(11, false, '...', 0)", "title", "wordcount", "truncate(2)"],
    "'it-s (a) tEst[x] <y> {z}'": ["title", "capitalize", "upper"], "'%s-%s'": ["format(1, 2)", "format('a')", "format(a=1)"],
    "'%(a)s'": ["format(a=1)", "format(1, a=2)"], "'12'": ["int", "float", "int + 1", "int(base=8)"], "'0x1f'": ["int", "int(base=16)", "int(5)", "float"],
    "'4.7'": ["int", "float", "round"], "'x'": ["int", "float", "int(-1)", "float(none)"], "' 1_0 '": ["int", "float"], "'1e3'": ["int", "float"],
    "'inf'": ["int", "float"], "none": ["int", "float", "default('x')", "default('x', true)", "length", "string", "upper", "tojson", "list", "first", "abs"],
    "nope": ["int", "length", "upper", "list", "first", "last", "join", "default('x')", "d", "tojson", "string", "reverse|list", "map('upper')|list",
             "items|list", "sort", "trim", "e", "sum", "max", "replace('a', 'b')", "abs", "round", "indent", "truncate", "default", "title", "select|list"],
    "42.555": ["round", "round(1)", "round(2, 'floor')", "round(1, 'ceil')", "round(-1)", "int", "string", "abs", "tojson", "round(1, 'x')"],
    "-3.5": ["round", "abs", "int", "round(0, 'floor')"], "2.5": ["round", "round|int"], "1234": ["round", "round(-2)", "round(-2, 'floor')", "string", "length", "filesizeformat"],
    "v.d": ["tojson", "tojson(indent=2)", "tojson(indent=4)|indent(2)", "tojson(separators=(',', ':'))", "tojson(sort_keys=true)", "dictsort",
            "dictsort(by='value')", "dictsort(true)", "dictsort(reverse=true)", "items|list", "length", "list", "first", "last", "sort", "join(',')",
            "string", "map('upper')|list", "attr('b')", "attr('keys')", "xmlattr", "urlencode", "reverse|list", "max", "tojson(indent='--')", "tojson(indent=0)"],
    "v.m": ["map('first')|list", "map(attribute=0)|list", "map(attribute='1')|sum", "sum(attribute=1)", "sort(attribute=1, reverse=true)", "sort(attribute='1,0')",
            "groupby(0)", "groupby(1)|map('last')|list", "join(',', attribute=0)", "max(attribute=1)", "unique(attribute=1)|list",
            "map(attribute='x')|list", "map(attribute='x', default='-')|list", "selectattr(1, 'eq', 2)|list", "rejectattr(1)|list", "dictsort"],
    "messages": ["length", "map(attribute='role')|join(' ')", "selectattr('role', 'equalto', 'user')|list|length", "selectattr('content', 'string')|list|length",
                 "rejectattr('role', 'in', ['user', 'system'])|map(attribute='role')|list", "selectattr('tool_calls', 'defined')|list|length",
                 "selectattr('tool_calls')|list|length", "groupby('role')|map(attribute=0)|list", "groupby('role')|map(attribute='grouper')|join(',')",
                 "map(attribute='content')|list", "map(attribute='extra.k')|list", "map(attribute='extra.k', default=0)|list", "first|tojson",
                 "last|attr('keys')", "map('tojson')|join('\\n')", "tojson", "tojson(indent=2)", "sort(attribute='role')|map(attribute='role')|list",
                 "unique(attribute='role')|map(attribute='role')|list", "selectattr('role', '==', 'user')|map(attribute='content')|list",
                 "string", "list|last", "reverse|map(attribute='role')|list", "selectattr('role', 'user')|list", "batch(2)|map('length')|list"],
    "['B', 'a', 'C', 'a', 'b']": ["sort", "sort(case_sensitive=true)", "unique|list", "unique(true)|list", "max", "min", "max(case_sensitive=true)",
                                  "groupby('0')", "sort|join", "map('lower')|unique|list", "map('replace', 'a', 'x')|list"],
    "[1, 'a']": ["sort", "max", "sum", "join('+')"], "[]": ["max", "first", "last", "sum", "join", "sort", "length", "batch(2)|list", "slice(2)|list"],
    "[1.5, 2]": ["sum", "max", "sort", "map('int')|list", "map('round')|list"], "true": ["tojson", "int", "string", "abs", "round", "lower"],
    "[none, true, 1.0, 1e20, 'é', '</script>', {'a': none}, (1, 2)]": ["tojson", "tojson(indent=1)", "string", "list"],
    "{'b': 1, 1: 2, none: 3, true: 4, 2.5: 5}": ["tojson", "items|list", "length", "tojson(sort_keys=true)"], "{(1, 2): 3}": ["tojson", "list"],
    "range(5)": ["list", "sum", "last", "join", "reverse|list", "tojson", "batch(3)|list", "length", "max", "random"],
    "v.d.items()": ["list", "length", "first", "last", "sort", "tojson", "dictsort", "map('first')|list", "reverse|list", "string"],
}

#: Tests.
TESTS = {
    "defined": ["a", "v", "v.x", "none", "v.d.b"], "undefined": ["a", "none"], "none": ["none", "a", "0", "v.n"], "string": ["'a'", "1", "a", "'a'|e"],
    "number": ["1", "true", "1.0", "'1'"], "integer": ["1", "true", "1.0"], "float": ["1.0", "1"], "boolean": ["true", "0"], "true": ["true", "1"],
    "false": ["false", "0"], "mapping": ["{}", "[]", "v", "a"], "iterable": ["'a'", "1", "[]", "{}", "a", "none", "range(2)", "v.d.items()", "[1]|map('abs')"],
    "sequence": ["'a'", "1", "[]", "{}", "a", "(1,)", "v.d.items()", "range(2)", "[1]|map('abs')"], "callable": ["range", "'a'.upper", "1", "a", "v.d.get", "namespace()"],
    "odd": ["1", "2", "1.5", "'a'", "a"], "even": ["0", "3", "2.0"], "divisibleby(3)": ["9", "10", "0"], "divisibleby 3": ["9", "7"], "divisibleby(0)": ["1"],
    "eq(1)": ["1", "'1'", "true"], "ne 2": ["1", "2"], "lt(3)": ["2", "'a'"], "greaterthan(1)": ["2"], "in([1, 2])": ["1", "3"], "in 'abc'": ["'b'", "1"],
    "sameas(true)": ["true", "1"], "sameas(none)": ["none", "a"], "sameas(v.l)": ["v.l", "[3, 1, 2]"], "lower": ["'ab'", "'aB'", "'1'", "1"], "upper": ["'AB'", "''", "none"],
    "filter": ["'upper'", "'nope'", "'tojson'", "1"], "test": ["'odd'", "'nope'"], "escaped": ["'a'", "'a'|e", "a"], "not defined": ["a", "v"], "not none": ["none", "1"],
    "nope": ["1"], "odd(1)": ["1"], "eq": ["1"], "equalto 1 or true": ["2"],
}

LOOP = "{% for m in messages %}BODY{% endfor %}"
STATEMENTS = [
    # white space
    "  {% if true %}\n  a\n  {% endif %}\n  b\n", "a {%- if true -%} b {%- endif -%} c", "a\n  {{- 1 -}}  \nb", "  {%+ if true %}a{% endif +%}\nb",
    "{# c #}\nx", "  {# c #}  y\n", "x {#- c -#} y", "x\n\n", "x\n", "\n\nx", "{% raw %}{{ a }}{% b %}{% endraw %}", "{% raw -%}  a  {%- endraw %} b",
    "  {% raw %}\n a\n  {% endraw %}\nb", "{%- raw -%} x {%- endraw -%} y", "a\r\nb{% if 1 %}\r\nc{% endif %}\r\n", "a\rb", "{{ 'a\r\nb' }}",
    "\t{% if 1 %}x{% endif %}\t\n", "x {% if 1 %}\n\ny{% endif %}", "{% if 1 %}  \nx{% endif %}", "{{ 1 }}\n{{ 2 }}\n", "  {{ 1 }}\n", "{{ '}}' }}{{ '%}' }}",
    "{{ {'a': {'b': 1}} }}", "{{ {'a': {}}['a'] }}", "{{'{{'}}", "{ { }} %} #}", "{{ 1 }", "{% if 1 %", "{# open", "{#", "{% raw %}", "a {% raw %} b", "{{ 'a }}",
    "\u00a0{% if 1 %}x{% endif %}", "{%if 1%}x{%endif%}", "{{-1}}", "{{ - 1 }}", "{%set x=1%}{{x}}", "{{ 1 }}{#-#} x", "a{{ '' }}\n", "{%\nif 1\n%}x{%\nendif\n%}",
    # literals
    r"{{ 'a\'b' }}{{ \"c\\\"d\" }}".replace('\\"', '"'), r"{{ '\s\d\é' }}", r"{{ '\x41\u00e9\U0001F600\101\n' }}", r"{{ '\x4' }}", r"{{ '\N{BULLET}' }}",
    "{{ 'a' 'b' \"c\" }}", "{{ 'line\\\ncont' }}", "{{ '\\\\n' }}", "{{ 1.e }}", "{{ 1..x }}", "{{ 08 }}", "{{ 1__0 }}", "{{ 0x }}", "{{ ünd }}", "{{ $ }}", "{{ a! }}",
    "{{ True }}{{ true }}{{ None }}{{ none }}{{ TRUE }}", "{{ [1,] }}{{ (1,) }}{{ {'a': 1,} }}{{ [,] }}", "{{ 1, 2 }}", "{{ }}", "{{ () }}", "{{ (1) }}",
    "{{ {'a': 1, 'a': 2, 'b': 3} }}", "{{ {[1]: 2} }}", "{{ v.l.0 }}{{ v.l.1 }}{{ v.m.0.0 }}", "{{ 'a'|upper|lower|length + 1 }}", "{{ -v.l|first }}", "{{ -3|abs }}{{ 2 * 3|string }}",
    # set
    "{% set a = 1 %}{{ a }}{% set a, b = 2, 3 %}{{ a }}{{ b }}", "{% set a = 1, 2 %}{{ a }}", "{% set (a, b), c = [1, 2], 3 %}{{ a ~ b ~ c }}", "{% set a, b = 1 %}",
    "{% set a, b = [1, 2, 3] %}", "{% set a, b = 'xy' %}{{ b ~ a }}", "{% set x %}\n  a\n  b\n{% endset %}[{{ x }}]", "{% set x | upper %}a{{ 1 }}b{% endset %}{{ x }}",
    "{% set x | replace('a', 'b') | upper %}aa{% endset %}{{ x }}", "{% set 1 = 2 %}", "{% set a.b = 2 %}", "{% set ns = namespace(x=1) %}{% set ns.x = ns.x + 1 %}{{ ns.x }}",
    "{% set ns = namespace({'a': 1}, b=2) %}{{ ns.a + ns.b }}{{ ns.c is defined }}{{ ns }}", "{% set ns = namespace() %}{% set ns.a, ns.b = 1, 2 %}{{ ns.a }}{{ ns['b'] }}",
    "{% set d = {'x': 1} %}{% set d.x = 2 %}{{ d }}", "{% set ns = namespace() %}{% set ns.t %}x{% endset %}{{ ns.t }}", "{% set loop = 1 %}{{ loop }}", "{% set none = 1 %}",
    "{% set x = 1 %}{% for i in [1] %}{% set x = 2 %}{{ x }}{% endfor %}{{ x }}", "{% if true %}{% set x = 1 %}{% endif %}{{ x }}", "{% if false %}{% set bos_token = 1 %}{% endif %}{{ bos_token }}",
    "{{ x }}{% set x = 1 %}{{ x }}", "{% for i in [1, 2] %}{{ x }}{% set x = i %}{{ x }}{% endfor %}", "{% for i in [1] %}{{ bos_token }}{% endfor %}{% set bos_token = 'q' %}{{ bos_token }}",
    "{% set bos_token = bos_token ~ '!' %}{{ bos_token }}", "{% for i in [1, 2] %}{% set bos_token = bos_token ~ '!' %}{{ bos_token }}{% endfor %}{{ bos_token }}", "{% set messages = messages[1:] %}{{ messages|length }}",
    "{% set x = 0 %}{% for i in [1, 2] %}{% if i == 2 %}{% set x = 5 %}{% endif %}{{ x }}{% endfor %}{{ x }}", "{% set range = 5 %}{{ range }}", "{% set x = y %}{{ x is defined }}",
    # if
    "{% if messages %}a{% elif x %}b{% else %}c{% endif %}", "{% if x %}a{% elif messages|length > 1 %}b{% elif 1 %}d{% else %}c{% endif %}", "{% if x, y %}a{% endif %}", "{% if 1: %}a{% endif %}",
    "{% if 1 %}a{% else %}b{% elif 1 %}c{% endif %}", "{% if %}a{% endif %}", "{% if 1 %}a", "{% endif %}", "{% if false %}{{ 1|nope }}{% endif %}x", "{% if true %}{{ 1|nope }}{% endif %}", "{{ 1|nope if false else 2 }}",
    "{% for x in [] %}{{ 1|nope }}{% endfor %}", "{% if false %}{% for x in [] %}{{ 1|nope }}{% endfor %}{% endif %}", "{% if 'fromjson' is filter %}{{ 1|fromjson }}{% else %}no{% endif %}", "{% if 1 is nope %}{% endif %}",
    # for
    LOOP.replace("BODY", "{{ loop.index }}{{ loop.index0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.depth }}{{ loop.depth0 }};"),
    LOOP.replace("BODY", "{{ loop.previtem.role if loop.previtem is defined }}<{{ m.role }}>{{ loop.nextitem.role if loop.nextitem }};"), LOOP.replace("BODY", "{{ loop.cycle('a', 'b') }}{{ loop.changed(m.role) }}"),
    LOOP.replace("BODY", "{% if loop.first %}{% continue %}{% endif %}{{ m.role }}{% if loop.index == 3 %}{% break %}{% endif %}"), LOOP.replace("BODY", "{{ loop }}"), LOOP.replace("BODY", "{{ loop|length }}{{ loop.nope }}"),
    "{% for m in messages if m.role != 'system' %}{{ loop.index }}/{{ loop.length }}{{ m.role }}{{ loop.last }} {% endfor %}", "{% for m in messages if m.role == 'x' %}a{% else %}none{% endfor %}",
    "{% for m in [] %}a{% else %}b{{ loop }}{% endfor %}", "{% for x in [1, 2] %}{% break %}{% else %}e{% endfor %}", "{% for x in [1] %}{% continue %}{% else %}e{% endfor %}", "{% for x in [1] %}{{ x }}{% else %}e{% endfor %}",
    "{% for a, b in v.d.items() %}{{ a }}={{ b }},{% endfor %}", "{% for a in v.d %}{{ a }}{% endfor %}", "{% for a, b in v.m %}{{ a ~ b }}{% endfor %}", "{% for (a, b), c in [[[1, 2], 3]] %}{{ a ~ b ~ c }}{% endfor %}", "{% for a, b in [1] %}{% endfor %}",
    "{% for c in 'a😀b' %}[{{ c }}]{% endfor %}", "{% for x in nope %}a{% else %}b{% endfor %}", "{% for x in none %}a{% endfor %}", "{% for x in 5 %}a{% endfor %}", "{% for x in 1, 2 %}{{ x }}{% endfor %}", "{% for x in range(3) if x %}{{ x }}{% endfor %}",
    "{% for x in [3, 1]|sort %}{{ x }}{{ loop.nextitem }}{% endfor %}", "{% for x in [1, 2, 3]|select('odd') %}{{ loop.index }}{{ loop.length }}{{ loop.last }}{{ x }}{% endfor %}", "{% set g = [1, 2]|map('string') %}{% for x in g %}{{ x }}{% endfor %}{% for x in g %}{{ x }}{% else %}e{% endfor %}",
    "{% for x in [[1, [2, [3]]], 4] recursive %}{{ loop.depth }}{% if x is iterable %}({{ loop(x) }}){% else %}{{ x }}{% endif %}{% endfor %}", "{% for x in [1] %}{{ loop([2]) }}{% endfor %}", "{% for x in [[1], 2] if x recursive %}{% if x is iterable %}({{ loop(x) }}){% else %}{{ x }}{% endif %}{% endfor %}",
    "{% for x in [1, 2] %}{% for y in [3, 4] %}{{ loop.index }}{{ x }}{{ y }}{% endfor %}{{ loop.index }}{% endfor %}", "{% for x in [1, 2] %}{% set outer = loop %}{% for y in [3] %}{{ outer.index }}{{ loop.index }}{% endfor %}{% endfor %}", "{% for loop in [1] %}{% endfor %}", "{% for x in [1] %}{% set loop = 1 %}{% endfor %}",
    "{% for x in [1] %}{{ x }}{% endfor %}{{ x }}", "{% break %}", "{% for x in [1] %}{% macro f() %}{% break %}{% endmacro %}{% endfor %}", "{% for x in [1, 2] %}{% set y %}{% break %}{% endset %}{% endfor %}z", "{% for x in [1] %}{% else %}{% break %}{% endfor %}", "{% for [a] in [[1]] %}{% endfor %}", "{% for x in [1] if %}{% endfor %}", "{% for x.y in [1] %}{% endfor %}",
    "{% set ns = namespace(n=0) %}{% for x in [1, 2, 3] if ns.n < 2 %}{% set ns.n = ns.n + 1 %}{{ x }}{% endfor %}", "{% set ns = namespace(n=0) %}{% for x in [1, 2, 3] if ns.n < 2 %}{{ loop.last }}{% set ns.n = ns.n + 1 %}{{ x }}{% endfor %}", "{% for x in [1, 2] if loop is defined %}{{ x }}{% endfor %}", "{% for x in [1, 2, 3] %}{{ loop.length if loop.index > 1 }}{% endfor %}",
    # macro, call, filter, with, generation
    "{% macro f(a, b=2, c=a) %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ f(1) }}|{{ f(1, 3) }}|{{ f(1, c=9) }}|{{ f() }}|{{ f(b=1, a=2) }}", "{% macro f(a) %}{% endmacro %}{{ f(1, 2) }}", "{% macro f(a) %}{% endmacro %}{{ f(x=2) }}", "{% macro f() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ f(1, 2, a=3) }}",
    "{% macro f(a, b) %}{{ a }}{{ b is defined }}{{ b }}{% endmacro %}{{ f(1) }}", "{% macro f(a, a) %}{% endmacro %}", "{% macro f(a=1, b) %}{% endmacro %}", "{% macro f(a=b, b=1) %}[{{ a }}{{ b }}]{% endmacro %}{{ f() }}{{ f(b=2) }}", "{{ f() }}{% macro f() %}x{% endmacro %}", "{% macro f() %}{{ x }}{% endmacro %}{% set x = 1 %}{{ f() }}{% set x = 2 %}{{ f() }}",
    "{% for x in [1, 2] %}{% macro f() %}{{ x }}{% endmacro %}{{ f() }}{% endfor %}{{ f is defined }}", "{% macro f() %}{{ x }}{% endmacro %}{% for x in [1] %}{{ f() }}{% endfor %}", "{% macro f(n) %}{{ n }}{% if n > 0 %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(5) }}", "{% macro f() %}{% set x = 1 %}{% endmacro %}{{ f() }}{{ x }}", "{% macro f() %} a {% endmacro %}[{{ f()|trim }}]",
    "{% macro f(x) %}<{{ caller() }}>{% endmacro %}{% call f(1) %}in{% endcall %}", "{% macro f() %}{{ caller(1, b=2) }}{% endmacro %}{% call(a, b) f() %}{{ a }}{{ b }}{% endcall %}", "{% macro f() %}{{ caller }}{{ caller is defined }}{% endmacro %}{{ f() }}", "{% macro f() %}x{% endmacro %}{% call f() %}y{% endcall %}", "{% call 'a'.upper() %}x{% endcall %}", "{% call f %}x{% endcall %}", "{% macro f() %}{{ messages|length }}{{ bos_token }}{% endmacro %}{{ f() }}", "{% macro f() %}{% endmacro %}{{ f }}{{ f.name }}",
    "{% macro f(caller) %}{{ caller() }}{% endmacro %}", "{% macro f(caller=none) %}{{ caller }}{% endmacro %}{{ f() }}", "{% macro f(kwargs) %}{{ kwargs }}{% endmacro %}{{ f(1) }}", "{% filter upper %}a{{ 'b' }}{% endfilter %}", "{% filter upper|replace('A', 'x') %}a{% set y = 1 %}{% endfilter %}{{ y }}", "{% filter indent(2, first=true) %}\na\nb\n{% endfilter %}", "{% filter nope %}x{% endfilter %}", "{% filter length %}abc{% endfilter %}",
    "{% with %}{% set x = 1 %}{{ x }}{% endwith %}{{ x }}", "{% with a = 1, b = a %}{{ a }}{{ b }}{% endwith %}", "{% with a = 1 %}{% with b = a + 1 %}{{ b }}{% endwith %}{% endwith %}{{ a }}", "{% with (a, b) = [1, 2] %}{{ a ~ b }}{% endwith %}", "{% with a %}{% endwith %}",
    "{% generation %}a{% set x = 1 %}{% endgeneration %}{{ x }}", LOOP.replace("BODY", "{% if m.role == 'assistant' %}{% generation %}{{ m.content }}{% endgeneration %}{% endif %}"), "{% for x in [1] %}{% generation %}{{ x }}{{ loop.index }}{% endgeneration %}{% endfor %}", "{%- generation -%} x {%- endgeneration -%} y", "{% for x in [1] %}{% generation %}{% break %}{% endgeneration %}{% endfor %}",
    "{% autoescape false %}{{ '<' }}{% endautoescape %}", "{% autoescape true %}{{ '<' }}{% endautoescape %}", "{% print 1 %}{% print 1, 'a' %}", "{% do 1 %}", "{% include 'x' %}", "{% import 'x' as y %}", "{% from 'x' import y %}", "{% extends 'x' %}", "{% block a %}x{% endblock %}", "{% trans %}x{% endtrans %}", "{% nope %}", "{% 1 %}", "{% debug %}", "{{ self }}", "{{ super }}", "{{ caller }}", "{{ varargs }}", "{{ loop }}",
    # globals
    "{{ raise_exception('no') }}", "{% if messages|length > 1 %}{{ raise_exception('many') }}{% endif %}ok", "{{ raise_exception(message='x') }}", "{{ raise_exception() }}", "{{ strftime_now('%Y-%m-%d %H:%M:%S %A %a %B %b %j %U %W %w %u %V %G %y %C %p %I %e %-d %-m %D %F %T %R %x %X %c %% %Z %z %f') }}", "{{ strftime_now('%d %b %Y') }}", "{{ strftime_now(format='%H') }}", "{{ strftime_now() }}",
    "{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.current }}{{ c.reset() }}{{ c.next() }}", "{{ cycler() }}", "{% set j = joiner(', ') %}{% for x in [1, 2, 3] %}{{ j() }}{{ x }}{% endfor %}", "{% set j = joiner() %}{{ j() }}a{{ j() }}b", "{{ lipsum() }}", "{{ range }}", "{{ dict }}", "{{ namespace }}", "{{ 'a'.upper }}", "{{ [1]|map('abs') }}", "{{ nope() }}", "{{ none() }}", "{{ 'a'() }}", "{{ v.i() }}", "{{ joiner }}",
    "{{ dict(1) }}", "{{ dict(**{'a': 1}) }}", "{{ dict(*[[['a', 1]]]) }}", "{{ range(*[1, 3])|list }}", "{{ '{}{}'.format(*'ab') }}", "{{ dict(a=1, **{'a': 2}) }}", "{{ f(a=1, a=2) }}", "{{ f(*a, *b) }}", "{{ f(**a, b) }}", "{{ dict(a=1, 2) }}", "{{ dict(a=1,) }}", "{{ range(3,)|list }}", "{{ dict(**1) }}", "{{ dict(**{1: 2}) }}",
    # chat idioms
    "{{ bos_token }}{% for message in messages %}{{ '<|' + message['role'] + '|>\\n' + message['content'] + eos_token }}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}", "{{ messages[0].content + '' }}", "{{ messages[-1].content }}", "{{ messages[-1]['content'][0]['text'] }}", "{{ messages[0].content is string and messages[0].content is not mapping }}",
    "{% if messages[0]['role'] == 'system' %}{% set system_message = messages[0]['content']|trim + '\\n\\n' %}{% set messages = messages[1:] %}{% else %}{% set system_message = '' %}{% endif %}{{ system_message }}{{ messages|length }}", "{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('alternate') }}{% endif %}{% endfor %}ok",
    "{% for m in messages %}{% if m.content is string %}{{ m.content }}{% elif m.content is iterable %}{% for c in m.content %}{% if c.type == 'image' or 'image' in c %}<image>{% elif 'text' in c %}{{ c['text'] }}{% endif %}{% endfor %}{% else %}-{% endif %}\n{% endfor %}", "{% for m in messages %}{% if m.tool_calls %}{% for t in m.tool_calls %}{{ t.function.name }}{{ t.function.arguments|tojson }}{% endfor %}{% endif %}{% endfor %}", "{% if tools %}{% for t in tools %}{{ t|tojson(indent=4) }}{% endfor %}{% endif %}",
    "{% if tools is not none and tools|length > 0 %}{{ tools|tojson }}{% endif %}", "{% for m in messages %}{{ m.content.split('</think>')[-1].lstrip('\\n') if m.content is string and '</think>' in m.content else m.content }}{% endfor %}", "{% set ns = namespace(last=messages|length - 1, more=true) %}{% for m in messages[::-1] %}{% set i = (messages|length - 1) - loop.index0 %}{% if ns.more and m.role == 'user' %}{% set ns.more = false %}{% set ns.last = i %}{% endif %}{% endfor %}{{ ns.last }}",
    "{%- for message in messages %}\n    {%- if message.role == 'user' %}\n        {{- 'U: ' + message.content|string }}\n    {%- else %}\n        {{- 'O' }}\n    {%- endif %}\n{%- endfor %}\n", "{% for m in messages %}{{ m.items()|list|length }}{{ m.keys()|list }}{% for k, val in m.items() %}{{ k }}{% endfor %}{% endfor %}", "{{ messages|selectattr('role', 'equalto', 'user')|map(attribute='content')|map('length')|list }}", "{{ tools[0].function.parameters.properties.items()|list }}", "{{ messages[2].tool_calls[0].function.arguments.items()|list }}",
    "{{ documents is none }}{{ tools is none }}{{ add_generation_prompt is defined and add_generation_prompt }}", "{{ messages|map(attribute='content')|select('string')|map('trim')|join('|') }}", "{{ (messages|last).role }}{{ messages[messages|length - 1].role }}", "{{ 'x' if messages[0].role == 'user' and not messages[1] is defined else 'y' }}", "{{ ('a' if tools else 'b') ~ ('c' if not tools else 'd') }}",
]


def _all():
    for line in EXPRESSIONS.strip().split("\n"):
        for expression in line.split(" | "):
            yield "{{ %s }}" % expression
    for table, form in ((METHODS, "{{ %s.%s }}"), (FILTERS, "{{ %s|%s }}")):
        for subject, uses in table.items():
            for use in uses:
                yield form % (subject, use)
    for test, subjects in TESTS.items():
        for subject in subjects:
            yield "{{ %s is %s }}" % (subject, test)
    yield from STATEMENTS


TEMPLATES = list(dict.fromkeys(_all()))
