package com.acme.archive;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.Map;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Writes every order to an archive; each write takes as long as the archive takes. */
public final class OrdersArchive {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, 0)
            .keyBy(order -> order.customerId)
            .map(new Write(Long.parseLong(arguments.getOrDefault("write-ms", "1")))).name("write").uid("write"), "written");
        env.execute(arguments.getOrDefault("name", "orders-archive"));
    }

    public static final class Write implements MapFunction<Feed.Order, Long> {
        private final long writeMs;

        Write(long writeMs) {
            this.writeMs = writeMs;
        }

        @Override
        public Long map(Feed.Order order) throws Exception {
            Thread.sleep(writeMs);
            return order.orderId;
        }
    }
}
