package org.fednano.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.SparkSession;
import org.fednano.llm.FrozenLlm;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.Settings;
import org.fednano.spark.FakeTroubleLlm;
import org.fednano.spark.JobCancelledException;
import org.fednano.spark.TinyCluster;
import org.fednano.spark.TinyShards;
import org.fednano.testing.TinyModel;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A round whose Spark job somebody else cancels ends and says so; its clients are not missing. */
@Timeout(120)
class CancelledRoundTest {

    @TempDir
    Path folder;

    @BeforeEach
    void world() throws IOException {
        TinyModel.write(folder.resolve("model"), 3);
        TinyShards.write(folder.resolve("shards"), 3, 9, 5, 14);
    }

    /** One client waits for ever: meanwhile somebody kills the job. Without it all would count as missing, and be let go. */
    private void assertEnded(String why, Consumer<SparkContext> kill) {
        CountDownLatch working = new CountDownLatch(1);
        UnaryOperator<FrozenLlm> hanging = llm -> new FakeTroubleLlm(llm, call -> {
            if (call == 3) {
                working.countDown();
                try {
                    new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException("cancelled", e);
                }
            }
        });
        Settings settings = TinyCluster.settings(folder, "run.quorum=0", "gateway.client_deadline=10m");
        try (TinyCluster cluster = new TinyCluster("local[2]", settings, hanging)) {
            cluster.cluster.prepare();
            CompletableFuture<Void> killing = CompletableFuture.runAsync(() -> {
                try {
                    working.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                kill.accept(cluster.spark.sparkContext());
            });
            JobException e = assertThrows(JobCancelledException.class, () -> cluster.trainUnchecked(1));
            killing.join();
            assertEquals(ExitStatus.FAILED, e.status());
            assertTrue(e.getMessage().startsWith("FedNano round 1 · 3 clients was cancelled"), e.getMessage());
            assertTrue(e.getMessage().contains(why), e.getMessage());
            assertTrue(cluster.rounds.isEmpty(), "nothing of it is merged");
        }
    }

    @Test
    void byTheContext() {
        assertEnded("as part of cancellation of all jobs", SparkContext::cancelAllJobs);
        assertEnded("", spark -> spark.cancelJob(activeJob(spark)));
        assertEnded("Stage", spark -> spark.cancelStage(spark.statusTracker().getActiveStageIds()[0]));
    }

    private static int activeJob(SparkContext spark) {
        return spark.statusTracker().getActiveJobIds()[0];
    }

    @Test
    void byTheUiIfSomebodyHasAllowedIt() {
        withUi();
        assertEnded(
                "killed via the Web UI",
                spark -> assertEquals(
                        200,
                        post(
                                spark,
                                "stages/stage/kill/?id=" + spark.statusTracker().getActiveStageIds()[0])));
        withUi();
        assertEnded("", spark -> assertEquals(200, post(spark, "jobs/job/kill/?id=" + activeJob(spark))));
    }

    /** Spark takes up the session that is there; the cluster of the test ends it. */
    private static void withUi() {
        SparkSession.builder()
                .master("local[2]")
                .appName("ui")
                .config("spark.ui.enabled", "true")
                .config("spark.ui.port", "0")
                .config("spark.ui.killEnabled", "true")
                .config("spark.driver.host", "localhost")
                .getOrCreate();
    }

    /** As the button in the UI does it; follows to the page that is shown then. */
    private static int post(SparkContext spark, String path) {
        HttpClient client = HttpClient.newBuilder()
                .followRedirects(HttpClient.Redirect.ALWAYS)
                .build();
        URI uri = URI.create(spark.uiWebUrl().get() + "/" + path);
        try {
            return client.send(
                            HttpRequest.newBuilder(uri)
                                    .POST(HttpRequest.BodyPublishers.noBody())
                                    .build(),
                            HttpResponse.BodyHandlers.discarding())
                    .statusCode();
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
