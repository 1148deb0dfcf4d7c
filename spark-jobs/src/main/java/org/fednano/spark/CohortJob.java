package org.fednano.spark;

import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkContext$;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.rdd.RDD;
import org.fednano.gateway.GatewayPass;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.shards.ClientLocation;
import org.slf4j.LoggerFactory;
import scala.collection.Iterator;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;
import scala.runtime.AbstractFunction2;
import scala.runtime.BoxedUnit;

/** One Spark job with one stage and one partition per client; results stream to the driver as tasks end. */
public final class CohortJob {

    private CohortJob() {}

    /** What a partition does. */
    public interface Task<T, R> extends Serializable {

        /** @param attempt of the task, from 0 */
        R run(T item, int attempt);
    }

    /** What a partition does for its client. */
    public interface ClientTask<R> extends Serializable {
        R run(ClientLocation client, GatewayPass pass);
    }

    /** Takes results. */
    public interface Results<R> {

        /** Takes a result on the scheduler's event loop: returns fast and never throws. */
        void accept(R result);

        /** Waits for room for another one, on a thread that may wait. */
        default void awaitRoom() {}
    }

    private record Invited(ClientLocation client, GatewayPass pass) implements Serializable {}

    /**
     * Runs a task for each client; each partition holds what concerns its own client.
     *
     * @param passes a client's pass for the gateway, by its id
     */
    public static <R> void run(
            SparkContext spark,
            String group,
            String description,
            List<ClientLocation> clients,
            Function<String, GatewayPass> passes,
            ClientTask<R> task,
            Results<R> results) {
        run(
                spark,
                group,
                description,
                clients.stream()
                        .map(client -> new Invited(client, passes.apply(client.id())))
                        .toList(),
                invited -> invited.client().hosts(),
                (invited, attempt) -> task.run(invited.client(), invited.pass().of(attempt)),
                results);
    }

    /**
     * Runs a task for each item and returns when all have ended.
     *
     * @param group job group, to cancel it by
     * @param description what the Spark UI shows
     * @param items in partition order
     * @param hosts preferred hosts of an item
     * @param results takes each result
     * @throws JobCancelledException with status 1 if the job or its stage was cancelled
     */
    public static <T, R> void run(
            SparkContext spark,
            String group,
            String description,
            List<T> items,
            Function<T, List<String>> hosts,
            Task<T, R> task,
            Results<R> results) {
        ClassTag<Parcel<R>> any = ClassTag$.MODULE$.apply(Object.class);
        RDD<T> cohort = new ItemsRdd<>(spark, items, hosts);
        cohort.setName(description);
        int seats = Seats.open(spark, items.size());
        int intake = Intake.open(results::awaitRoom);
        spark.setJobGroup(group, description, true);
        try {
            spark.runJob(cohort, new Partition<>(task, seats, intake), new Handler<>(results), any);
        } catch (Exception e) { // Scala throws Spark's checked ones unannounced
            for (Throwable why = e; why != null; why = why.getCause()) {
                if (why instanceof LocalError error) {
                    throw new JobException(ExitStatus.FAILED, error.getMessage(), e);
                }
            }
            JobCancelledException.check(e, spark, description);
            throw e;
        } finally {
            spark.clearJobGroup();
            Seats.close(seats);
            Intake.close(intake);
        }
    }

    /**
     * An {@code Error} in a task where the driver is the executor. As it is, Spark would end the process for it, as it
     * should an executor's; here the command still has to say what happened.
     */
    private static final class LocalError extends RuntimeException {
        private static final long serialVersionUID = 1L;

        LocalError(Error error) {
            super("A client's work ended in " + error
                    + (error instanceof OutOfMemoryError
                            ? ". Raise FEDNANO_DRIVER_MEMORY, let fewer clients run at once, or lower the batch sizes."
                            : ". The log has the stack trace."));
            LoggerFactory.getLogger(CohortJob.class).error("A task ended in an error", error);
        }
    }

    /** Runs on the executor. */
    private static final class Partition<T, R> extends AbstractFunction2<TaskContext, Iterator<T>, Parcel<R>>
            implements Serializable {
        private static final long serialVersionUID = 1L;
        private final Task<T, R> task;
        private final int seats;
        private final int intake;

        Partition(Task<T, R> task, int seats, int intake) {
            this.task = task;
            this.seats = seats;
            this.intake = intake;
        }

        @Override
        public Parcel<R> apply(TaskContext context, Iterator<T> items) {
            try {
                return new Parcel<>(intake, run(context, items));
            } catch (Error e) {
                if (SparkEnv.get().executorId().equals(SparkContext$.MODULE$.DRIVER_IDENTIFIER())) {
                    throw new LocalError(e);
                }
                throw e;
            }
        }

        private R run(TaskContext context, Iterator<T> items) {
            if (seats == Seats.UNLIMITED) {
                return task.run(items.next(), context.attemptNumber());
            }
            Semaphore taken = Seats.take(seats);
            try {
                return task.run(items.next(), context.attemptNumber());
            } finally {
                taken.release();
            }
        }
    }

    /** A result on its way to the driver, where it waits for room before it is read. */
    private static final class Parcel<R> implements Serializable {
        private static final long serialVersionUID = 1L;
        private transient int intake;
        private transient R result;

        Parcel(int intake, R result) {
            this.intake = intake;
            this.result = result;
        }

        private void writeObject(ObjectOutputStream out) throws IOException {
            out.writeInt(intake);
            out.writeObject(result);
        }

        @SuppressWarnings("unchecked") // what was written
        private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
            intake = in.readInt();
            Intake.pass(intake);
            result = (R) in.readObject();
        }
    }

    /** Runs on the driver. */
    private static final class Handler<R> extends AbstractFunction2<Object, Parcel<R>, BoxedUnit> {
        private final Results<R> results;

        Handler(Results<R> results) {
            this.results = results;
        }

        @Override
        public BoxedUnit apply(Object partition, Parcel<R> parcel) {
            results.accept(parcel.result);
            return BoxedUnit.UNIT;
        }
    }
}
