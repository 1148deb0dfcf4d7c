package org.fednano.jinja.syntax;

import java.util.List;

/** A statement. Fields that a template may leave out are null. */
public sealed interface Stmt extends Node {

    record Data(String text) implements Stmt {
        @Override
        public List<Node> children() {
            return List.of();
        }
    }

    record Print(List<Expr> values) implements Stmt {
        @Override
        public List<Node> children() {
            return Node.list(values);
        }
    }

    /** @param elifs each without branches of its own */
    record If(Expr test, List<Stmt> body, List<If> elifs, List<Stmt> otherwise) implements Stmt {
        @Override
        public List<Node> children() {
            return Node.list(test, body, elifs, otherwise);
        }
    }

    record For(Expr target, Expr over, List<Stmt> body, List<Stmt> otherwise, Expr test, boolean recursive)
            implements Stmt {
        @Override
        public List<Node> children() {
            return Node.list(target, over, body, otherwise, test);
        }
    }

    record Set(Expr target, Expr value) implements Stmt {
        @Override
        public List<Node> children() {
            return List.of(target, value);
        }
    }

    record SetBlock(Expr target, Expr.Filter filter, List<Stmt> body) implements Stmt {
        @Override
        public List<Node> children() {
            return Node.list(target, filter, body);
        }
    }

    /** @param defaults of the last parameters */
    record Signature(List<Expr.Name> parameters, List<Expr> defaults) {
        static final Signature NONE = new Signature(List.of(), List.of());

        /** The default of a parameter, or null. */
        public Expr defaultOf(int parameter) {
            int index = parameter - (parameters.size() - defaults.size());
            return index < 0 ? null : defaults.get(index);
        }
    }

    /** What has a body that is run as a function. */
    sealed interface Function extends Stmt {
        Signature signature();

        List<Stmt> body();
    }

    record Macro(String name, Signature signature, List<Stmt> body) implements Function {
        @Override
        public List<Node> children() {
            return Node.list(signature.parameters(), signature.defaults(), body);
        }
    }

    record CallBlock(Expr.Call call, Signature signature, List<Stmt> body) implements Function {
        @Override
        public List<Node> children() {
            return Node.list(call, signature.parameters(), signature.defaults(), body);
        }
    }

    /** {@code generation} of transformers: marks the assistant's words for a loss mask, and leaves the text as it is. */
    record Generation(List<Stmt> body) implements Function {
        @Override
        public Signature signature() {
            return Signature.NONE;
        }

        @Override
        public List<Node> children() {
            return Node.list(body);
        }
    }

    record FilterBlock(Expr.Filter filter, List<Stmt> body) implements Stmt {
        @Override
        public List<Node> children() {
            return Node.list(body, filter);
        }
    }

    record With(List<Expr> targets, List<Expr> values, List<Stmt> body) implements Stmt {
        @Override
        public List<Node> children() {
            return Node.list(targets, values, body);
        }
    }

    /** A scope of its own and nothing else: {@code autoescape false}. */
    record Scope(List<Stmt> body) implements Stmt {
        @Override
        public List<Node> children() {
            return Node.list(body);
        }
    }

    record Break(int line) implements Stmt {
        @Override
        public List<Node> children() {
            return List.of();
        }
    }

    record Continue(int line) implements Stmt {
        @Override
        public List<Node> children() {
            return List.of();
        }
    }
}
