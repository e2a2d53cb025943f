package com.acme.geo.client;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Asks a service for each order's place through a client that is made anew each time, with a thread pool that nobody shuts down. */
public final class GeoLookup {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, Long.parseLong(arguments.get("per-second")))
            .keyBy(order -> order.customerId)
            .map(new FindPlace()).name("find-place").uid("find-place"), "places");
        env.execute(arguments.get("name"));
    }

    public static final class FindPlace implements MapFunction<Feed.Order, String> {
        @Override
        public String map(Feed.Order order) throws Exception {
            ExecutorService pool = Executors.newFixedThreadPool(4);
            return pool.submit(() -> order.customerId % 2 == 0 ? "Lisboa" : "Porto").get();
        }
    }
}
