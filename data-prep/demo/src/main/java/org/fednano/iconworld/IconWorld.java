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

    /** Noise of the misfit: nothing is told through it. */
    private static final double DROWNED = 200;

    /** Training samples of the tiny world's first client. */
    private static final int TINY_ROWS = 8;

    /** Clients of the unseen world that never train. */
    private static final int UNSEEN_CLIENTS = 2;

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
        if (clients < world.leastClients()) {
            throw JobException.usage(
                    "World '" + world.text() + "' sets one client against others and needs generate.clients >= "
                            + world.leastClients() + ": found " + clients + ".");
        }
        int[] sizes = sizes(world, train, clients, seed, settings);
        int all = world == World.UNSEEN ? clients + UNSEEN_CLIENTS : clients;
        List<Owner> owners = new ArrayList<>();
        for (int k = 0; k < all; k++) {
            String id = world == World.BASE ? "base" : String.format("c%03d", k + 1);
            Map<Split, Integer> rows = new EnumMap<>(Split.class);
            rows.put(Split.TRAIN, k < clients ? sizes[k] : 0);
            rows.put(Split.VAL, k < clients ? settings.get(DataKeys.GENERATE_VAL) : 0);
            rows.put(Split.TEST, settings.get(DataKeys.GENERATE_TEST));
            rows.put(Split.BALANCED, settings.get(DataKeys.GENERATE_BALANCED));
            Skill skill = world == World.TASKS ? Skill.values()[k % Skill.values().length] : null;
            owners.add(new Owner(
                    id,
                    shift(world, k, clients, settings),
                    answers(world, id, seed, settings),
                    rows,
                    skill,
                    fault(world, k)));
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

    /** Draws one sample; it depends on (seed, world, owner, split, index) alone. */
    Problem draw(Owner owner, Split split, int index, Painter painter) {
        SplitMix64 draws = SplitMix64.of(seed, world.text(), owner.id(), split.text(), Integer.toString(index));
        Family family = Family.ofIndex(owner.place(index));
        List<String> pool = family.answers();
        int composed = split == Split.BALANCED
                ? family.before(owner.place(index)) % pool.size()
                : draws.index(owner.answers().get(family));
        Puzzle puzzle = Puzzles.make(family, composed, draws);
        boolean faulty = owner.fault().touches(split);
        String answer = shifted(owner, pool, faulty ? wrong(owner, family, split, index) : composed);
        List<String> choices = List.of();
        if (draws.chance(family.choiceShare())) {
            List<String> tempting = puzzle.tempting().stream()
                    .map(t -> shifted(owner, pool, pool.indexOf(t)))
                    .filter(t -> !t.equals(answer))
                    .toList();
            choices = choices(pool, answer, tempting, draws);
        }
        int[] rgb = painter.paint(puzzle.things(), draws);
        Shift shift = faulty && owner.fault() == Owner.Fault.NONSENSE ? Shift.noisy(DROWNED) : owner.shift();
        shift.apply(rgb, Puzzles.SIDE, draws);
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

    /** The answer of a faulty sample, as if composed, from draws of its own. */
    private int wrong(Owner owner, Family family, Split split, int index) {
        return owner.fault() == Owner.Fault.NONSENSE
                ? 0
                : SplitMix64.of(seed, world.text(), owner.id(), split.text(), Integer.toString(index), "shuffled")
                        .index(owner.answers().get(family));
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

    private static int[] sizes(World world, int train, int clients, long seed, Settings settings) {
        SplitMix64 draws = SplitMix64.of(seed, world.text(), "sizes");
        double skew = settings.get(DataKeys.GENERATE_SIZE_SKEW);
        int first = world == World.TINY ? TINY_ROWS : world == World.NOISY_BIG ? (int) (0.3 * train) : -1;
        if (first < 0) {
            return sizes(train, clients, draws.dirichlet(skew, clients));
        }
        if (train - first < clients - 1) {
            throw JobException.usage("World '" + world.text() + "' gives its first client " + first
                    + " of generate.train = " + train + " samples: none are left for each of the others. Raise it.");
        }
        int[] others = sizes(train - first, clients - 1, draws.dirichlet(skew, clients - 1));
        return IntStream.concat(IntStream.of(first), Arrays.stream(others)).toArray();
    }

    private static Shift shift(World world, int client, int clients, Settings settings) {
        double brightness = settings.get(DataKeys.GENERATE_BRIGHTNESS);
        return switch (world) {
            case BASE -> Shift.NONE;
            case SHARED, NOISY, NOISY_BIG, TINY, TASKS, BROKEN, UNSEEN -> Shift.shared(brightness);
            case MISFIT -> client == 0 ? Shift.shared(brightness).drowned(DROWNED) : Shift.shared(brightness);
            case CLUSTER -> client < (clients + 1) / 2 ? Shift.shared(brightness) : Shift.CONFLICT.get(1);
            case CONFLICT -> Shift.CONFLICT.get(client % Shift.CONFLICT.size());
            case CONTROL -> Shift.noisy(CONTROL_NOISE);
        };
    }

    private static Owner.Fault fault(World world, int client) {
        if (client > 0) {
            return Owner.Fault.NONE;
        }
        return switch (world) {
            case NOISY, NOISY_BIG -> Owner.Fault.SHUFFLED;
            case BROKEN -> Owner.Fault.NONSENSE;
            default -> Owner.Fault.NONE;
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
