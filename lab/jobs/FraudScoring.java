package com.acme.shop;

import java.util.Map;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Asks a slow scoring model for each order, one at a time, while orders come as fast as they can. */
public final class FraudScoring {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, 0)
            .keyBy(order -> order.customerId)
            .map(new Score(Long.parseLong(arguments.getOrDefault("millis", "50")))).name("score").uid("score"), "scores");
        env.execute(Feed.arguments(args).getOrDefault("name", "fraud-scoring"));
    }

    public static final class Score implements MapFunction<Feed.Order, Double> {
        private final long millis;

        Score(long millis) {
            this.millis = millis;
        }

        @Override
        public Double map(Feed.Order order) throws Exception {
            Thread.sleep(millis);
            return order.amountCents / 10_000.0;
        }
    }
}
