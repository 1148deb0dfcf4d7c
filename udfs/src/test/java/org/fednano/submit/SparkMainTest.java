package org.fednano.submit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.spark.SparkUserAppException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

class SparkMainTest {

    /** Ends with the status that it is given. */
    @Command(name = "ending")
    static final class Ending implements Callable<Integer> {
        @Parameters
        private int status;

        @Override
        public Integer call() {
            return status;
        }
    }

    /** The same as a program. */
    static final class Program {
        public static void main(String[] args) throws SparkUserAppException {
            SparkMain.run(new Ending(), args);
        }
    }

    @AfterEach
    void forget() {
        System.clearProperty("spark.submit.deployMode");
        System.clearProperty("spark.master");
    }

    @Test
    void insideAnApplicationMasterSuccessIsAReturnAndFailureAnException() throws SparkUserAppException {
        System.setProperty("spark.submit.deployMode", "cluster");
        System.setProperty("spark.master", "yarn");
        SparkMain.run(new Ending(), new String[] {"0"});
        for (String status : List.of("1", "2", "3", "6")) {
            SparkUserAppException failure = assertThrows(
                    SparkUserAppException.class, () -> SparkMain.run(new Ending(), new String[] {status}));
            assertEquals(Integer.parseInt(status), failure.exitCode());
        }
    }

    /** Spark's launchers of a standalone cluster and of Kubernetes watch a process of the driver's own. */
    @Test
    void aProcessOfItsOwnIsLeftWithTheStatus() throws IOException, InterruptedException {
        assertEquals(3, exit("3"));
        assertEquals(0, exit("0", "-Dspark.master=yarn", "-Dspark.submit.deployMode=client"));
        assertEquals(4, exit("4", "-Dspark.master=spark://m:7077", "-Dspark.submit.deployMode=cluster"));
    }

    private static int exit(String status, String... options) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin/java").toString()));
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Program.class.getName(), status));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectInput(new File("/dev/null"))
                .start()
                .waitFor();
    }
}
