package com.acme.alerts;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Orders above a limit. */
public final class LargeOrders {

    public static void main(String[] args) throws Exception {
        Map<String, Object> settings = new HashMap<>(Feed.arguments(args));
        settings.putIfAbsent("limit", 5_000);
        int limit = (Integer) settings.get("limit");
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, 100).filter(order -> order.amountCents > limit).name("large").uid("large"), "large-orders");
        env.execute((String) settings.get("name"));
    }
}
