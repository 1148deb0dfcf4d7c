package org.fednano.spark;

import java.util.List;
import java.util.function.Function;
import org.apache.spark.Dependency;
import org.apache.spark.Partition;
import org.apache.spark.SparkContext;
import org.apache.spark.TaskContext;
import org.apache.spark.rdd.RDD;
import scala.collection.Iterator;
import scala.collection.JavaConverters;
import scala.collection.Seq;
import scala.reflect.ClassTag$;

/**
 * One partition per item. A task gets its own item and nothing of the others: Spark's own collections put the places of all
 * items into what every task reads, which for thousands of clients is millions of places in a round.
 */
final class ItemsRdd<T> extends RDD<T> {

    private static final long serialVersionUID = 1L;

    private final transient List<T> items;
    private final transient Function<T, List<String>> hosts;

    /** @param hosts where an item's task should run, if there is room */
    ItemsRdd(SparkContext spark, List<T> items, Function<T, List<String>> hosts) {
        super(spark, seq(List.<Dependency<?>>of()), ClassTag$.MODULE$.apply(Object.class));
        this.items = items;
        this.hosts = hosts;
    }

    @Override
    public Partition[] getPartitions() {
        Partition[] partitions = new Partition[items.size()];
        for (int i = 0; i < partitions.length; i++) {
            partitions[i] = new Item<>(i, items.get(i));
        }
        return partitions;
    }

    @Override
    public Seq<String> getPreferredLocations(Partition partition) {
        return seq(hosts.apply(items.get(partition.index())));
    }

    @Override
    @SuppressWarnings("unchecked") // Spark hands back what it was given
    public Iterator<T> compute(Partition partition, TaskContext context) {
        return JavaConverters.asScalaIterator(
                List.of(((Item<T>) partition).item).iterator());
    }

    private static <E> Seq<E> seq(List<E> list) {
        return JavaConverters.asScalaBuffer(list).toList();
    }

    private static final class Item<T> implements Partition {
        private static final long serialVersionUID = 1L;
        private final int index;
        private final T item;

        Item(int index, T item) {
            this.index = index;
            this.item = item;
        }

        @Override
        public int index() {
            return index;
        }

        @Override
        public int hashCode() {
            return index;
        }

        @Override
        public boolean equals(Object other) {
            return this == other;
        }
    }
}
