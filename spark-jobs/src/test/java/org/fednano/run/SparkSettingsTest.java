package org.fednano.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.status.AppStatusStore;
import org.fednano.testing.Eventually;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a job asks of Spark, also where Spark's own files say nothing. */
@Timeout(60)
class SparkSettingsTest {

    private static final Duration WORK = Duration.ofSeconds(2);

    /** A job that somebody tries to kill with the button of Spark's UI. */
    private static void kill(SparkConf conf) throws Exception {
        conf.setMaster("local[1]")
                .set("spark.app.name", "settings")
                .set("spark.ui.enabled", "true")
                .set("spark.ui.port", "0")
                .set("spark.driver.host", "localhost");
        try (JavaSparkContext spark = new JavaSparkContext(JobSession.conf(conf))) {
            JavaFutureAction<Long> job = spark.parallelize(List.of(1), 1)
                    .map(row -> {
                        Thread.sleep(WORK.toMillis());
                        return row;
                    })
                    .countAsync();
            Eventually.await(() -> spark.statusTracker().getActiveJobIds().length == 1);
            post(spark.sc().uiWebUrl().get() + "/jobs/job/kill/?id="
                    + spark.statusTracker().getActiveJobIds()[0]);
            assertEquals(1, job.get());
        }
    }

    private static void post(String url) throws IOException {
        HttpURLConnection asked = (HttpURLConnection) URI.create(url).toURL().openConnection();
        asked.setRequestMethod("POST");
        assertEquals(200, asked.getResponseCode());
    }

    @Test
    void theUiCannotKillAJobUnlessTheUserWantsIt() throws Exception {
        kill(new SparkConf(false));
        assertThrows(ExecutionException.class, () -> kill(new SparkConf(false).set("spark.ui.killEnabled", "true")));
    }

    /** Jobs and tasks that Spark still knows after so many. */
    private static List<Long> known(SparkConf conf, int jobs, int tasks) {
        conf.setMaster("local[2]").set("spark.app.name", "settings").set("spark.driver.host", "localhost");
        conf.set("spark.ui.enabled", "false").set("spark.appStateStore.asyncTracking.enable", "false");
        try (JavaSparkContext spark = new JavaSparkContext(JobSession.conf(conf))) {
            for (int i = 0; i < jobs; i++) {
                spark.parallelize(List.of(1), 1).count();
            }
            spark.parallelize(Collections.nCopies(tasks, 1), tasks).count();
            AppStatusStore store = spark.sc().statusStore();
            Eventually.await(() -> store.stageList(null, false, false, new double[0], null)
                            .head()
                            .numCompleteTasks()
                    == tasks);
            int last = store.stageList(null, false, false, new double[0], null)
                    .head()
                    .stageId();
            return List.of((long) store.jobsList(null).size(), (long)
                    store.taskList(last, 0, Integer.MAX_VALUE).size());
        }
    }

    @Test
    void whatTheUiKeepsIsBoundedUnlessTheUserWantsMore() {
        List<Long> known = known(new SparkConf(false), 150, 700);
        assertTrue(known.get(0) <= 110 && known.get(1) <= 560, known.toString());
        assertEquals(
                List.of(151L, 700L),
                known(
                        new SparkConf(false)
                                .set("spark.ui.retainedJobs", "1000")
                                .set("spark.ui.retainedTasks", "1000"),
                        150,
                        700));
    }
}
