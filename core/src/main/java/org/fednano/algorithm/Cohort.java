package org.fednano.algorithm;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.fednano.random.Seeds;

/** S_t: the clients of a round. */
final class Cohort {
    private Cohort() {}

    /** Drawn without replacement, from the run's seed and the round alone; sorted. */
    static List<String> draw(TrainingPlan plan, int round) {
        Random random = new Random(Seeds.mix(plan.seed(), round, "cohort"));
        return Arrays.stream(Seeds.draw(plan.clients().size(), plan.clientsPerRound(), random))
                .mapToObj(plan.clients()::get)
                .toList();
    }
}
