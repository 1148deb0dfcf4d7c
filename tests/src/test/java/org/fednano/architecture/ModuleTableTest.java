package org.fednano.architecture;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.fednano.architecture.ModuleTableTest.Module.CORE;
import static org.fednano.architecture.ModuleTableTest.Module.DATA_PREP;
import static org.fednano.architecture.ModuleTableTest.Module.DEMO;
import static org.fednano.architecture.ModuleTableTest.Module.ENDPOINT;
import static org.fednano.architecture.ModuleTableTest.Module.SPARK_JOBS;
import static org.fednano.architecture.ModuleTableTest.Module.UDFS;
import static org.fednano.architecture.ModuleTableTest.Module.in;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** What may know what, as the README's module table says. */
@AnalyzeClasses(packages = "org.fednano", importOptions = ModuleTableTest.NoTests.class)
class ModuleTableTest {

    /** Wherever a build puts them. */
    static final class NoTests implements ImportOption {
        @Override
        public boolean includes(Location location) {
            return !location.contains("/test-classes/") && !location.contains("-tests.jar");
        }
    }

    /** A class belongs to the module that it was built in, so that a new package is guarded from its first day. */
    enum Module {
        CORE("core"),
        ENDPOINT("llm-endpoint", "llm-endpoint/oip"),
        UDFS("udfs"),
        DATA_PREP("data-prep"),
        SPARK_JOBS("spark-jobs"),
        DEMO("data-prep/demo");

        private final Set<String> folders;

        Module(String... folders) {
            this.folders = Set.of(folders);
        }

        private static Module of(JavaClass c) {
            String folder = c.getSource()
                    .map(source -> moduleOf(source.getUri().toString()))
                    .orElse("");
            for (Module module : values()) {
                if (module.folders.stream().anyMatch(f -> folder.endsWith("/" + f))) {
                    return module;
                }
            }
            return null;
        }

        static DescribedPredicate<JavaClass> in(Module... modules) {
            return DescribedPredicate.describe(
                    "in " + List.of(modules), c -> Arrays.asList(modules).contains(of(c)));
        }
    }

    private static final DescribedPredicate<JavaClass> SPARK = resideInAPackage("org.apache.spark..");

    @ArchTest
    static final ArchRule coreKnowsOnlyItself = noClasses()
            .that(in(CORE))
            .should()
            .dependOnClassesThat(
                    in(ENDPOINT, UDFS, DATA_PREP, SPARK_JOBS).or(SPARK).or(resideInAPackage("io.grpc..")));

    @ArchTest
    static final ArchRule endpointKnowsOnlyCore = noClasses()
            .that(in(ENDPOINT))
            .should()
            .dependOnClassesThat(in(UDFS, DATA_PREP, SPARK_JOBS).or(SPARK));

    @ArchTest
    static final ArchRule dataPrepAndSparkJobsMeetOnDiskOnly =
            noClasses().that(in(DATA_PREP)).should().dependOnClassesThat(in(SPARK_JOBS, ENDPOINT));

    @ArchTest
    static final ArchRule sparkJobsNeverSeeDataPrep =
            noClasses().that(in(SPARK_JOBS)).should().dependOnClassesThat(in(DATA_PREP));

    @ArchTest
    static final ArchRule functionsKnowOnlyCore =
            noClasses().that(in(UDFS)).should().dependOnClassesThat(in(ENDPOINT, DATA_PREP, SPARK_JOBS));

    /** The demo kit's own jar is in no cluster job. */
    @ArchTest
    static final ArchRule nobodyKnowsTheDemoKit = noClasses()
            .that(in(CORE, ENDPOINT, UDFS, DATA_PREP, SPARK_JOBS))
            .should()
            .dependOnClassesThat(in(DEMO));

    /** The rules above say nothing about a class that they cannot place. */
    @ArchTest
    static void everyClassIsInAModule(JavaClasses classes) {
        for (JavaClass c : classes.that(resideOutsideOfPackage("org.fednano.llm.oip.."))) { // generated
            assertNotNull(Module.of(c), () -> c.getName() + " from " + c.getSource());
        }
    }

    @ArchTest
    static final ArchRule djlStaysInItsRooms = noClasses()
            .that()
            .resideOutsideOfPackages(
                    "org.fednano.encoder..",
                    "org.fednano.tensor..",
                    "org.fednano.vision..",
                    "org.fednano.prompt..", // tokenizers
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
            .resideOutsideOfPackages(
                    "org.fednano.llm.oip..", // generated
                    "org.fednano.llm.wire..",
                    "org.fednano.llm.client..",
                    "org.fednano.llm.check..",
                    "org.fednano.llm.server..",
                    "org.fednano.llm.metrics..", // the netty inside gRPC, for plain HTTP
                    "org.fednano.gateway..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.grpc..");

    @ArchTest
    static final ArchRule theAlgorithmIsPlainJava = noClasses()
            .that()
            .resideInAnyPackage(
                    "org.fednano.algorithm..",
                    "org.fednano.merger..",
                    "org.fednano.method..",
                    "org.fednano.optimizer..")
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

    /** Outside of it, templates are rendered by one class and fail by another. */
    @ArchTest
    static final ArchRule templatesHaveOneDoor = noClasses()
            .that()
            .resideOutsideOfPackage("org.fednano.jinja..")
            .should()
            .dependOnClassesThat(resideInAPackage("org.fednano.jinja..")
                    .and(DescribedPredicate.describe(
                            "are not Template or JinjaException",
                            c -> !List.of("Template", "JinjaException").contains(topLevel(c)))));

    @ArchTest
    static final ArchRule roomsHaveNoCycles =
            slices().matching("org.fednano.(**)").should().beFreeOfCycles();

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

    private static String topLevel(JavaClass c) {
        return c.getEnclosingClass().map(ModuleTableTest::topLevel).orElse(c.getSimpleName());
    }

    static String moduleOf(String uri) {
        // Maven's and IDEs' folders of classes, then jars.
        for (String mark : List.of("/target/", "/classes/", ".jar", "/org/fednano/")) {
            if (uri.contains(mark)) {
                return uri.substring(0, uri.indexOf(mark));
            }
        }
        return uri; // of the JDK, say
    }
}
