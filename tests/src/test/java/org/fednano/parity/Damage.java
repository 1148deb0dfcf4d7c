package org.fednano.parity;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/** Ways in which a copy of a checkpoint goes wrong. Each changes the files of a folder at a random place. */
enum Damage {
    HEADER_LENGTH {
        @Override
        void apply(Path folder, SplittableRandom random) throws IOException {
            Path file = any(weights(folder), random);
            flip(file, random.nextLong(8), random);
        }
    },
    HEADER_BIT {
        @Override
        void apply(Path folder, SplittableRandom random) throws IOException {
            Path file = any(weights(folder), random);
            flip(file, 8 + random.nextLong(headerBytes(Files.readAllBytes(file))), random);
        }
    },
    DATA_BIT {
        @Override
        void apply(Path folder, SplittableRandom random) throws IOException {
            Path file = any(weights(folder), random);
            long start = 8 + headerBytes(Files.readAllBytes(file));
            flip(file, start + random.nextLong(Files.size(file) - start), random);
        }
    },
    TRUNCATION {
        @Override
        void apply(Path folder, SplittableRandom random) throws IOException {
            Path file = any(weights(folder), random);
            byte[] bytes = Files.readAllBytes(file);
            Files.write(file, Arrays.copyOf(bytes, random.nextInt(bytes.length)));
        }
    },
    APPENDED {
        @Override
        void apply(Path folder, SplittableRandom random) throws IOException {
            Path file = any(weights(folder), random);
            byte[] bytes = Files.readAllBytes(file);
            Files.write(file, Arrays.copyOf(bytes, bytes.length + 1 + random.nextInt(64)));
        }
    },
    /** Two shards under each other's names; of a model in one file, one without its file. */
    SWAPPED_SHARDS {
        @Override
        void apply(Path folder, SplittableRandom random) throws IOException {
            List<Path> files = weights(folder);
            Path first = files.remove(random.nextInt(files.size()));
            if (files.isEmpty()) {
                Files.delete(first);
                return;
            }
            Path second = any(files, random);
            byte[] kept = Files.readAllBytes(first);
            Files.write(first, Files.readAllBytes(second));
            Files.write(second, kept);
        }
    },
    /** Other sizes, as many values. */
    SHAPE {
        @Override
        void change(ObjectNode header, String name, SplittableRandom random) {
            ArrayNode shape = (ArrayNode) header.get(name).get("shape");
            long first = shape.get(0).asLong();
            if (shape.size() == 2 && first != shape.get(1).asLong()) {
                JsonNode second = shape.remove(1);
                shape.insert(0, second);
            } else {
                shape.add(1);
            }
        }
    },
    DTYPE {
        @Override
        void change(ObjectNode header, String name, SplittableRandom random) {
            List<String> types =
                    new ArrayList<>(List.of("F32", "F16", "BF16", "I32", "I16", "F64", "F8_E4M3", "F4", ""));
            types.remove(header.get(name).get("dtype").asText());
            ((ObjectNode) header.get(name)).put("dtype", types.get(random.nextInt(types.size())));
        }
    },
    OFFSETS {
        @Override
        void change(ObjectNode header, String name, SplittableRandom random) {
            ArrayNode offsets = (ArrayNode) header.get(name).get("data_offsets");
            long shift = (random.nextBoolean() ? 1 : -1) * (1 + random.nextInt(1 << random.nextInt(1, 20)));
            boolean both = random.nextBoolean();
            long begin = offsets.get(0).asLong() + shift;
            long end = offsets.get(1).asLong() + (both ? shift : 0);
            offsets.removeAll().add(begin).add(end);
        }
    },
    LOST_TENSOR {
        @Override
        void change(ObjectNode header, String name, SplittableRandom random) {
            header.remove(name);
        }
    },
    RENAMED_TENSOR {
        @Override
        void change(ObjectNode header, String name, SplittableRandom random) {
            int at = random.nextInt(name.length());
            header.set(name.substring(0, at) + "x" + name.substring(at), header.remove(name));
        }
    },
    /** Of a model in one file, its header's length. */
    INDEX_BIT {
        @Override
        void apply(Path folder, SplittableRandom random) throws IOException {
            Path index = folder.resolve("model.safetensors.index.json");
            if (Files.exists(index)) {
                flip(index, random.nextLong(Files.size(index)), random);
            } else {
                HEADER_LENGTH.apply(folder, random);
            }
        }
    };

    private static final JsonMapper JSON = JsonMapper.builder().build();

    /** Whether bytes of tensors alone change, which the format cannot detect. */
    boolean dataOnly() {
        return this == DATA_BIT;
    }

    /** Damages a copy of a model folder. */
    void apply(Path folder, SplittableRandom random) throws IOException {
        Path file = any(weights(folder), random);
        byte[] bytes = Files.readAllBytes(file);
        int length = headerBytes(bytes);
        ObjectNode header = (ObjectNode) JSON.readTree(new String(bytes, 8, length, StandardCharsets.UTF_8));
        List<String> names = new ArrayList<>();
        header.fieldNames().forEachRemaining(names::add);
        names.remove("__metadata__");
        change(header, names.get(random.nextInt(names.size())), random);
        byte[] json = header.toString().getBytes(StandardCharsets.UTF_8);
        Files.write(
                file,
                ByteBuffer.allocate(8 + json.length + bytes.length - 8 - length)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(json.length)
                        .put(json)
                        .put(bytes, 8 + length, bytes.length - 8 - length)
                        .array());
    }

    /** Damages what a header says of one tensor. */
    void change(ObjectNode header, String name, SplittableRandom random) {
        throw new UnsupportedOperationException();
    }

    private static List<Path> weights(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return new ArrayList<>(
                    files.filter(file -> file.getFileName().toString().startsWith("model")
                                    && file.toString().endsWith(".safetensors"))
                            .sorted()
                            .toList());
        }
    }

    private static Path any(List<Path> files, SplittableRandom random) {
        return files.get(random.nextInt(files.size()));
    }

    private static int headerBytes(byte[] file) {
        return (int) ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
    }

    private static void flip(Path file, long at, SplittableRandom random) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[(int) at] ^= (byte) (1 << random.nextInt(8));
        Files.write(file, bytes);
    }
}
