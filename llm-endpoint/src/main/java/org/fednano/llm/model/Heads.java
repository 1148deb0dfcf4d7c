package org.fednano.llm.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import org.fednano.tensor.ArrayOps;

/**
 * Queries, keys and values, head after head, so that each product over (S, E) reads memory in order.
 *
 * @param batch B
 * @param q (N·B, P, E), turned by position and scaled
 * @param k (M·B, S, E), turned by position; M key-value heads
 * @param v (M·B, S, E)
 */
record Heads(long batch, NDArray q, NDArray k, NDArray v) {

    /**
     * @param scale of queries
     * @param queryKeyValue (B, S, (N + 2M)·E)
     */
    static Heads of(LlamaConfig config, double scale, NDArray queryKeyValue, View view) {
        long batch = queryKeyValue.getShape().get(0);
        long n = config.heads();
        NDList parts = byHead(queryKeyValue, config).split(new long[] {(n + config.keyValueHeads()) * batch}, 0);
        NDList turned = turned(parts.get(0), batch, view).split(new long[] {n * batch}, 0);
        return new Heads(batch, scaled(turned.get(0), scale), turned.get(1), parts.get(1));
    }

    /**
     * Queries of fewer tokens than there are keys.
     *
     * @param scale of queries
     * @param query (B, P, N·E)
     * @param asking where these tokens stand
     * @param keyValue (B, S, 2M·E)
     * @param seen where those tokens stand
     */
    static Heads of(LlamaConfig config, double scale, NDArray query, View asking, NDArray keyValue, View seen) {
        long batch = query.getShape().get(0);
        NDArray q = turned(byHead(query, config), batch, asking);
        NDList kv = byHead(keyValue, config).split(2, 0);
        return new Heads(batch, scaled(q, scale), turned(kv.get(0), batch, seen), kv.get(1));
    }

    /**
     * These being gradients: that with respect to {@code queryKeyValue}, (B, S, (N + 2M)·E).
     */
    NDArray backward(LlamaConfig config, double scale, View view) {
        NDArray all = ArrayOps.concat(0, scaled(q, scale), k, v);
        long turned = (config.heads() + config.keyValueHeads()) * batch;
        view.turnBack(fourAxes(all.split(new long[] {turned}, 0).get(0), batch));
        return bySample(all, batch);
    }

    /** These being gradients: those with respect to {@code query} and {@code keyValue}. */
    NDList backward(double scale, View asking, View seen) {
        NDArray query = scaled(q, scale);
        asking.turnBack(fourAxes(query, batch));
        seen.turnBack(fourAxes(k, batch));
        return new NDList(bySample(query, batch), bySample(ArrayOps.concat(0, k, v), batch));
    }

    private static NDArray scaled(NDArray q, double scale) {
        return scale == 1 ? q : ArrayOps.scale(q, scale);
    }

    private static NDArray turned(NDArray x, long batch, View view) {
        Shape shape = x.getShape();
        return view.turned(fourAxes(x, batch)).reshape(shape);
    }

    /** (n·B, S, E) as (n, B, S, E). */
    private static NDArray fourAxes(NDArray x, long batch) {
        Shape s = x.getShape();
        return x.reshape(s.get(0) / batch, batch, s.get(1), s.get(2));
    }

    /** (B, S, n·E) to (n·B, S, E). */
    static NDArray byHead(NDArray x, LlamaConfig config) {
        Shape s = x.getShape();
        long e = config.headWidth();
        long n = s.get(2) / e;
        return x.reshape(s.get(0), s.get(1), n, e).transpose(2, 0, 1, 3).reshape(n * s.get(0), s.get(1), e);
    }

    /** (n·B, S, E) to (B, S, n·E). */
    static NDArray bySample(NDArray x, long batch) {
        Shape s = x.getShape();
        long n = s.get(0) / batch;
        return x.reshape(n, batch, s.get(1), s.get(2)).transpose(1, 2, 0, 3).reshape(batch, s.get(1), n * s.get(2));
    }
}
