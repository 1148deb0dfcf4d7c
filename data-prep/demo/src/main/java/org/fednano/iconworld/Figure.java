package org.fednano.iconworld;

import java.awt.Shape;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;
import java.util.Arrays;
import java.util.List;

/** Outlines that stay apart from each other at ten pixels. */
enum Figure {
    CIRCLE,
    SQUARE,
    TRIANGLE,
    STAR,
    CROSS,
    RING;

    /** Their names, as questions and answers spell them. */
    static final List<String> NAMES = Arrays.stream(values()).map(Figure::text).toList();

    String text() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }

    String plural() {
        return this == CROSS ? "crosses" : text() + "s";
    }

    /** The outline around (x, y), about {@code size} pixels wide. */
    Shape outline(double x, double y, double size) {
        double r = size / 2;
        return switch (this) {
            case CIRCLE -> disc(x, y, r);
            case SQUARE -> new Rectangle2D.Double(x - 0.9 * r, y - 0.9 * r, 1.8 * r, 1.8 * r);
            case TRIANGLE -> polygon(x, y + 0.18 * r, 3, 1.12 * r, 1.12 * r);
            case STAR -> polygon(x, y + 0.05 * r, 10, 1.15 * r, 0.45 * r);
            case CROSS -> cross(x, y, r, 0.33 * r);
            case RING -> {
                Path2D ring = new Path2D.Double(Path2D.WIND_EVEN_ODD);
                ring.append(disc(x, y, r), false);
                ring.append(disc(x, y, 0.52 * r), false);
                yield ring;
            }
        };
    }

    private static Ellipse2D disc(double x, double y, double r) {
        return new Ellipse2D.Double(x - r, y - r, 2 * r, 2 * r);
    }

    /** Twelve corners: arms of length r and half width w. */
    private static Path2D cross(double x, double y, double r, double w) {
        double[] dx = {-w, w, w, r, r, w, w, -w, -w, -r, -r, -w};
        double[] dy = {-r, -r, -w, -w, w, w, r, r, w, w, -w, -w};
        Path2D path = new Path2D.Double();
        path.moveTo(x + dx[0], y + dy[0]);
        for (int i = 1; i < dx.length; i++) {
            path.lineTo(x + dx[i], y + dy[i]);
        }
        path.closePath();
        return path;
    }

    /** Corners on a circle from the top clockwise, alternating between two radii. */
    private static Path2D polygon(double x, double y, int corners, double even, double odd) {
        Path2D path = new Path2D.Double();
        for (int i = 0; i < corners; i++) {
            double angle = 2 * StrictMath.PI * i / corners;
            double radius = i % 2 == 0 ? even : odd;
            double px = x + radius * StrictMath.sin(angle);
            double py = y - radius * StrictMath.cos(angle);
            if (i == 0) {
                path.moveTo(px, py);
            } else {
                path.lineTo(px, py);
            }
        }
        path.closePath();
        return path;
    }
}
