package com.acme.report;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.Map;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Large refunds. */
public final class RefundWatch {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, Long.parseLong(arguments.get("per-second")))
            .filter(order -> order.amountCents > 5_000).name("large-refunds"), "alerts");
        env.execute(arguments.get("name"));
    }
}
