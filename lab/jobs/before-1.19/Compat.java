package com.acme.shop;

import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.streaming.api.functions.sink.DiscardingSink;

/** What is written otherwise for Flink since 1.19: the same names stand in since-1.19/Compat.java. */
public final class Compat {

    private Compat() {}

    public static <T> void discard(DataStream<T> stream, String name) {
        stream.addSink(new DiscardingSink<>()).name(name);
    }

    public static int subtask(RuntimeContext context) {
        return context.getIndexOfThisSubtask();
    }

    public static int attempt(RuntimeContext context) {
        return context.getAttemptNumber();
    }

    public abstract static class StartedMap<I, O> extends RichMapFunction<I, O> {
        protected abstract void start() throws Exception;

        @Override
        public final void open(Configuration configuration) throws Exception {
            start();
        }
    }

    public abstract static class StartedProcess<K, I, O> extends KeyedProcessFunction<K, I, O> {
        protected abstract void start() throws Exception;

        @Override
        public final void open(Configuration configuration) throws Exception {
            start();
        }
    }
}
