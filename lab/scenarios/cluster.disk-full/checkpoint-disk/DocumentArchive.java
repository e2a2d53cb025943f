package com.acme.archive;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.Map;
import java.util.Random;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.Collector;

/** Keeps the last document of each order in keyed state, which grows for as long as new orders come. */
public final class DocumentArchive {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, 400)
            .keyBy(order -> order.orderId)
            .process(new Keep(Integer.parseInt(arguments.get("kilobytes")))).returns(Long.class).name("keep-document").uid("keep-document"), "kept");
        env.execute(arguments.get("name"));
    }

    public static final class Keep extends Compat.StartedProcess<Long, Feed.Order, Long> {
        private final int kilobytes;
        private transient ValueState<byte[]> document;
        private transient Random random;

        Keep(int kilobytes) {
            this.kilobytes = kilobytes;
        }

        @Override
        protected void start() {
            document = getRuntimeContext().getState(new ValueStateDescriptor<>("document", byte[].class));
            random = new Random(7);
        }

        @Override
        public void processElement(Feed.Order order, Context context, Collector<Long> out) throws Exception {
            byte[] scanned = new byte[kilobytes * 1024];
            random.nextBytes(scanned); // nothing that a compression could make smaller
            document.update(scanned);
            out.collect(order.orderId);
        }
    }
}
