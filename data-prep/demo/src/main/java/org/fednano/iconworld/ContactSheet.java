package org.fednano.iconworld;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.fednano.sample.Split;

/** Some samples of a world on one picture, each with its question, choices and answer, for people to look at. */
final class ContactSheet {

    private static final int COLUMNS = 6;
    private static final int ROWS = 8;
    private static final int ZOOM = 3;
    private static final int CELL_WIDTH = 290;
    private static final int CELL_HEIGHT = 200;

    private ContactSheet() {}

    /** Writes the first training samples of each owner by turns as PNG. */
    static void write(IconWorld world, Path file) throws IOException {
        BufferedImage sheet = new BufferedImage(COLUMNS * CELL_WIDTH, ROWS * CELL_HEIGHT, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = sheet.createGraphics();
        g.setColor(Color.WHITE);
        g.fillRect(0, 0, sheet.getWidth(), sheet.getHeight());
        g.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        g.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 12));
        g.setColor(Color.BLACK);
        Painter painter = new Painter();
        int owners = world.owners().size();
        for (int i = 0; i < COLUMNS * ROWS; i++) {
            Owner owner = world.owners().get(i % owners);
            Problem p = world.draw(owner, Split.TRAIN, i, painter);
            int x = i % COLUMNS * CELL_WIDTH + 8;
            int y = i / COLUMNS * CELL_HEIGHT + 6;
            BufferedImage picture = ImageIO.read(new ByteArrayInputStream(p.png()));
            g.drawImage(picture, x, y, picture.getWidth() * ZOOM, picture.getHeight() * ZOOM, null);
            int text = y + picture.getHeight() * ZOOM + 14;
            g.drawString(p.question(), x, text);
            g.drawString(
                    p.choices().isEmpty() ? p.skill().text() + ", free" : String.join(" / ", p.choices()),
                    x,
                    text + 14);
            g.drawString("= " + p.answer() + "   (" + owner.id() + ")", x, text + 28);
        }
        g.dispose();
        if (file.toAbsolutePath().getParent() != null) {
            Files.createDirectories(file.toAbsolutePath().getParent());
        }
        ImageIO.write(sheet, "png", file.toFile());
    }
}
