package org.fednano.prep.format;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.Serializable;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.fednano.sample.Medium;
import org.fednano.settings.JobException;

/**
 * Which column of a table means what. A meaning that no setting names is read from the column of that very name, if
 * there is one; dots lead into nested columns.
 */
final class TableColumns implements Serializable {

    private static final long serialVersionUID = 1L;

    private static final List<String> MEANINGS = List.of(
            "id",
            "split",
            "owner",
            "question",
            "context",
            "choices",
            "answer",
            "answer_index",
            "task",
            "category",
            Medium.IMAGE);

    private static final Pattern MODALITY = Pattern.compile("[a-z][a-z0-9_]*");

    private final TreeMap<String, String> names;
    private final String splitColumn;

    /**
     * @param names columns by meaning
     * @param splitColumn a column that samples are split by besides those that mean something; may be empty
     * @throws JobException with status 2 if a name can be neither a meaning nor a modality
     */
    TableColumns(Map<String, String> names, String splitColumn) {
        this.names = new TreeMap<>(names);
        this.splitColumn = splitColumn;
        for (String name : names.keySet()) {
            if (name.equals("text") || !MODALITY.matcher(name).matches()) {
                throw JobException.usage("prepare.columns must name columns of " + String.join(", ", MEANINGS)
                        + ", or of another modality such as audio: found '" + name + "'. Write, for example, --set"
                        + " prepare.columns.question=q.");
            }
        }
    }

    /** The value that a row has for a meaning; missing if it has none. */
    JsonNode get(JsonNode row, String meaning) {
        String column = names.getOrDefault(meaning, meaning);
        if (row.has(column)) {
            return row.get(column);
        }
        JsonNode node = row;
        for (String part : column.split("\\.", -1)) {
            node = node.path(part);
        }
        return node == row ? MissingNode.getInstance() : node;
    }

    /** Modalities besides images that have a column, by name: the order of their media in a sample. */
    List<String> furtherMedia() {
        return names.keySet().stream().filter(n -> !MEANINGS.contains(n)).toList();
    }

    /** Top-level columns that are read. */
    Set<String> used() {
        Set<String> all = new HashSet<>(MEANINGS);
        names.values().forEach(column -> {
            all.add(column);
            all.add(top(column));
        });
        all.add(splitColumn);
        all.add(top(splitColumn));
        return all;
    }

    private static String top(String column) {
        return column.split("\\.", -1)[0];
    }

    /**
     * Demands the columns that settings name, and one for the question.
     *
     * @throws JobException with status 3 if one is not there
     */
    void require(Set<String> found, String file) {
        Set<String> wanted = new HashSet<>(names.values());
        wanted.add(names.getOrDefault("question", "question"));
        if (!splitColumn.isEmpty()) {
            wanted.add(splitColumn);
        }
        for (String column : wanted) {
            if (!found.contains(column) && !found.contains(top(column))) {
                throw JobException.badInput(
                        "Column '" + column + "' expected in " + file + ": found the columns " + found
                                + ". Say which column means what with prepare.columns, as in --set prepare.columns.question=q.");
            }
        }
    }
}
