package org.fednano.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** What may know what, as the README's module table says. */
@AnalyzeClasses(packages = "org.fednano", importOptions = ImportOption.DoNotIncludeTests.class)
class ModuleTableTest {

    private static final String[] CORE = {
        "org.fednano.algorithm..",
        "org.fednano.adapter..",
        "org.fednano.encoder..",
        "org.fednano.optimizer..",
        "org.fednano.fisher..",
        "org.fednano.jinja..",
        "org.fednano.merger..",
        "org.fednano.prompt..",
        "org.fednano.sample..",
        "org.fednano.weights..",
        "org.fednano.settings.."
    };
    private static final String[] ENDPOINT = {"org.fednano.llm.."};
    private static final String[] DATA_PREP = {"org.fednano.prep..", "org.fednano.iconworld.."};
    private static final String[] UDFS = {"org.fednano.udf..", "org.fednano.ml.."};
    private static final String[] SPARK_JOBS = {
        "org.fednano.spark..",
        "org.fednano.gateway..",
        "org.fednano.runstore..",
        "org.fednano.metrics..",
        "org.fednano.report..",
        "org.fednano.pretrain..",
        "org.fednano.cli.."
    };

    @ArchTest
    static final ArchRule coreKnowsOnlyItself = noClasses()
            .that()
            .resideInAnyPackage(CORE)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(join(ENDPOINT, DATA_PREP, UDFS, SPARK_JOBS, "org.apache.spark..", "io.grpc.."));

    @ArchTest
    static final ArchRule endpointKnowsOnlyCore = noClasses()
            .that()
            .resideInAnyPackage(ENDPOINT)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(join(DATA_PREP, UDFS, SPARK_JOBS, "org.apache.spark.."));

    @ArchTest
    static final ArchRule dataPrepAndSparkJobsMeetOnDiskOnly = noClasses()
            .that()
            .resideInAnyPackage(DATA_PREP)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(join(SPARK_JOBS, ENDPOINT));

    @ArchTest
    static final ArchRule sparkJobsNeverSeeDataPrep = noClasses()
            .that()
            .resideInAnyPackage(SPARK_JOBS)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(DATA_PREP);

    @ArchTest
    static final ArchRule functionsKnowOnlyCore = noClasses()
            .that()
            .resideInAnyPackage(UDFS)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(join(ENDPOINT, DATA_PREP, SPARK_JOBS));

    @ArchTest
    static final ArchRule djlStaysInItsRooms = noClasses()
            .that()
            .resideOutsideOfPackages(
                    "org.fednano.encoder..",
                    "org.fednano.adapter..",
                    "org.fednano.llm.model..",
                    "org.fednano.pretrain..",
                    "org.fednano.ml.extension..") // the profile djl-spark
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("ai.djl..");

    @ArchTest
    static final ArchRule grpcStaysInItsRooms = noClasses()
            .that()
            .resideOutsideOfPackages("org.fednano.llm.oip..", "org.fednano.llm.server..", "org.fednano.gateway..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.grpc..");

    @ArchTest
    static final ArchRule theAlgorithmIsPlainJava = noClasses()
            .that()
            .resideInAnyPackage("org.fednano.algorithm..", "org.fednano.merger..", "org.fednano.optimizer..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("ai.djl..", "org.apache.hadoop..", "org.apache.parquet..");

    @ArchTest
    static final ArchRule templatesNeedTheJdkOnly = classes()
            .that()
            .resideInAPackage("org.fednano.jinja..")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage("org.fednano.jinja..", "java..");

    @ArchTest
    static final ArchRule roomsHaveNoCycles =
            slices().matching("org.fednano.(*)..").should().beFreeOfCycles();

    /** A package lives in one module: split packages break class loading under some Spark class paths. */
    @ArchTest
    static void noPackageIsSplitOverModules(JavaClasses classes) {
        Map<String, Set<String>> modules = new TreeMap<>();
        for (JavaClass c : classes) {
            c.getSource().map(source -> source.getUri().toString()).ifPresent(uri -> modules.computeIfAbsent(
                            c.getPackageName(), p -> new TreeSet<>())
                    .add(moduleOf(uri)));
        }
        modules.forEach((name, in) -> assertEquals(1, in.size(), () -> "Package " + name + " is split over " + in));
    }

    private static String moduleOf(String uri) {
        int end = uri.contains("/target/") ? uri.indexOf("/target/") : uri.indexOf(".jar");
        return uri.substring(0, end);
    }

    private static String[] join(Object... parts) {
        Set<String> all = new TreeSet<>();
        for (Object part : parts) {
            if (part instanceof String[] many) {
                all.addAll(Set.of(many));
            } else {
                all.add((String) part);
            }
        }
        return all.toArray(String[]::new);
    }
}
