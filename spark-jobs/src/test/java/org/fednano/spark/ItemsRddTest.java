package org.fednano.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.Partition;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.rdd.RDD;
import org.junit.jupiter.api.Test;
import scala.collection.JavaConverters;

/** What a task reads does not grow with the number of items. */
class ItemsRddTest {

    @Test
    void aTaskGetsItsOwnItemAlone() throws IOException {
        SparkConf conf =
                new SparkConf().setMaster("local[2]").setAppName("items").set("spark.ui.enabled", "false");
        try (JavaSparkContext spark = new JavaSparkContext(conf)) {
            RDD<String> few = items(spark, 3);
            RDD<String> many = items(spark, 3000);
            assertEquals(List.of("item 0", "item 1", "item 2"), few.toJavaRDD().collect());
            assertEquals(3000, many.toJavaRDD().distinct().count());
            Partition last = many.partitions()[2999];
            assertEquals(List.of("host 2999"), JavaConverters.seqAsJavaList(many.preferredLocations(last)));
            assertEquals(2999, last.index());
            assertTrue(bytes(many) <= bytes(few) + 100, bytes(many) + " bytes, of three items " + bytes(few));
            assertTrue(bytes(last) < 300, bytes(last) + " bytes");
        }
    }

    private static RDD<String> items(JavaSparkContext spark, int count) {
        return new ItemsRdd<>(
                spark.sc(),
                IntStream.range(0, count).mapToObj(i -> "item " + i).toList(),
                item -> List.of(item.replace("item", "host")));
    }

    private static int bytes(Object object) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(object);
        }
        return bytes.size();
    }
}
