package com.acme.loyalty;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.Map;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Turns each order into points. The call of execute() was lost when main was split into two methods. */
public final class LoyaltyPoints {

    public static void main(String[] args) throws Exception {
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Map<String, String> arguments = Feed.arguments(args);
        buildPipeline(env, Long.parseLong(arguments.getOrDefault("per-second", "200")));
    }

    private static void buildPipeline(StreamExecutionEnvironment env, long perSecond) {
        Compat.discard(Feed.orders(env, perSecond)
            .map(order -> order.customerId + ":" + order.amountCents / 100).returns(String.class).name("to-points"), "points");
    }
}
