package com.acme.report;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.Map;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Returns and refunds, counted the same way, and under the same uid. */
public final class ReturnsReport {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        DataStream<Feed.Order> orders = Feed.orders(env, 100);
        Compat.discard(orders.keyBy(order -> order.customerId).map(new Count()).name("count-returns").uid(arguments.get("uid")), "returns");
        Compat.discard(orders.keyBy(order -> order.customerId).map(new Count()).name("count-refunds").uid(arguments.get("uid")), "refunds");
        env.execute(arguments.get("name"));
    }

    public static final class Count implements MapFunction<Feed.Order, Long> {
        private long count;

        @Override
        public Long map(Feed.Order order) {
            return ++count;
        }
    }
}
