package org.fednano.iconworld;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.fednano.random.SplitMix64;

/** Builds a scene whose right answer is the given one, for each family of questions. */
final class Puzzles {

    /** Pixels per side of a picture. */
    static final int SIDE = 48;

    private static final List<String> CORNERS = List.of("top left", "top right", "bottom left", "bottom right");

    private final SplitMix64 draws;

    private Puzzles(SplitMix64 draws) {
        this.draws = draws;
    }

    /**
     * @param answer index into {@link Family#answers()}
     */
    static Puzzle make(Family family, int answer, SplitMix64 draws) {
        Puzzles make = new Puzzles(draws);
        return switch (family) {
            case COLOR_OF_SHAPE -> make.colourOfShape(Colour.values()[answer]);
            case SHAPE_OF_COLOR -> make.shapeOfColour(Figure.values()[answer]);
            case COUNT_COLOR -> make.countColour(answer + 1);
            case COUNT_SHAPE -> make.countShape(answer + 1);
            case COLOR_OF_SIZE -> make.colourOfSize(Colour.values()[answer]);
            case COLOR_AT_CORNER -> make.colourAtCorner(Colour.values()[answer]);
            case SIDE -> make.side(answer == 0);
            case MORE_COLOR -> make.moreColour(answer == 0);
            case MORE_SHAPE -> make.moreShape(answer == 0);
            case ODD_COLOR -> make.oddColour(Colour.values()[answer]);
            case ODD_SHAPE -> make.oddShape(Figure.values()[answer]);
            case NEXT_COLOR -> make.nextColour(Colour.values()[answer]);
            case NEXT_SHAPE -> make.nextShape(Figure.values()[answer]);
        };
    }

    private Puzzle colourOfShape(Colour answer) {
        int n = draws.between(2, 3);
        List<Colour> colours = distinct(Colour.values(), answer, n);
        List<Figure> figures = distinct(Figure.values(), null, n);
        return new Puzzle(
                quarters(colours, figures),
                say(
                        "What color is the " + figures.get(0).text() + "?",
                        "The " + figures.get(0).text() + " is what color?"),
                names(colours.subList(1, n)));
    }

    private Puzzle shapeOfColour(Figure answer) {
        int n = draws.between(2, 3);
        List<Colour> colours = distinct(Colour.values(), null, n);
        List<Figure> figures = distinct(Figure.values(), answer, n);
        return new Puzzle(
                quarters(colours, figures),
                say(
                        "What shape is " + colours.get(0).text() + "?",
                        "Which shape is " + colours.get(0).text() + "?"),
                figures.subList(1, n).stream().map(Figure::text).toList());
    }

    private Puzzle countColour(int count) {
        Colour asked = any(Colour.values(), null);
        List<Colour> colours = new ArrayList<>();
        for (int i = 0, n = count + draws.between(0, 5 - count); i < n; i++) {
            colours.add(i < count ? asked : any(Colour.values(), asked));
        }
        return new Puzzle(
                ninths(colours, figures(colours.size())),
                say("How many shapes are " + asked.text() + "?", "How many " + asked.text() + " shapes are there?"),
                List.of());
    }

    private Puzzle countShape(int count) {
        Figure asked = any(Figure.values(), null);
        List<Figure> figures = new ArrayList<>();
        for (int i = 0, n = count + draws.between(0, 5 - count); i < n; i++) {
            figures.add(i < count ? asked : any(Figure.values(), asked));
        }
        return new Puzzle(
                ninths(colours(figures.size()), figures),
                say("How many " + asked.plural() + " are there?", "How many " + asked.plural() + " do you see?"),
                List.of());
    }

    private Puzzle colourOfSize(Colour answer) {
        boolean biggest = draws.chance(0.5);
        List<Colour> colours = distinct(Colour.values(), answer, 3);
        List<Figure> figures = figures(3);
        List<Integer> cells = cells(4);
        List<Thing> things = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            boolean big = biggest == (i == 0);
            things.add(quarter(
                    cells.get(i),
                    figures.get(i),
                    colours.get(i),
                    big ? draws.uniform(20.0, 22) : draws.uniform(10.0, 11.5)));
        }
        return new Puzzle(
                things,
                biggest
                        ? say("What color is the biggest shape?", "What color is the big shape?")
                        : say("What color is the smallest shape?", "What color is the small shape?"),
                names(colours.subList(1, 3)));
    }

    private Puzzle colourAtCorner(Colour answer) {
        int n = draws.between(3, 4);
        List<Colour> colours = distinct(Colour.values(), answer, n);
        List<Figure> figures = figures(n);
        List<Integer> cells = cells(4);
        List<Thing> things = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            things.add(quarter(cells.get(i), figures.get(i), colours.get(i), draws.uniform(14.0, 19)));
        }
        String corner = CORNERS.get(cells.get(0));
        return new Puzzle(
                things,
                say("What color is at the " + corner + "?", "Which color is " + corner + "?"),
                names(colours.subList(1, n)));
    }

    private Puzzle side(boolean left) {
        List<Colour> colours = distinct(Colour.values(), null, 2);
        List<Figure> figures = figures(2);
        List<Thing> things = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            int column = left == (i == 0) ? 0 : 1;
            things.add(quarter(2 * draws.below(2) + column, figures.get(i), colours.get(i), draws.uniform(14.0, 19)));
        }
        String first = colours.get(0).text();
        String second = colours.get(1).text();
        return new Puzzle(
                things,
                say(
                        "Is " + first + " left or right of " + second + "?",
                        "Is " + first + " to the left or right of " + second + "?"),
                List.of());
    }

    private Puzzle moreColour(boolean yes) {
        List<Colour> two = distinct(Colour.values(), null, 2);
        int[] n = unequal(yes);
        List<Colour> colours = new ArrayList<>();
        for (int i = 0; i < n[0] + n[1]; i++) {
            colours.add(two.get(i < n[0] ? 0 : 1));
        }
        String first = two.get(0).text();
        String second = two.get(1).text();
        return new Puzzle(
                ninths(colours, figures(colours.size())),
                say(
                        "Are there more " + first + " than " + second + " shapes?",
                        "Is there more " + first + " than " + second + "?"),
                List.of());
    }

    private Puzzle moreShape(boolean yes) {
        List<Figure> two = distinct(Figure.values(), null, 2);
        int[] n = unequal(yes);
        List<Figure> figures = new ArrayList<>();
        for (int i = 0; i < n[0] + n[1]; i++) {
            figures.add(two.get(i < n[0] ? 0 : 1));
        }
        String first = two.get(0).plural();
        String second = two.get(1).plural();
        return new Puzzle(
                ninths(colours(figures.size()), figures),
                say(
                        "Are there more " + first + " than " + second + "?",
                        "Do you see more " + first + " than " + second + "?"),
                List.of());
    }

    private Puzzle oddColour(Colour answer) {
        Colour other = any(Colour.values(), answer);
        Figure figure = any(Figure.values(), null);
        return new Puzzle(
                quarters(List.of(answer, other, other, other), List.of(figure, figure, figure, figure)),
                say("What color is the odd one out?", "Which color is different?"),
                List.of(other.text()));
    }

    private Puzzle oddShape(Figure answer) {
        Figure other = any(Figure.values(), answer);
        Colour colour = any(Colour.values(), null);
        return new Puzzle(
                quarters(List.of(colour, colour, colour, colour), List.of(answer, other, other, other)),
                say("What shape is the odd one out?", "Which shape is different?"),
                List.of(other.text()));
    }

    private Puzzle nextColour(Colour answer) {
        Colour other = any(Colour.values(), answer);
        Figure figure = any(Figure.values(), null);
        int n = draws.between(3, 4);
        List<Thing> things = new ArrayList<>();
        double y = draws.uniform(16.0, 32);
        for (int i = 0; i < n; i++) {
            things.add(inRow(i, n, y, figure, (n - i) % 2 == 0 ? answer : other));
        }
        return new Puzzle(things, say("What color comes next?", "Which color is next?"), List.of(other.text()));
    }

    private Puzzle nextShape(Figure answer) {
        Figure other = any(Figure.values(), answer);
        Colour colour = any(Colour.values(), null);
        int n = draws.between(3, 4);
        List<Thing> things = new ArrayList<>();
        double y = draws.uniform(16.0, 32);
        for (int i = 0; i < n; i++) {
            things.add(inRow(i, n, y, (n - i) % 2 == 0 ? answer : other, colour));
        }
        return new Puzzle(things, say("What shape comes next?", "Which shape is next?"), List.of(other.text()));
    }

    private String say(String usual, String other) {
        return draws.chance(0.65) ? usual : other;
    }

    /** Two different counts, at least 1 each and at most 5 together; the first is the larger one if asked. */
    private int[] unequal(boolean firstLarger) {
        int small = draws.between(1, 2);
        int large = draws.between(small + 1, 5 - small);
        return firstLarger ? new int[] {large, small} : new int[] {small, large};
    }

    /** Things in different quarters of the picture. */
    private List<Thing> quarters(List<Colour> colours, List<Figure> figures) {
        List<Integer> cells = cells(4);
        List<Thing> things = new ArrayList<>();
        for (int i = 0; i < colours.size(); i++) {
            things.add(quarter(cells.get(i), figures.get(i), colours.get(i), draws.uniform(14.0, 19)));
        }
        return things;
    }

    /** Things in different cells of a grid of three by three. */
    private List<Thing> ninths(List<Colour> colours, List<Figure> figures) {
        List<Integer> cells = cells(9);
        List<Thing> things = new ArrayList<>();
        for (int i = 0; i < colours.size(); i++) {
            int cell = cells.get(i);
            double size = draws.uniform(11.5, 14);
            things.add(new Thing(
                    figures.get(i), colours.get(i), within(cell % 3, 16, size), within(cell / 3, 16, size), size));
        }
        return things;
    }

    private Thing quarter(int cell, Figure figure, Colour colour, double size) {
        return new Thing(figure, colour, within(cell % 2, 24, size), within(cell / 2, 24, size), size);
    }

    private Thing inRow(int i, int n, double y, Figure figure, Colour colour) {
        double pitch = (double) SIDE / n;
        double size = draws.uniform(0.8, 0.9) * pitch;
        return new Thing(figure, colour, (i + 0.5) * pitch, y + draws.uniform(-1.0, 1), Math.max(size, 10));
    }

    /** A centre in the given row or column that keeps the thing inside its cell. */
    private double within(int row, double cell, double size) {
        double room = Math.max(0, (cell - size) / 2 - 0.5);
        return (row + 0.5) * cell + draws.uniform(-room, room);
    }

    private List<Integer> cells(int n) {
        List<Integer> cells = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            cells.add(i);
        }
        draws.shuffle(cells);
        return cells;
    }

    private List<Figure> figures(int n) {
        List<Figure> figures = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            figures.add(any(Figure.values(), null));
        }
        return figures;
    }

    private List<Colour> colours(int n) {
        List<Colour> colours = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            colours.add(any(Colour.values(), null));
        }
        return colours;
    }

    /** Any value but the excluded one. */
    private <E extends Enum<E>> E any(E[] values, E excluded) {
        if (excluded == null) {
            return values[draws.below(values.length)];
        }
        int i = draws.below(values.length - 1);
        return values[i < excluded.ordinal() ? i : i + 1];
    }

    /** n different values in random order; the first one is {@code first} unless that is null. */
    private <E> List<E> distinct(E[] values, E first, int n) {
        List<E> all = new ArrayList<>(Arrays.asList(values));
        draws.shuffle(all);
        if (first != null) {
            all.remove(first);
            all.add(0, first);
        }
        return List.copyOf(all.subList(0, n));
    }

    private static List<String> names(List<Colour> colours) {
        return colours.stream().map(Colour::text).toList();
    }
}
