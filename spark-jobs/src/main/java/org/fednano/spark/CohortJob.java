package org.fednano.spark;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.spark.SparkContext;
import org.apache.spark.TaskContext;
import org.apache.spark.rdd.RDD;
import scala.Tuple2;
import scala.collection.Iterator;
import scala.collection.JavaConverters;
import scala.collection.Seq;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;
import scala.runtime.AbstractFunction2;
import scala.runtime.BoxedUnit;

/** One Spark job with one stage and one partition per client; results stream to the driver as tasks end. */
final class CohortJob {

    private CohortJob() {}

    /** What a partition does for its client. */
    interface ClientTask<R> extends Serializable {
        R run(String clientId);
    }

    /**
     * Runs a task for each client and returns when all have ended.
     *
     * @param group job group, to cancel it by
     * @param description what the Spark UI shows
     * @param clients client ids, in partition order
     * @param hosts preferred hosts of each client; none where there is no entry
     * @param results takes each result on the scheduler's event loop: it returns fast and never throws
     */
    static <R> void run(
            SparkContext spark,
            String group,
            String description,
            List<String> clients,
            Map<String, List<String>> hosts,
            ClientTask<R> task,
            Consumer<R> results) {
        List<Tuple2<String, Seq<String>>> located = new ArrayList<>();
        for (String client : clients) {
            located.add(new Tuple2<>(client, seq(hosts.getOrDefault(client, List.of()))));
        }
        ClassTag<String> strings = ClassTag$.MODULE$.apply(String.class);
        ClassTag<R> any = ClassTag$.MODULE$.apply(Object.class);
        RDD<String> cohort = spark.makeRDD(seq(located), strings);
        cohort.setName(description);
        spark.setJobGroup(group, description, true);
        try {
            spark.runJob(cohort, new Partition<>(task), new Handler<>(results), any);
        } finally {
            spark.clearJobGroup();
        }
    }

    private static <T> Seq<T> seq(List<T> list) {
        return JavaConverters.asScalaBuffer(list).toList();
    }

    /** Runs on the executor. */
    private static final class Partition<R> extends AbstractFunction2<TaskContext, Iterator<String>, R>
            implements Serializable {
        private static final long serialVersionUID = 1L;
        private final ClientTask<R> task;

        Partition(ClientTask<R> task) {
            this.task = task;
        }

        @Override
        public R apply(TaskContext context, Iterator<String> clients) {
            return task.run(clients.next());
        }
    }

    /** Runs on the driver. */
    private static final class Handler<R> extends AbstractFunction2<Object, R, BoxedUnit> {
        private final Consumer<R> results;

        Handler(Consumer<R> results) {
            this.results = results;
        }

        @Override
        public BoxedUnit apply(Object partition, R result) {
            results.accept(result);
            return BoxedUnit.UNIT;
        }
    }
}
