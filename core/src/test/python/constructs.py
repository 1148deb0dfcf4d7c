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

#: Several constructs that bear on each other.
MIXED = [
    "{% macro f() %}{% macro g() %}{{ x }}{% endmacro %}{{ g() }}{% endmacro %}{% set x = 3 %}{{ f() }}",
    "{% for i in [1,2] %}{% with i = i + 10 %}{{ i }}{% endwith %}{{ i }}{% endfor %}",
    "{% set x = 1 %}{% with %}{% set x = x + 1 %}{{ x }}{% with %}{% set x = x + 1 %}{{ x }}{% endwith %}{{ x }}{% endwith %}{{ x }}",
    "{% set x = 1 %}{% filter upper %}{% set x = 'q' %}{{ x }}{% endfilter %}{{ x }}",
    "{% set x = 1 %}{% set y %}{% set x = 5 %}{{ x }}{% endset %}{{ x }}{{ y }}",
    "{% set ns = namespace() %}{% for i in [1,2] %}{% macro f() %}{{ i }}{% endmacro %}{% set ns.f = f %}{{ ns.f() }}{% endfor %}",
    "{% macro f(a, b=a|upper, c=b ~ a) %}{{ a ~ b ~ c }}{% endmacro %}{{ f('x') }}{{ f('y', c=1) }}",
    "{% for i in range(3) %}{% if i %}{% set z = i %}{% endif %}{{ z is defined }}{{ z }}{% endfor %}{{ z is defined }}",
    "{% if messages %}{% for i in [1] %}{% set q = 1 %}{% endfor %}{% set q = q|default('d') %}{% endif %}{{ q }}",
    "{% if false %}{% set a = 1 %}{% elif true %}{% set b = 2 %}{% else %}{% set c = 3 %}{% endif %}{{ a is defined }}{{ b }}{{ c is defined }}",
    "{% for m in messages %}{% set m = m.role %}{{ m }}{% endfor %}", "{% for m in messages %}{% set messages = [] %}{{ messages|length }}{% endfor %}{{ messages|length }}",
    "{% for a in [1,2] %}{% for a in [3] %}{{ a }}{% endfor %}{{ a }}{% endfor %}", "{% set a = 5 %}{% for a in [1,2] %}{{ a }}{% endfor %}{{ a }}",
    "{% macro m() %}{{ loop is defined }}{% endmacro %}{% for i in [1] %}{{ m() }}{% endfor %}", "{% for i in [1,2] %}{% macro m() %}{{ loop.index }}{% endmacro %}{{ m() }}{% endfor %}",
    "{% call(x) dict(a=1) %}{% endcall %}", "{% macro w() %}[{{ caller('a') }}|{{ caller('b') }}]{% endmacro %}{% set o = 1 %}{% call(x) w() %}{{ x }}{{ o }}{% set o = 2 %}{{ o }}{% endcall %}{{ o }}",
    "{% set x %}{% for i in [1,2,3] %}{% if i == 2 %}{% continue %}{% endif %}{{ i }}{% endfor %}{% endset %}{{ x }}", "{% for i in [1,2,3] %}{% filter upper %}a{{ i }}{% if i == 2 %}{% break %}{% endif %}{% endfilter %}{% endfor %}z",
    "{% for x in [[1,[2]],[3]] recursive %}{% set y = loop.index %}{{ y }}{% if x is iterable %}<{{ loop(x) }}>{% endif %}{{ y }}{% else %}E{% endfor %}", "{% for k, v in {'a': {'b': {}}}.items() recursive %}{{ k }}{{ loop(v.items()) }}{% else %}-{% endfor %}",
    "{{ messages[0]['content'][:3] if messages[0]['content'] is string else messages[0]['content'][:1] }}", "{{ [1,2,3][-2:][::-1] }}{{ 'abc'[-10:10] }}{{ (1,2,3)[::-2] }}",
    "{{ 'a' < 'b' < 'c' }}{{ 1 < 2 == 2 }}{{ 1 in [1] in [[1]] }}{{ not 1 in [1] }}{{ 1 not in [1] == false }}", "{{ -1 ** 2 }}{{ 2 ** -1 }}{{ - -1 }}{{ not not 1 }}{{ 1 - -1 }}{{ 1 + + 1 }}",
    "{{ 'a' if 1 else 'b' if 1 else 'c' }}{{ ('a' if 0) is undefined }}{{ ('a' if 0) is defined }}{{ ('x' if 0) ~ 'y' }}", "{{ x.y is defined }}", "{{ x is defined and x.y }}{{ (x|default({})).y is defined }}",
    "{{ 1 is number and 2 is string or 3 is odd }}{{ 1 is not string }}{{ not 1 is string }}{{ 3 is divisibleby 3 and true }}{{ 5 is in [5] }}{{ 1 is eq 1.0 }}",
    "{{ messages|map(attribute='role')|unique|join('|') }}{{ messages|groupby('role')|length }}{% for g, l in messages|groupby('role') %}{{ g }}{{ l|length }}{% endfor %}{% for g in messages|groupby('role') %}{{ g.grouper }}{{ g.list|length }}{% endfor %}",
    "{{ {'a': 1} == {'a': 1.0} }}{{ [1] == (1,) }}{{ {} is sameas {} }}{{ {'b': 1, 'a': 2} == {'a': 2, 'b': 1} }}{{ {1: 2, true: 3, 1.0: 4} }}", "{% set d = dict(a=1) %}{% for k in d %}{{ k }}{{ d[k] }}{{ d.get(k) }}{{ d.get('z') is none }}{% endfor %}",
    "{% raw %}{{ x }}{%- if -%}{# c #}{% endraw %}", "{%- raw -%}\n a \n{%- endraw -%}\n b", "a\n  {%- raw %}  x{% endraw %}\n\nb", "  {%+ raw %} x {% endraw +%}\nb", "{# a #}{#- b -#} c {#+ d #}\n e", "x\n  {#+ d #}\n e {# f +#}\n g", "{{ 'a' }}\n\n{%- if 1 +%}\n x\n{%+ endif -%}\n\n y",
    "{%- for x in [1,2] -%}\n  {{ x }}\n{%- endfor -%}\n!", "{% for x in [1,2] %}\n  {{- x -}}\n{% endfor %}\n!", "\t {% if 1 %}\n\tx\n\t{% endif %}\n", "a {% if 1 %} b\n {% endif %} c\n", "\x0b{% if 1 %}x{% endif %}", "\x0c {% if 1 %}x{% endif %}", "a\x0c{% if 1 %}x{% endif %}\x0b", "\u2028{% if 1 %}x{% endif %}", "x\u2028 {%- if 1 %}y{% endif %}",
    "{{ '%s' % ('a',) }}{{ '%s %s' % ['a', 'b'] }}", "{{ '%(a)s %(a)s' % {'a': 1} }}", "{{ '%(a)s %s' % {'a': 1} }}", "{{ '%*d|%-*d|%.*f' % (5, 3, 4, 2, 1, 2.55) }}", "{{ '%5%' % () }}", "{{ '%#x %#o %#.3g' % (255, 8, 1.0) }}", "{{ '%i %u' % (3.9, -2.1) }}", "{{ '%c' % 65 }}", "{{ '%ld' % 3 }}", "{{ '%' % 1 }}", "{{ '%z' % 1 }}", "{{ '%(a' % {} }}", "{{ '%s' % {} }}{{ '%s' % () }}", "{{ '% 05d|%+05d|%-05d|' % (3, 3, 3) }}", "{{ '%010.3f|%-10.2e|%+.0f' % (3.14159, 31415.9, 2.5) }}", "{{ '%.3d|%8.3d|%+.3d' % (5, 5, 5) }}",
    "{{ '{0.content} {0[role]} {1}'.format(messages[0], 'x') }}", "{{ '{:{w}.{p}f}|'.format(3.14159, w=9, p=2) }}", "{{ '{!x}'.format(1) }}", "{{ '{:d}'.format(1.5) }}", "{{ '{:5}|{:<5}|{:^5}|{:>5}|{:=5}'.format(3, 3, 3, 3, -3) }}", "{{ '{:é>5}'.format('a') }}", "{{ '{:,.2f} {:_d} {:,}'.format(1234567.891, 1234567, 1e10) }}", "{{ '{0} {}'.format(1, 2) }}", "{{ '{a.b.c}'.format(a={'b': {'c': 7}}) }}", "{{ '{}'.format(nope) }}", "{{ '{:>5}'.format(nope) }}", "{{ '{0.x}'.format(nope) }}", "{{ '{'.join(['a', 'b']) }}", "{{ '{:\n>5}'.format(1) }}", "{{ '{:#b} {:#X} {:#06x} {:#06x} {:#>+8o}|{:<#8b}|{:<#8x}|{:^#9x}|{:#d}|{:+#x}'.format(5, 255, 255, -255, 8, 5, 255, 255, 7, 9) }}", "{{ '{:G} {:E} {:F}'.format(1e-10, 1.0, 2) }}", "{{ '{:s}'.format('a') }}{{ '{:10.2s}|'.format('abc') }}{{ '{:05}'.format('a') }}",
    "{{ messages|tojson(indent=2)|indent(4) }}", "{{ [1.0, 1e100, -0.0, 1e-7, 123456789.123]|tojson }}", "{{ ['\\u2028', '</x>', '\\x7f', '\\x1f', '\"', '/']|tojson }}{{ 'é😀'|tojson(ensure_ascii=true) }}", "{{ {'b': [], 'a': {}, 'c': [[]]}|tojson(indent=2, sort_keys=true) }}", "{{ [1, {'a': 2}]|tojson(separators=(',', ':')) }}{{ [1]|tojson(indent=none) }}", "{{ {none: 1, true: 2, 1.5: 3}|tojson }}", "{{ range(3)|tojson }}", "{{ nope|tojson }}", "{{ {'a': nope}|tojson }}", "{{ 'inf'|float }}{{ 'nan'|float }}{{ ['inf'|float]|tojson }}",
    "{{ 'a,b'|replace(',', ';', 0) }}{{ 5|replace(5, 6) }}{{ none|replace('N', 'n') }}{{ 'aaa'|replace('a', 'b', count=2) }}", "{{ 'x'|default }}{{ nope|default(default_value='k') }}{{ ''|default('e', boolean=true) }}{{ false|d(3, true) }}", "{{ [[1,2],[3]]|sum(start=[]) }}", "{{ ['a','b']|sum(start='') }}", "{{ 'hello'|batch(2)|map('join')|list }}", "{{ [3,1,2]|sort|last }}{{ [3,1,2]|sort|reverse|first }}", "{{ ['b', 'a'|e, 'C'|e, 'D']|sort }}", "{{ ['b', 'B'|e, 'a'|e, 'A']|unique|list }}{{ ['a', 'B'|e]|max }}", "{{ [1,2,3]|select('gt', 1)|map('string')|join }}", "{{ messages|selectattr('nope', 'undefined')|list|length }}", "{{ messages|rejectattr('nope')|list|length }}", "{{ ['a',1]|map('upper')|list }}{{ [1.26]|map('round', 1)|list }}{{ [' a ']|map('trim')|list }}",
    "{{ '1,2'.split(',')|map('int')|sum }}{{ 'a b'.split()|first }}{{ 'abc'|list|reverse|join }}", "{{ 'a\r\nb\rc\x0bd\x1ce\x85f'.splitlines() }}{{ 'a\\r\\nb\\rc\\x0bd\\x1ce\\x85f\\u2028g'.splitlines() }}", "{{ ''.join([]) }}{{ ','.join({'a': 1, 'b': 2}) }}{{ '-'.join('xy') }}{{ 'a'.join([1]) }}", "{{ 'ß'.upper() }}{{ 'ŒUF'.lower() }}{{ 'ΑΣ'.lower() }}{{ 'ΑΣ ΑΣΑ'.title() }}{{ 'ﬁn'.title() }}{{ 'ǆa'.capitalize() }}{{ 'İ'.lower()|length }}",
    "{{ 1|string|length }}{{ 10**20|string }}{{ 1e20|int }}{{ 2**63 }}{{ -2**63 - 1 }}{{ 10**18 * 10**18 }}{{ 7 // -2 }}{{ -7 % 3 }}{{ 7.5 // -2 }}{{ 1e308 * 10 }}{{ -1e308 * 10 }}", "{{ 0.1 + 0.2 }}{{ 1e16 }}{{ 1e15 }}{{ 123456789.0 }}{{ 1.0 }}{{ 100.0 }}{{ 0.00001 }}{{ 0.0001 }}{{ 1/3 }}{{ 3.0|int }}{{ 3|float }}", "{{ true + true }}{{ true * 'a' }}{{ [1] * true }}{{ true|string }}{{ true ~ 1 }}{{ [true, none] }}{{ 1 if none else 0 }}",
    "{{ cycler('a')['next']() }}{{ cycler(1, 2).items }}", "{{ joiner('-').sep }}", "{{ namespace(a=1)['a'] }}{{ namespace(a=1).b is defined }}{{ namespace(_x=1)._x }}", "{% set ns = namespace(a=[1]) %}{% set ns.a = ns.a + [2] %}{{ ns.a }}{% for x in ns.a %}{% set ns.b = x %}{% endfor %}{{ ns.b }}", "{{ namespace([['a', 1]]).a }}{{ dict({'a': 1}, b=2) }}{{ dict() }}", "{{ range(5)[1:3] }}{{ range(5)[-1] }}{{ 3 in range(5) }}{{ range(0, 10, 3)|list }}{{ range(3)|reverse|list }}", "{{ loop }}{% for x in [] %}{% endfor %}", "{{ 'abc' is iterable }}{{ 5 is iterable }}{{ none is iterable }}{{ {} is iterable }}{{ nope is iterable }}",
    "{% set x = {'a': {'b': [1, {'c': 'deep'}]}} %}{{ x.a.b[1].c }}{{ x['a']['b'][0] }}{{ x.a.b[-1]['c'] }}{{ x.a.q is defined }}{{ x.q.r is defined }}", "{{ messages[0].role.upper().lower().title() }}{{ (messages[0].role ~ 'x').upper() }}{{ messages[0].role|upper|lower }}", "{{ messages[99] is defined }}{{ messages[99].x }}", "{{ messages['0'] is defined }}{{ messages.0.role }}{{ messages[0]['ro' ~ 'le'] }}", "{{ v.d.items()|list }}{{ v.d['items'] }}{{ v['d']['items'] }}{{ v.d.get('items') }}{{ v.d|attr('items') is callable }}",
    "{{ raise_exception('a' ~ 1) }}", "{% if not messages %}{{ raise_exception('x') }}{% endif %}{{ strftime_now('%-d.%-m.%y %-H %-I %-j') }}", "{{ strftime_now('%Q') }}", "{{ strftime_now('%') }}", "{{ strftime_now('é%Yé') }}{{ strftime_now('') }}",
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
    yield from MIXED


TEMPLATES = list(dict.fromkeys(_all()))
