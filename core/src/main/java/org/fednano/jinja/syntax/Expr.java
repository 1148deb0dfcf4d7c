package org.fednano.jinja.syntax;

import java.util.List;

/** An expression. Fields that a template may leave out are null. */
public sealed interface Expr extends Node {

    /** How a name is used. */
    enum Use {
        LOAD,
        STORE,
        PARAMETER
    }

    record Const(Object value) implements Expr {
        @Override
        public List<Node> children() {
            return List.of();
        }
    }

    record Name(String name, Use use) implements Expr {
        @Override
        public List<Node> children() {
            return List.of();
        }
    }

    /** {@code namespace.attribute} as the target of {@code set}. */
    record NamespaceTarget(String name, String attribute) implements Expr {
        @Override
        public List<Node> children() {
            return List.of();
        }
    }

    record TupleOf(List<Expr> items) implements Expr {
        @Override
        public List<Node> children() {
            return Node.list(items);
        }
    }

    record ListOf(List<Expr> items) implements Expr {
        @Override
        public List<Node> children() {
            return Node.list(items);
        }
    }

    /** Keys and values in turn. */
    record DictOf(List<Expr> items) implements Expr {
        @Override
        public List<Node> children() {
            return Node.list(items);
        }
    }

    record Attribute(Expr of, String name) implements Expr {
        @Override
        public List<Node> children() {
            return List.of(of);
        }
    }

    record Item(Expr of, Expr key) implements Expr {
        @Override
        public List<Node> children() {
            return List.of(of, key);
        }
    }

    record Slice(Expr start, Expr stop, Expr step) implements Expr {
        @Override
        public List<Node> children() {
            return Node.list(start, stop, step);
        }
    }

    /** What stands between the parentheses of a call. */
    record Given(List<Expr> positional, List<Keyword> keywords, Expr more, Expr moreKeywords) {

        static final Given NONE = new Given(List.of(), List.of(), null, null);

        public record Keyword(String name, Expr value) {}

        List<Node> children() {
            return Node.list(positional, keywords.stream().map(Keyword::value).toList(), more, moreKeywords);
        }
    }

    record Call(Expr callee, Given arguments) implements Expr {
        @Override
        public List<Node> children() {
            return Node.list(callee, arguments.children());
        }
    }

    /** @param of null for the text of a block */
    record Filter(Expr of, String name, Given arguments, int line) implements Expr {
        @Override
        public List<Node> children() {
            return Node.list(of, arguments.children());
        }
    }

    record Test(Expr of, String name, Given arguments, int line) implements Expr {
        @Override
        public List<Node> children() {
            return Node.list(of, arguments.children());
        }
    }

    /** @param operator {@code not}, {@code -} or {@code +} */
    record Unary(String operator, Expr of) implements Expr {
        @Override
        public List<Node> children() {
            return List.of(of);
        }
    }

    /** @param operator arithmetic, {@code and} or {@code or} */
    record Binary(String operator, Expr left, Expr right) implements Expr {
        @Override
        public List<Node> children() {
            return List.of(left, right);
        }
    }

    record Concat(List<Expr> parts) implements Expr {
        @Override
        public List<Node> children() {
            return Node.list(parts);
        }
    }

    /** {@code first < second in third}: each pair must hold. */
    record Compare(Expr first, List<String> operators, List<Expr> others) implements Expr {
        @Override
        public List<Node> children() {
            return Node.list(first, others);
        }
    }

    record Conditional(Expr test, Expr then, Expr otherwise, int line) implements Expr {
        @Override
        public List<Node> children() {
            return Node.list(test, then, otherwise);
        }
    }
}
