package org.fednano.image;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.fednano.settings.JobException;

/**
 * What {@code preprocessor_config.json} asks for, with the defaults of the image processor that it names. Version 5 of
 * transformers keeps the same object in {@code processor_config.json}, as {@code image_processor}.
 *
 * @param fast made for the processor that works on tensors, which differs in where it crops and in a longest edge
 * @param pads to a square, with the mean colour
 * @param resizes whether pictures are resized at all
 * @param filter that resizes
 * @param shortestEdge pixels; 0: to {@code height} and {@code width}
 * @param longestEdge pixels, at most; 0: any
 * @param height pixels
 * @param width pixels
 * @param crops the middle
 * @param cropHeight pixels
 * @param cropWidth pixels
 * @param rescaleFactor factor of each byte; 1: none
 * @param normalises whether mean and deviation are used
 * @param mean (3)
 * @param deviation (3)
 */
public record PreprocessorConfig(
        boolean fast,
        boolean pads,
        boolean resizes,
        PillowResize.Filter filter,
        int shortestEdge,
        int longestEdge,
        int height,
        int width,
        boolean crops,
        int cropHeight,
        int cropWidth,
        double rescaleFactor,
        boolean normalises,
        List<Double> mean,
        List<Double> deviation) {

    private static final List<Double> CLIP_MEAN = List.of(0.48145466, 0.4578275, 0.40821073);
    private static final List<Double> CLIP_DEVIATION = List.of(0.26862954, 0.26130258, 0.27577711);
    private static final List<Double> HALF = List.of(0.5, 0.5, 0.5);

    /** Beyond any published size of a side; a picture of it would be memory first. */
    private static final int MOST_PIXELS = 1 << 14;

    private static final int SIDE = 224;

    /**
     * @param file {@code preprocessor_config.json}, or {@code processor_config.json} with an {@code image_processor}
     * @throws JobException with status 3 if it names another image processor or filter, or is contradictory
     */
    public static PreprocessorConfig of(JsonNode file) {
        return new Reader(file.has("image_processor") ? file.get("image_processor") : file).read();
    }

    private static JobException wrong(String field, String expected, JsonNode found) {
        return JobException.badInput(field
                + " of the image processor (preprocessor_config.json, or image_processor in processor_config.json) must be "
                + expected + ": found " + found + ".");
    }

    /** Reads one image processor's object. */
    private static final class Reader {

        private final JsonNode json;
        private final boolean fast;
        private final boolean siglip;
        private final boolean llava;

        Reader(JsonNode json) {
            this.json = json;
            // Where no type is given, transformers goes by the model's: LLaVA.
            String given = json.path("image_processor_type")
                    .asText(json.path("feature_extractor_type").asText("LlavaImageProcessor"));
            fast = given.endsWith("Fast");
            String type = given.replaceFirst("(Fast|Pil)$", "").replace("FeatureExtractor", "ImageProcessor");
            if (!Set.of("CLIPImageProcessor", "SiglipImageProcessor", "LlavaImageProcessor")
                    .contains(type)) {
                throw wrong(
                        "image_processor_type",
                        "CLIPImageProcessor, SiglipImageProcessor or LlavaImageProcessor (others are not supported)",
                        json.path("image_processor_type"));
            }
            siglip = type.startsWith("Siglip");
            llava = type.startsWith("Llava");
        }

        PreprocessorConfig read() {
            boolean resizes = flag("do_resize", true);
            boolean crops = siglip ? fast && flag("do_center_crop", false) : flag("do_center_crop", true);
            JsonNode size = present("size") ? json.get("size") : null;
            JsonNode crop = present("crop_size") ? json.get("crop_size") : null;
            int shortest = shortestEdge(size);
            return new PreprocessorConfig(
                    fast,
                    llava && flag("do_pad", false),
                    resizes,
                    resizes ? filter() : PillowResize.Filter.BICUBIC,
                    shortest,
                    fast && shortest > 0 && size != null ? edge(size, "longest_edge", 0) : 0,
                    resizes && shortest == 0 ? side(size, "size", "height", 0) : 0,
                    resizes && shortest == 0 ? side(size, "size", "width", 1) : 0,
                    crops,
                    crops ? side(crop, "crop_size", "height", 0) : 0,
                    crops ? side(crop, "crop_size", "width", 1) : 0,
                    flag("do_rescale", true) ? number("rescale_factor", 1 / 255.0) : 1,
                    flag("do_normalize", true),
                    three("image_mean", siglip ? HALF : CLIP_MEAN),
                    three("image_std", siglip ? HALF : CLIP_DEVIATION));
        }

        private boolean present(String field) {
            return json.hasNonNull(field);
        }

        /** Null means false to the processors that work on arrays, and the default to the fast ones. */
        private boolean flag(String field, boolean absent) {
            JsonNode node = json.path(field);
            if (node.isMissingNode() || node.isNull()) {
                return absent && (fast || node.isMissingNode());
            }
            if (!node.isBoolean()) {
                throw wrong(field, "true or false", node);
            }
            return node.booleanValue();
        }

        private PillowResize.Filter filter() {
            JsonNode node = json.path("resample");
            PillowResize.Filter[] filters = PillowResize.Filter.values();
            int number = node.isMissingNode() ? PillowResize.Filter.BICUBIC.ordinal() : node.asInt(-1);
            if (number < 0 || number >= filters.length) {
                throw wrong("resample", "0 to 5 (nearest, lanczos, bilinear, bicubic, box, hamming)", node);
            }
            return filters[number];
        }

        /** 0 where height and width are given. */
        private int shortestEdge(JsonNode size) {
            if (size == null) {
                return siglip ? 0 : SIDE;
            }
            int edge = size.isInt() ? size.intValue() : edge(size, "shortest_edge", 0);
            if (edge > MOST_PIXELS) {
                throw wrong("size", "at most " + MOST_PIXELS + " pixels", size);
            }
            if (siglip && edge > 0) {
                throw wrong("size", "height and width, as a SiglipImageProcessor takes it", size);
            }
            return edge;
        }

        private static int edge(JsonNode size, String name, int absent) {
            return size.path(name).asInt(absent);
        }

        private static int side(JsonNode size, String field, String name, int place) {
            if (size == null) {
                return SIDE;
            }
            int side = size.isInt()
                    ? size.intValue()
                    : size.isArray()
                            ? size.path(place).asInt(0)
                            : size.path(name).asInt(0);
            if (side < 1 || side > MOST_PIXELS) {
                throw wrong(
                        field,
                        "a number of pixels up to " + MOST_PIXELS + ", shortest_edge, or height and width",
                        size);
            }
            return side;
        }

        private double number(String field, double absent) {
            JsonNode node = json.path(field);
            if (node.isMissingNode()) {
                return absent;
            }
            if (!node.isNumber()) {
                throw wrong(field, "a number", node);
            }
            return node.doubleValue();
        }

        private List<Double> three(String field, List<Double> absent) {
            JsonNode node = json.path(field);
            if (!present(field)) {
                return absent;
            }
            List<Double> values = new ArrayList<>();
            for (int c = 0; c < 3; c++) {
                JsonNode value = node.isArray() ? node.path(c) : node;
                if (!value.isNumber() || node.isArray() && node.size() != 3) {
                    throw wrong(field, "three numbers", node);
                }
                values.add(value.doubleValue());
            }
            return List.copyOf(values);
        }
    }
}
