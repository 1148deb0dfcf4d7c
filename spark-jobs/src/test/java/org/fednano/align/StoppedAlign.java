package org.fednano.align;

import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.fednano.settings.Settings;

/** An `align` that ends behind a checkpoint as if it were killed there: nothing after it is written. */
public final class StoppedAlign {

    private StoppedAlign() {}

    private static final class Stopped extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    public static void after(int step, List<String> sets) {
        String next = "step " + step + " of";
        boolean[] passed = {false};
        try (Aligner aligner = new Aligner(Settings.load(List.of(), sets), new Configuration(), text -> {
            // The line behind the checkpoint's: by then the state of that step is kept.
            if (passed[0] && text.startsWith("step ") && !text.startsWith(next)) {
                throw new Stopped();
            }
            passed[0] |= text.startsWith(next);
        })) {
            aligner.run();
            throw new AssertionError("expected to stop behind step " + step);
        } catch (Stopped expected) {
            return;
        }
    }
}
