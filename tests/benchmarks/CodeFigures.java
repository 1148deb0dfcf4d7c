import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.IdentifierTree;
import com.sun.source.tree.ImportTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreeScanner;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * Sizes and cycles of the main code: {@code java tests/benchmarks/CodeFigures.java [checkout]}. Dependencies are names in the
 * source, as a reader meets them; a cycle is a strongly connected component of more than one top-level type or package.
 */
final class CodeFigures {

    /** A top-level type: the names it uses and how they resolve. */
    private record Type(String name, String room, Set<String> words, Map<String, String> imports) {}

    private final Map<String, Type> types = new TreeMap<>();
    private final Map<String, Integer> rooms = new TreeMap<>(); // lines
    private final List<Integer> methods = new ArrayList<>(); // lines of each
    private long lines;
    private long code;

    public static void main(String[] args) throws IOException {
        Path root = Path.of(args.length > 0 ? args[0] : ".");
        List<Path> files;
        try (Stream<Path> walk = Files.walk(root)) {
            files = walk.filter(p -> root.relativize(p).toString().matches("(?!.*target/).*src/(main|djl-spark)/java/.*\\.java"))
                    .filter(p -> !p.endsWith("package-info.java"))
                    .sorted()
                    .toList();
        }
        CodeFigures figures = new CodeFigures();
        figures.read(files);
        figures.print(files.size());
    }

    private void read(List<Path> files) throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StandardJavaFileManager manager = compiler.getStandardFileManager(null, null, null);
        JavacTask task = (JavacTask) compiler.getTask(
                null, manager, d -> {}, List.of("-proc:none"), null, manager.getJavaFileObjectsFromPaths(files));
        SourcePositions positions = Trees.instance(task).getSourcePositions();
        for (CompilationUnitTree unit : task.parse()) {
            String room = unit.getPackageName().toString();
            List<String> text = unit.getSourceFile().getCharContent(true).toString().lines().toList();
            lines += text.size();
            rooms.merge(room, text.size(), Integer::sum);
            code += text.stream().map(String::strip).filter(CodeFigures::isCode).count();
            Map<String, String> imports = new HashMap<>();
            for (ImportTree i : unit.getImports()) {
                String name = i.getQualifiedIdentifier().toString();
                String type = i.isStatic() ? name.substring(0, name.lastIndexOf('.')) : name;
                imports.put(type.substring(type.lastIndexOf('.') + 1), type);
            }
            for (Tree declared : unit.getTypeDecls()) {
                if (declared instanceof ClassTree type) {
                    String name = room + "." + type.getSimpleName();
                    types.put(name, new Type(name, room, words(unit, type, positions), imports));
                }
            }
        }
    }

    private static boolean isCode(String line) {
        return !line.isEmpty() && !line.startsWith("//") && !line.startsWith("*") && !line.startsWith("/*");
    }

    private Set<String> words(CompilationUnitTree unit, ClassTree type, SourcePositions positions) {
        Set<String> words = new HashSet<>();
        new TreeScanner<Void, Void>() {
            @Override
            public Void visitIdentifier(IdentifierTree id, Void none) {
                words.add(id.getName().toString());
                return null;
            }

            @Override
            public Void visitMethod(MethodTree method, Void none) {
                if (method.getBody() != null && positions.getEndPosition(unit, method) > 0) {
                    long first = unit.getLineMap().getLineNumber(positions.getStartPosition(unit, method));
                    long last = unit.getLineMap().getLineNumber(positions.getEndPosition(unit, method));
                    methods.add((int) (last - first + 1));
                }
                return super.visitMethod(method, none);
            }
        }.scan(type, null);
        return words;
    }

    private void print(int files) {
        Map<String, Set<String>> classes = new TreeMap<>();
        Map<String, Set<String>> packages = new TreeMap<>();
        for (Type type : types.values()) {
            Set<String> used = new HashSet<>(type.words());
            used.addAll(type.imports().keySet());
            for (String word : used) {
                Type target = types.get(type.imports().getOrDefault(word, type.room() + "." + word));
                if (target != null && target != type) {
                    classes.computeIfAbsent(type.name(), k -> new TreeSet<>()).add(target.name());
                    if (!target.room().equals(type.room())) {
                        packages.computeIfAbsent(type.room(), k -> new TreeSet<>()).add(target.room());
                    }
                }
            }
        }
        Collections.sort(methods);
        System.out.printf("files %d, lines %d, lines of code %d%n", files, lines, code);
        System.out.printf(
                "methods %d, lines: median %d, p90 %d, p99 %d, longest %d%n",
                methods.size(), quantile(0.5), quantile(0.9), quantile(0.99), quantile(1));
        System.out.println("largest packages, lines:");
        rooms.entrySet().stream()
                .sorted(Map.Entry.<String, Integer>comparingByValue().reversed())
                .limit(8)
                .forEach(room -> System.out.printf("%6d %s%n", room.getValue(), room.getKey()));
        new Cycles(packages).print("packages");
        new Cycles(classes).print("classes");
    }

    private int quantile(double q) {
        return methods.get(Math.min(methods.size() - 1, (int) (methods.size() * q)));
    }

    /** Tarjan's strongly connected components. */
    private static final class Cycles {

        private final Map<String, Set<String>> graph;
        private final Map<String, Integer> index = new HashMap<>();
        private final Map<String, Integer> low = new HashMap<>();
        private final Deque<String> stack = new ArrayDeque<>();
        private final List<List<String>> found = new ArrayList<>();

        Cycles(Map<String, Set<String>> graph) {
            this.graph = graph;
            for (String vertex : graph.keySet()) {
                if (!index.containsKey(vertex)) {
                    visit(vertex);
                }
            }
        }

        private void visit(String vertex) {
            index.put(vertex, index.size());
            low.put(vertex, index.get(vertex));
            stack.push(vertex);
            for (String next : graph.getOrDefault(vertex, Set.of())) {
                if (!index.containsKey(next)) {
                    visit(next);
                    low.merge(vertex, low.get(next), Math::min);
                } else if (stack.contains(next)) {
                    low.merge(vertex, index.get(next), Math::min);
                }
            }
            if (low.get(vertex).equals(index.get(vertex))) {
                List<String> component = new ArrayList<>();
                do {
                    component.add(stack.pop());
                } while (!component.get(component.size() - 1).equals(vertex));
                if (component.size() > 1) {
                    found.add(component);
                }
            }
        }

        void print(String what) {
            System.out.printf("cycles of %s: %d%n", what, found.size());
            found.stream()
                    .sorted(Comparator.comparing((List<String> c) -> -c.size()))
                    .forEach(c -> System.out.println("  "
                            + c.stream().sorted().map(n -> n.replace("org.fednano.", "")).collect(Collectors.joining(" "))));
        }
    }
}
