package org.fednano.spark;

import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.SparkHadoopUtil;

/** The Hadoop settings of the job, for commands that read a run before they start Spark, or without it. */
public final class SparkHadoop {

    private SparkHadoop() {}

    /** Returns what Spark itself would use: the site files, and {@code spark.hadoop.*} of its configuration over them. */
    public static Configuration configuration() {
        return SparkHadoopUtil.get().newConfiguration(new SparkConf());
    }
}
