package org.fednano.iconworld;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferInt;
import java.util.List;
import org.fednano.random.SplitMix64;

/** Paints scenes with Java2D on one reused picture; so one painter per thread. */
final class Painter {

    /** Most a channel of a figure's colour moves, of 255: enough that no two pictures are alike, too little to confuse. */
    private static final int SHADE_JITTER = 18;

    private final BufferedImage image = new BufferedImage(Puzzles.SIDE, Puzzles.SIDE, BufferedImage.TYPE_INT_RGB);
    private final int[] pixels = ((DataBufferInt) image.getRaster().getDataBuffer()).getData();

    /** A copy of the painted pixels: (48 × 48), packed RGB, row-major. */
    int[] paint(List<Thing> things, SplitMix64 draws) {
        Graphics2D g = image.createGraphics();
        try {
            g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
            g.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
            int grey = draws.between(228, 248);
            g.setColor(new Color(grey, grey, grey));
            g.fillRect(0, 0, Puzzles.SIDE, Puzzles.SIDE);
            for (Thing t : things) {
                g.setColor(new Color(t.colour().shade(SHADE_JITTER, draws)));
                g.fill(t.figure().outline(t.x(), t.y(), t.size()));
            }
        } finally {
            g.dispose();
        }
        return pixels.clone();
    }
}
