package com.acme.revenue;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.Map;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Revenue per customer and window. Nothing says when an order happened. */
public final class HourlyRevenue {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, 200)
            .keyBy(order -> order.customerId)
            .window(Windows.seconds(Long.parseLong(arguments.get("seconds"))))
            .sum("amountCents").name("sum-per-window").uid("sum-per-window"), "revenue");
        env.execute(arguments.get("name"));
    }
}
