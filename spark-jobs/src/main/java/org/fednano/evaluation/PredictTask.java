package org.fednano.evaluation;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;
import org.fednano.encoder.NanoEdge;
import org.fednano.encoder.TruncationStats;
import org.fednano.features.EmbeddingStore;
import org.fednano.features.EncoderHandle;
import org.fednano.gateway.GatewayAddress;
import org.fednano.gateway.GatewayPass;
import org.fednano.llm.FrozenLlm;
import org.fednano.sample.Sample;
import org.fednano.sample.Split;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.shards.ClientRows;
import org.fednano.spark.CohortJob;

/** Answers one input file, on an executor, a batch of the encoder at a time. */
public record PredictTask(
        Broadcast<SerializableConfiguration> conf,
        Broadcast<EvaluationPlan> plan,
        GatewayAddress gateway,
        EncoderHandle encoder,
        List<String> files,
        String output)
        implements CohortJob.Task<PredictTask.Input, PredictTask.Result> {

    public static final List<String> REQUIRED = List.of("sample_id", "question");
    private static final MessageType SCHEMA = MessageTypeParser.parseMessageType(
            """
            message predictions {
              required binary sample_id (STRING);
              required binary predicted (STRING);
              required int32 predicted_index;
            }""");

    /** A file, and what it takes to ask for it. */
    record Input(String file, GatewayPass pass) implements Serializable {}

    /** What came of a file. */
    record Result(String file, long rows, long cut, ExitStatus status, String error) implements Serializable {}

    @Override
    public Result run(Input input, int attempt) {
        String file = input.file();
        try {
            TruncationStats cut = new TruncationStats();
            return new Result(file, answer(file, input.pass().of(attempt), cut), cut.count(), ExitStatus.DONE, "");
        } catch (JobException e) {
            return new Result(file, 0, 0, e.status(), e.getMessage());
        } catch (RuntimeException | IOException e) {
            return new Result(file, 0, 0, ExitStatus.FAILED, "Answering " + file + ": " + e);
        }
    }

    private long answer(String file, GatewayPass pass, TruncationStats cut) throws IOException {
        Configuration hadoop = conf.value().value();
        Path part = new Path(output, String.format("part-%05d.parquet", files.indexOf(file)));
        long[] rows = {0};
        try (FrozenLlm llm = gateway.open(pass);
                EmbeddingStore table =
                        EmbeddingStore.temporary(hadoop, encoder.edge().hidden(), llm::embed);
                ParquetWriter<Group> writer = ExampleParquetWriter.builder(part)
                        .withConf(hadoop)
                        .withType(SCHEMA)
                        .withWriteMode(ParquetFileWriter.Mode.OVERWRITE)
                        .build()) {
            List<Sample> batch = new ArrayList<>();
            Path input = new Path(file);
            ClientRows.readFile(
                    input.getFileSystem(hadoop), input, REQUIRED, ClientRows.ASKED, "", Split.TEST, sample -> {
                        rows[0]++;
                        batch.add(sample);
                        if (batch.size() == encoder.batchSize()) {
                            write(batch, cut, llm, table, writer);
                        }
                        return true;
                    });
            write(batch, cut, llm, table, writer);
        }
        return rows[0];
    }

    private void write(
            List<Sample> batch, TruncationStats cut, FrozenLlm llm, EmbeddingStore table, ParquetWriter<Group> writer) {
        if (batch.isEmpty()) {
            return;
        }
        NanoEdge edge = encoder.edge();
        BatchAnswerer answering = new BatchAnswerer(plan.value(), llm);
        edge.encode(batch, table, cut).forEach(answering::add);
        List<BatchAnswerer.Answer> answers = answering.finish();
        for (int i = 0; i < batch.size(); i++) {
            Sample sample = batch.get(i);
            BatchAnswerer.Answer answer = answers.get(i);
            Group row = new SimpleGroup(SCHEMA);
            row.add("sample_id", sample.sampleId());
            row.add(
                    "predicted",
                    answer.tokens() == null
                            ? sample.choices().get(answer.choice())
                            : edge.tokenizer().decode(answer.tokens()));
            row.add("predicted_index", answer.choice());
            try {
                writer.write(row);
            } catch (IOException e) {
                throw new UncheckedIOException("Writing answers to " + output + ": " + e.getMessage(), e);
            }
        }
        batch.clear();
    }
}
