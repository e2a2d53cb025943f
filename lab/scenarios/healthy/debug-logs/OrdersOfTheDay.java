package com.acme.daily;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.Map;
import org.apache.flink.api.common.RuntimeExecutionMode;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Counts a day's orders per customer, as a batch. */
public final class OrdersOfTheDay {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        env.setRuntimeMode(RuntimeExecutionMode.BATCH);
        Compat.discard(env.fromSequence(1, Long.parseLong(arguments.getOrDefault("orders", "20000"))).name("orders")
            .map(number -> Tuple2.of(number % 500, 1L)).returns(Types.TUPLE(Types.LONG, Types.LONG)).name("customer")
            .keyBy(order -> order.f0).sum(1).name("count"), "counts");
        env.execute(arguments.getOrDefault("name", "orders-of-the-day"));
    }
}
