package org.fednano.jinja;

import static org.fednano.jinja.base.JinjaException.runtime;
import static org.fednano.jinja.base.JinjaException.value;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.fednano.jinja.base.Budget;
import org.fednano.jinja.base.JinjaException;
import org.fednano.jinja.library.Runtime;
import org.fednano.jinja.syntax.Expr;
import org.fednano.jinja.syntax.Stmt;
import org.fednano.jinja.value.Arguments;
import org.fednano.jinja.value.Function;
import org.fednano.jinja.value.LoopContext;
import org.fednano.jinja.value.Namespace;
import org.fednano.jinja.value.Operators;
import org.fednano.jinja.value.Types;
import org.fednano.jinja.value.Undefined;

/** Runs statements. */
final class Renderer {

    private enum Flow {
        ON,
        BREAK,
        CONTINUE
    }

    private final Runtime runtime;
    private final Scopes scopes;
    private final Evaluator evaluator;

    Renderer(Runtime runtime, Scopes scopes) {
        this.runtime = runtime;
        this.scopes = scopes;
        this.evaluator = new Evaluator(runtime);
    }

    String render(List<Stmt> template, Map<String, Object> values) {
        StringBuilder out = new StringBuilder();
        Frame frame = new Frame(scopes.root(), new Variables(null), out, values);
        frame.enter();
        run(template, frame);
        return out.toString();
    }

    private Flow run(List<Stmt> statements, Frame frame) {
        for (Stmt statement : statements) {
            runtime.budget.enter();
            Flow flow = run(statement, frame);
            runtime.budget.leave();
            if (flow != Flow.ON) {
                return flow;
            }
        }
        return Flow.ON;
    }

    private Flow run(Stmt statement, Frame frame) {
        if (statement instanceof Stmt.Data data) {
            write(data.text(), frame);
        } else if (statement instanceof Stmt.Print print) {
            print.values().forEach(v -> write(runtime.str(evaluator.value(v, frame)), frame));
        } else if (statement instanceof Stmt.If branch) {
            return run(branch, frame);
        } else if (statement instanceof Stmt.For loop) {
            return run(loop, frame);
        } else if (statement instanceof Stmt.Set set) {
            set(set, frame);
        } else if (statement instanceof Stmt.SetBlock block) {
            return run(block, frame);
        } else if (statement instanceof Stmt.Macro macro) {
            frame.set(macro.name(), new Macro(this, macro, macro.name(), scopes.special(macro), frame));
        } else if (statement instanceof Stmt.CallBlock call) {
            Macro caller = new Macro(this, call, null, scopes.special(call), frame);
            writeText(evaluator.call(call.call(), frame, caller), frame);
        } else if (statement instanceof Stmt.Generation generation) {
            Macro body = new Macro(this, generation, null, scopes.special(generation), frame);
            write((String) body.call(Arguments.of()), frame);
        } else if (statement instanceof Stmt.FilterBlock block) {
            return run(block, frame);
        } else if (statement instanceof Stmt.With with) {
            return run(with, frame);
        } else if (statement instanceof Stmt.Scope scope) {
            Frame inner = frame.in(scopes.of(scope));
            inner.enter();
            return left(run(scope.body(), inner), inner);
        } else {
            return statement instanceof Stmt.Break ? Flow.BREAK : Flow.CONTINUE;
        }
        return Flow.ON;
    }

    /** Breaks and continues do not tidy up behind them. */
    private static Flow left(Flow flow, Frame inner) {
        if (flow == Flow.ON) {
            inner.leave();
        }
        return flow;
    }

    private void write(String text, Frame frame) {
        if (frame.out().length() + text.length() > Budget.LARGEST) {
            throw JinjaException.limit("the template writes more than " + Budget.LARGEST + " characters");
        }
        runtime.budget.grow(text.length());
        frame.out().append(text);
    }

    /** What blocks write is not made a text first, as what is printed is. */
    private void writeText(Object value, Frame frame) {
        if (!Types.isText(value)) {
            throw JinjaException.type("sequence item: expected str instance, " + Types.name(value) + " found");
        }
        write(Operators.plain(value), frame);
    }

    private Flow run(Stmt.If branch, Frame frame) {
        if (Types.truth(evaluator.value(branch.test(), frame))) {
            return run(branch.body(), frame);
        }
        for (Stmt.If elif : branch.elifs()) {
            if (Types.truth(evaluator.value(elif.test(), frame))) {
                return run(elif.body(), frame);
            }
        }
        return run(branch.otherwise(), frame);
    }

    private Flow run(Stmt.For loop, Frame frame) {
        Object over = evaluator.value(loop.over(), frame);
        if (loop.recursive()) {
            write((String) new Recursion(loop, frame).call(Arguments.of(over, 0)), frame);
            return Flow.ON;
        }
        return iterate(loop, over, frame, null, 0, frame);
    }

    /** A recursive loop: a function that returns what it writes. */
    private final class Recursion implements Function {
        private final Stmt.For loop;
        private final Frame around;

        Recursion(Stmt.For loop, Frame around) {
            this.loop = loop;
            this.around = around;
        }

        @Override
        public Object call(Arguments arguments) {
            StringBuilder out = new StringBuilder();
            Frame frame = around.calling(around.symbols(), out);
            int depth = (Integer) arguments.positional().get(1);
            runtime.budget.enterCall();
            iterate(loop, arguments.positional().get(0), frame, this, depth, around);
            runtime.budget.leaveCall();
            return out.toString();
        }
    }

    private Flow iterate(Stmt.For loop, Object over, Frame frame, Function recursion, int depth, Frame around) {
        Scopes.Loop scope = scopes.loop(loop);
        Frame inner = frame.in(scopes.of(loop));
        Iterator<Object> items = Types.iterator(over);
        Object sized = over;
        if (loop.test() != null) {
            items = new Filtered(loop, items, around.calling(scope.test(), frame.out()));
            sized = items;
        }
        LoopContext context = null;
        if (scope.extended()) {
            context = new LoopContext(runtime.operators, sized, items, recursion, depth);
            items = context;
        }
        boolean completed = false;
        while (items.hasNext()) {
            runtime.budget.step();
            Object item = items.next();
            assign(loop.target(), item, inner);
            if (context != null) {
                inner.set("loop", context);
            }
            inner.enter();
            Flow flow = run(loop.body(), inner);
            if (flow == Flow.BREAK) {
                break;
            }
            completed |= flow == Flow.ON;
        }
        inner.leave();
        if (completed || loop.otherwise().isEmpty()) {
            return Flow.ON;
        }
        Frame otherwise = frame.in(scope.otherwise());
        otherwise.enter();
        return left(run(loop.otherwise(), otherwise), otherwise);
    }

    /** Elements for which the loop's {@code if} holds, each tested when it is asked for. */
    private final class Filtered implements Iterator<Object> {
        private final Stmt.For loop;
        private final Iterator<Object> items;
        private final Frame frame;
        private boolean entered;
        private boolean found;
        private Object next;

        Filtered(Stmt.For loop, Iterator<Object> items, Frame frame) {
            this.loop = loop;
            this.items = items;
            this.frame = frame;
        }

        @Override
        public boolean hasNext() {
            if (!entered) {
                frame.enter();
                entered = true;
            }
            while (!found && items.hasNext()) {
                next = items.next();
                assign(loop.target(), next, frame);
                next = evaluator.rebuilt(loop.target(), frame);
                found = Types.truth(evaluator.value(loop.test(), frame));
            }
            return found;
        }

        @Override
        public Object next() {
            if (!hasNext()) {
                throw new java.util.NoSuchElementException();
            }
            found = false;
            return next;
        }
    }

    private void set(Stmt.Set set, Frame frame) {
        checkNamespaces(set.target(), frame);
        assign(set.target(), evaluator.value(set.value(), frame), frame);
    }

    private static void checkNamespaces(Expr target, Frame frame) {
        if (target instanceof Expr.NamespaceTarget space && !(frame.get(space.name()) instanceof Namespace)) {
            throw runtime("cannot assign attribute on non-namespace object");
        }
        if (target instanceof Expr.TupleOf tuple) {
            tuple.items().forEach(t -> checkNamespaces(t, frame));
        }
    }

    private void assign(Expr target, Object item, Frame frame) {
        if (target instanceof Expr.Name name) {
            frame.set(name.name(), item);
        } else if (target instanceof Expr.NamespaceTarget space) {
            if (!(frame.get(space.name()) instanceof Namespace namespace)) {
                throw JinjaException.unsupported("a set block for an attribute of what is no namespace");
            }
            namespace.values().put(space.attribute(), item);
        } else {
            List<Expr> targets = ((Expr.TupleOf) target).items();
            List<Object> items = new ArrayList<>();
            Iterator<Object> all = Types.iterator(item);
            while (all.hasNext() && items.size() <= targets.size()) {
                items.add(all.next());
            }
            if (items.size() != targets.size()) {
                throw value((items.size() < targets.size() ? "not enough" : "too many") + " values to unpack (expected "
                        + targets.size() + ")");
            }
            for (int i = 0; i < targets.size(); i++) {
                assign(targets.get(i), items.get(i), frame);
            }
        }
    }

    private Flow run(Stmt.SetBlock set, Frame frame) {
        Frame inner = frame.in(scopes.of(set)).writingTo(new StringBuilder());
        inner.enter();
        Flow flow = run(set.body(), inner);
        if (flow != Flow.ON) {
            return flow;
        }
        String text = inner.out().toString();
        assign(set.target(), set.filter() == null ? text : evaluator.filter(set.filter(), text, inner), frame);
        inner.leave();
        return flow;
    }

    private Flow run(Stmt.FilterBlock block, Frame frame) {
        Frame inner = frame.in(scopes.of(block)).writingTo(new StringBuilder());
        inner.enter();
        Flow flow = run(block.body(), inner);
        if (flow != Flow.ON) {
            return flow;
        }
        writeText(evaluator.filter(block.filter(), inner.out().toString(), inner), frame);
        inner.leave();
        return flow;
    }

    private Flow run(Stmt.With with, Frame frame) {
        Frame inner = frame.in(scopes.of(with));
        inner.enter();
        for (int i = 0; i < with.targets().size(); i++) {
            assign(with.targets().get(i), evaluator.value(with.values().get(i), frame), inner);
        }
        return left(run(with.body(), inner), inner);
    }

    /**
     * Calls a function.
     *
     * @param arguments of its parameters; {@link Variables#NOTHING} for a default
     */
    String run(Stmt.Function function, Frame defined, List<Object> arguments, Map<String, Object> extra) {
        runtime.budget.enterCall();
        Frame frame = defined.calling(scopes.of(function), new StringBuilder());
        Stmt.Signature signature = function.signature();
        for (int i = 0; i < arguments.size(); i++) {
            frame.set(signature.parameters().get(i).name(), arguments.get(i));
        }
        extra.forEach(frame::set);
        frame.enter();
        for (int i = 0; i < arguments.size(); i++) {
            if (arguments.get(i) == Variables.NOTHING) {
                String name = signature.parameters().get(i).name();
                Expr value = signature.defaultOf(i);
                frame.set(
                        name,
                        value == null
                                ? Undefined.hint("parameter '" + name + "' was not provided")
                                : evaluator.value(value, frame));
            }
        }
        run(function.body(), frame);
        runtime.budget.leaveCall();
        return frame.out().toString();
    }
}
