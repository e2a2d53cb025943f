package com.acme.city;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.Map;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Counts orders per city. */
public final class CityCounts {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, Long.parseLong(arguments.get("per-second")))
            .map(order -> Tuple2.of("city-" + order.customerId % 40, 1L)).name("to-city").uid("to-city")
            .keyBy(pair -> pair.f0)
            .sum(1).name("count").uid("count"), "counts");
        env.execute(arguments.get("name"));
    }
}
