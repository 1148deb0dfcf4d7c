import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.apache.hadoop.yarn.conf.YarnConfiguration;
import org.apache.hadoop.yarn.server.MiniYARNCluster;

/**
 * Hadoop's own YARN and HDFS in one process, until its standard input ends. Usage: {@code java MiniClusters.java FOLDER}; what a client needs lies in
 * {@code FOLDER/conf} once "READY" has been printed.
 */
final class MiniClusters {

    private static final int NODE_MEMORY_MB = 6144;

    public static void main(String[] arguments) throws Exception {
        Path folder = Path.of(arguments[0]).toAbsolutePath();
        Configuration hdfs = new Configuration();
        hdfs.set(MiniDFSCluster.HDFS_MINIDFS_BASEDIR, folder.resolve("dfs").toString());
        hdfs.setInt("dfs.replication", 1);
        MiniDFSCluster files =
                new MiniDFSCluster.Builder(hdfs).numDataNodes(1).format(true).build();
        files.waitActive();
        String uri = files.getFileSystem().getUri().toString();
        MiniYARNCluster yarn = new MiniYARNCluster("mini", 1, 1, 1, 1);
        yarn.init(yarn(files.getConfiguration(0)));
        yarn.start();
        if (!yarn.waitForNodeManagersToConnect(30_000)) {
            throw new IllegalStateException("The node manager did not connect in 30 s");
        }
        write(yarn.getConfig(), uri, Files.createDirectories(folder.resolve("conf")));
        System.out.println("READY " + uri);
        System.in.transferTo(OutputStream.nullOutputStream()); // ends with the test, however that ends
        Runtime.getRuntime().halt(0);
    }

    private static YarnConfiguration yarn(Configuration hdfs) {
        YarnConfiguration conf = new YarnConfiguration(hdfs);
        conf.set("yarn.scheduler.capacity.root.queues", "default");
        conf.set("yarn.scheduler.capacity.root.default.capacity", "100");
        conf.set("yarn.scheduler.capacity.maximum-am-resource-percent", "0.9");
        conf.setInt("yarn.nodemanager.resource.memory-mb", NODE_MEMORY_MB);
        conf.setInt("yarn.nodemanager.resource.cpu-vcores", 4);
        conf.setInt("yarn.scheduler.minimum-allocation-mb", 128);
        conf.setInt("yarn.scheduler.maximum-allocation-mb", NODE_MEMORY_MB);
        conf.setBoolean("yarn.minicluster.control-resource-monitoring", false);
        conf.setBoolean("yarn.nodemanager.vmem-check-enabled", false);
        conf.setBoolean("yarn.nodemanager.pmem-check-enabled", true); // encoder and LLM must fit beside the heap
        conf.set("yarn.nodemanager.disk-health-checker.max-disk-utilization-per-disk-percentage", "99.9");
        conf.setInt("yarn.nodemanager.delete.debug-delay-sec", 3600); // containers' logs stay for whoever looks
        conf.setBoolean("yarn.minicluster.fixed.ports", false);
        conf.set("yarn.application.classpath", ""); // Spark brings Hadoop along
        conf.set("yarn.nodemanager.env-whitelist", "JAVA_HOME,PATH");
        return conf;
    }

    private static void write(Configuration running, String uri, Path conf) throws IOException {
        Configuration client = new Configuration(running);
        client.unset("net.topology.node.switch.mapping.impl"); // a class that only these clusters have
        client.unset("net.topology.impl");
        client.set("fs.defaultFS", uri);
        for (String name : new String[] {"core-site.xml", "yarn-site.xml", "hdfs-site.xml"}) {
            try (OutputStream out = Files.newOutputStream(conf.resolve(name))) {
                client.writeXml(out);
            }
        }
    }
}
