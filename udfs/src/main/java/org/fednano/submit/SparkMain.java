package org.fednano.submit;

import org.apache.spark.SparkUserAppException;
import org.fednano.settings.Commands;
import org.fednano.settings.ExitStatus;

/**
 * How the main classes that spark-submit starts run a command and end with its {@link ExitStatus}. A process of their own is
 * left with that status. Inside YARN's application master (deploy mode {@code cluster}) an exit would end Spark's own main
 * before it has said how the application ended: YARN calls that a failure, whatever the status, and may start it again. There, success
 * is a return, and a failure an exception that carries the status.
 */
public final class SparkMain {

    private SparkMain() {}

    /**
     * Runs a command.
     *
     * @param main a picocli command
     * @throws SparkUserAppException inside an application master, if the command fails
     */
    public static void run(Object main, String[] args) throws SparkUserAppException {
        end(Commands.runOnConsole(main, args), insideApplicationMaster());
    }

    private static boolean insideApplicationMaster() {
        return "cluster".equals(System.getProperty("spark.submit.deployMode"))
                && "yarn".equals(System.getProperty("spark.master"));
    }

    private static void end(int status, boolean insideApplicationMaster) throws SparkUserAppException {
        if (!insideApplicationMaster) {
            System.exit(status);
        }
        if (status != ExitStatus.DONE.code()) {
            throw new SparkUserAppException(status);
        }
    }
}
