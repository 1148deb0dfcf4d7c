package org.fednano.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaSparkContext;
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
}
