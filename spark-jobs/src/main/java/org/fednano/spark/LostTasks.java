package org.fednano.spark;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntConsumer;
import org.apache.spark.SparkContext;
import org.apache.spark.Success$;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.scheduler.SparkListenerTaskEnd;

/** Tells which tasks of one job group ended without a result: lost with their executor, say. Spark tries them again. */
public final class LostTasks extends SparkListener implements AutoCloseable {

    private final SparkContext spark;
    private final String group;
    private final IntConsumer lost;
    private final Set<Integer> stages = ConcurrentHashMap.newKeySet();

    /**
     * Listens until it is closed.
     *
     * @param group of the job
     * @param lost is told the partition, on Spark's own thread
     */
    public LostTasks(SparkContext spark, String group, IntConsumer lost) {
        this.spark = spark;
        this.group = group;
        this.lost = lost;
        spark.addSparkListener(this);
    }

    @Override
    public void onStageSubmitted(SparkListenerStageSubmitted stage) {
        if (group.equals(stage.properties().getProperty("spark.jobGroup.id"))) {
            stages.add(stage.stageInfo().stageId());
        }
    }

    @Override
    public void onTaskEnd(SparkListenerTaskEnd task) {
        if (stages.contains(task.stageId()) && task.reason() != Success$.MODULE$) {
            lost.accept(task.taskInfo().index());
        }
    }

    @Override
    public void close() {
        spark.removeSparkListener(this);
    }
}
