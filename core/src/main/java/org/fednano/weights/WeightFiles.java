package org.fednano.weights;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.fednano.settings.JobException;

/** The weight files of a model folder, one or shards with an index: which tensor lies where, checked against each other. */
final class WeightFiles {

    static final String SINGLE = "model.safetensors";
    static final String INDEX = "model.safetensors.index.json";

    /** A tensor's place: its file, and its name there. */
    record Place(SafeTensors file, String name) {

        String origin(String canonical) {
            return file.origin(name) + (name.equals(canonical) ? "" : " (there: " + name + ")");
        }
    }

    private final List<Path> files;
    private final TreeMap<String, Place> places;

    private WeightFiles(List<Path> files, TreeMap<String, Place> places) {
        this.files = files;
        this.places = places;
    }

    /**
     * Opens the files of a folder; a single file goes before an index, as in transformers.
     *
     * @throws JobException with status 3 if a file is missing or corrupt, or index and shards contradict each other
     */
    static WeightFiles open(Path folder, CanonicalNames names) {
        boolean single = Files.exists(folder.resolve(SINGLE)) || !Files.exists(folder.resolve(INDEX));
        Map<String, SafeTensors> opened = new TreeMap<>();
        if (single) {
            opened.put(SINGLE, weights(folder, SINGLE));
        } else {
            openShards(folder, opened);
        }
        TreeMap<String, Place> places = new TreeMap<>();
        for (SafeTensors file : opened.values()) {
            for (String name : file.names()) {
                Place place = new Place(file, name);
                Place other = places.putIfAbsent(names.of(name), place);
                if (other != null) {
                    throw JobException.badInput("Tensor " + names.of(name) + " must be in the weights of " + folder
                            + " once: found it as " + other.name() + " in "
                            + other.file().origin(other.name())
                            + " and as " + name + " in " + file.origin(name) + ". Copy the model again.");
                }
            }
        }
        requireParts(places);
        requireOneHalf(places);
        return new WeightFiles(opened.keySet().stream().map(folder::resolve).toList(), places);
    }

    /** A tensor that nothing here reads would be left out without a word, and the model be another one. */
    private static void requireParts(TreeMap<String, Place> places) {
        places.forEach((name, place) -> {
            if (CanonicalNames.PARTS.stream().noneMatch(name::startsWith)) {
                throw JobException.badInput("Tensor " + name + " in " + place.origin(name)
                        + " has no place in the model that config.json describes: expected tensors of its vision tower,"
                        + " projector and language model only. Take a checkpoint of that model_type, as published.");
            }
        });
    }

    /**
     * Float16 and bfloat16 side by side in one part of a model never come from training or conversion, but from a damaged
     * header, and each reads the other's bits as other numbers.
     */
    private static void requireOneHalf(TreeMap<String, Place> places) {
        Map<String, String> seen = new TreeMap<>(); // part and type, to a tensor of it
        places.forEach((name, place) -> {
            String part = name.substring(0, name.indexOf('.') + 1);
            String dtype = place.file().dtype(place.name());
            if (dtype.equals("F16") || dtype.equals("BF16")) {
                seen.putIfAbsent(part + dtype, name);
                String other = seen.get(part + (dtype.equals("F16") ? "BF16" : "F16"));
                if (other != null) {
                    throw JobException.badInput("Tensor " + name + " in " + place.origin(name)
                            + " must have the half-precision type of the tensors around it: found " + dtype
                            + ", and tensor " + other + " of the other. The file is damaged: copy the model again.");
                }
            }
        });
    }

    private static void openShards(Path folder, Map<String, SafeTensors> opened) {
        Path index = folder.resolve(INDEX);
        JsonNode map = read(folder, index).path("weight_map");
        if (!map.isObject() || map.isEmpty()) {
            throw JobException.badInput(index + " must hold a weight_map from tensors to files: found "
                    + map.getNodeType() + ". Copy the model again.");
        }
        Map<String, String> fileOf = new TreeMap<>();
        for (Iterator<Map.Entry<String, JsonNode>> all = map.fields(); all.hasNext(); ) {
            Map.Entry<String, JsonNode> entry = all.next();
            String file = entry.getValue().asText();
            if (!entry.getValue().isTextual() || !file.matches("[A-Za-z0-9._-]+\\.safetensors")) {
                throw JobException.badInput(index + " must name .safetensors files in its own folder: found "
                        + entry.getValue() + " for tensor " + entry.getKey() + ". Copy the model again.");
            }
            fileOf.put(entry.getKey(), file);
            opened.computeIfAbsent(file, name -> shard(folder, index, name, entry.getKey()));
        }
        fileOf.forEach((name, file) -> requireInside(index, name, file, opened));
        opened.forEach((file, shard) -> requireListed(index, file, shard, fileOf));
    }

    private static JsonNode read(Path folder, Path index) {
        try {
            return SafeTensorsHeader.JSON.readTree(HfModelFolder.readText(folder, INDEX));
        } catch (JsonProcessingException e) {
            throw JobException.badInput(
                    index + " must be JSON with each tensor once: " + e.getOriginalMessage()
                            + ". Copy the model again.",
                    e);
        }
    }

    private static SafeTensors shard(Path folder, Path index, String file, String tensor) {
        Path path = folder.resolve(file);
        if (!Files.exists(path)) {
            throw JobException.badInput("Shard " + path + " expected, because " + index + " has tensor " + tensor
                    + " in it: found no such file. Copy the missing shard into the folder.");
        }
        return weights(folder, file);
    }

    private static SafeTensors weights(Path folder, String name) {
        try {
            return SafeTensors.open(ModelFile.of(folder, name));
        } catch (IOException e) {
            return SafeTensors.open(folder.resolve(name)); // there is none, which it says best
        }
    }

    private static void requireInside(Path index, String name, String file, Map<String, SafeTensors> opened) {
        if (!opened.get(file).names().contains(name)) {
            List<String> elsewhere = new ArrayList<>();
            opened.forEach((other, shard) -> {
                if (shard.names().contains(name)) {
                    elsewhere.add(other);
                }
            });
            throw JobException.badInput("Tensor " + name + " expected in shard " + file + " by " + index + ": found it "
                    + (elsewhere.isEmpty() ? "in none of the index's shards" : "in " + String.join(", ", elsewhere))
                    + ". Shards and index are not of the same copy of the model.");
        }
    }

    private static void requireListed(Path index, String file, SafeTensors shard, Map<String, String> fileOf) {
        for (String name : shard.names()) {
            if (!file.equals(fileOf.get(name))) {
                throw JobException.badInput("Tensor " + name + " of shard " + file + " expected in " + index
                        + " with that shard: found "
                        + (fileOf.containsKey(name) ? "it with " + fileOf.get(name) : "it nowhere")
                        + ". Shards and index are not of the same copy of the model.");
            }
        }
    }

    /** The files, sorted by name. */
    List<Path> files() {
        return files;
    }

    /** Tensors by canonical name. */
    SortedMap<String, Place> places() {
        return places;
    }
}
