package org.fednano.iconworld;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.fednano.random.SplitMix64;
import org.fednano.sample.Split;
import org.fednano.settings.DataKeys;
import org.fednano.settings.JobException;
import org.fednano.settings.Settings;

/**
 * A world's owners and their samples. Immutable; {@link #draw} may be called from many threads, each with its own
 * painter, in any order.
 */
final class IconWorld {

    /** Noise of the control world, of 255: clearly visible, yet every figure can still be told. */
    private static final double CONTROL_NOISE = 24;

    /** An owner gets at least this part of an equal share of the training samples. */
    private static final int LEAST_SHARE = 5;

    private final World world;
    private final long seed;
    private final List<Owner> owners;

    private IconWorld(World world, long seed, List<Owner> owners) {
        this.world = world;
        this.seed = seed;
        this.owners = List.copyOf(owners);
    }

    /** The world that the settings {@code generate.*} describe. */
    static IconWorld of(Settings settings) {
        World world = World.of(settings.get(DataKeys.WORLD));
        long seed = settings.get(DataKeys.GENERATE_SEED);
        int clients = world == World.BASE ? 1 : settings.get(DataKeys.GENERATE_CLIENTS);
        int train = settings.get(DataKeys.GENERATE_TRAIN);
        if (train < clients) {
            throw JobException.usage("generate.train counts the samples of all clients together and must be at least"
                    + " generate.clients = " + clients + ": found " + train + ". Raise it or lower generate.clients.");
        }
        int[] sizes = sizes(
                train,
                clients,
                SplitMix64.of(seed, world.text(), "sizes")
                        .dirichlet(settings.get(DataKeys.GENERATE_SIZE_SKEW), clients));
        List<Owner> owners = new ArrayList<>();
        for (int k = 0; k < clients; k++) {
            String id = world == World.BASE ? "base" : String.format("c%03d", k + 1);
            Map<Split, Integer> rows = new EnumMap<>(Split.class);
            rows.put(Split.TRAIN, sizes[k]);
            rows.put(Split.VAL, settings.get(DataKeys.GENERATE_VAL));
            rows.put(Split.TEST, settings.get(DataKeys.GENERATE_TEST));
            rows.put(Split.BALANCED, settings.get(DataKeys.GENERATE_BALANCED));
            owners.add(new Owner(id, shift(world, k, settings), answers(world, id, seed, settings), rows));
        }
        return new IconWorld(world, seed, owners);
    }

    World world() {
        return world;
    }

    long seed() {
        return seed;
    }

    List<Owner> owners() {
        return owners;
    }

    /** Samples of all owners and splits. */
    long total() {
        return owners.stream()
                .flatMap(o -> o.rows().values().stream())
                .mapToLong(Integer::longValue)
                .sum();
    }

    /** SplitMix64 one sample; it depends on (seed, world, owner, split, index) alone. */
    Problem draw(Owner owner, Split split, int index, Painter painter) {
        SplitMix64 draws = SplitMix64.of(seed, world.text(), owner.id(), split.text(), Integer.toString(index));
        Family family = Family.ofIndex(index);
        List<String> pool = family.answers();
        int composed = split == Split.BALANCED
                ? family.before(index) % pool.size()
                : draws.index(owner.answers().get(family));
        Puzzle puzzle = Puzzles.make(family, composed, draws);
        String answer = shifted(owner, pool, composed);
        List<String> choices = List.of();
        if (draws.chance(family.choiceShare())) {
            List<String> tempting = puzzle.tempting().stream()
                    .map(t -> shifted(owner, pool, pool.indexOf(t)))
                    .toList();
            choices = choices(pool, answer, tempting, draws);
        }
        int[] rgb = painter.paint(puzzle.things(), draws);
        owner.shift().apply(rgb, Puzzles.SIDE, draws);
        return new Problem(
                String.format("%s-%s-%06d", owner.id(), split.text(), index),
                owner.id(),
                split,
                family.skill(),
                choices.isEmpty() ? Problem.FILL : Problem.CHOOSE,
                puzzle.question(),
                choices,
                answer,
                choices.indexOf(answer),
                Png.encode(rgb, Puzzles.SIDE));
    }

    private static String shifted(Owner owner, List<String> pool, int composed) {
        return pool.get(owner.shift().answer(composed, pool.size()));
    }

    /** Up to four choices in random order, the right one among them. */
    private static List<String> choices(List<String> pool, String answer, List<String> tempting, SplitMix64 draws) {
        List<String> others = new ArrayList<>(pool);
        others.remove(answer);
        others.removeAll(tempting);
        draws.shuffle(others);
        others.addAll(0, tempting);
        List<String> choices = new ArrayList<>(others.subList(0, Math.min(3, others.size())));
        choices.add(answer);
        draws.shuffle(choices);
        return choices;
    }

    /** Splits a total by shares, each part at least a fifth of an equal one; largest remainders round. */
    static int[] sizes(int total, int parts, double[] shares) {
        int least = Math.max(1, total / (LEAST_SHARE * parts));
        int free = total - least * parts;
        int[] sizes = new int[parts];
        int given = 0;
        for (int k = 0; k < parts; k++) {
            sizes[k] = least + (int) (free * shares[k]);
            given += sizes[k];
        }
        int[] byRemainder = IntStream.range(0, parts)
                .boxed()
                .sorted(java.util.Comparator.comparingDouble(k -> (int) (free * shares[k]) - free * shares[k]))
                .mapToInt(Integer::intValue)
                .toArray();
        for (int i = 0; given < total; i++, given++) {
            sizes[byRemainder[i % parts]]++;
        }
        return sizes;
    }

    private static Shift shift(World world, int client, Settings settings) {
        return switch (world) {
            case BASE -> Shift.NONE;
            case SHARED -> Shift.shared(settings.get(DataKeys.GENERATE_BRIGHTNESS));
            case CONFLICT -> Shift.CONFLICT.get(client % Shift.CONFLICT.size());
            case CONTROL -> Shift.noisy(CONTROL_NOISE);
        };
    }

    private static Map<Family, double[]> answers(World world, String owner, long seed, Settings settings) {
        Map<Family, double[]> answers = new EnumMap<>(Family.class);
        for (Family family : Family.values()) {
            int n = family.answers().size();
            double[] p = new double[n];
            Arrays.fill(p, 1.0 / n);
            if (world.skewsAnswers()) {
                p = SplitMix64.of(seed, world.text(), owner, "answers", family.name())
                        .dirichlet(settings.get(DataKeys.GENERATE_SKEW), n);
            }
            answers.put(family, p);
        }
        return answers;
    }
}
