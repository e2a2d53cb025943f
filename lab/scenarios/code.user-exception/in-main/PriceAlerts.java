package com.acme.alerts;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.Map;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Alerts on prices, with the limits of the stage it runs in. */
public final class PriceAlerts {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        long limit = limitOf(arguments.get("stage"));
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, 100).filter(order -> order.amountCents > limit).name("over-limit").uid("over-limit"), "alerts");
        env.execute(arguments.get("name"));
    }

    private static long limitOf(String stage) {
        switch (stage) {
            case "test":
                return 0;
            case "pre":
                return 5_000;
            case "live":
                return 9_000;
            default:
                throw new IllegalArgumentException("There is no stage \"" + stage + "\"; known are test, pre and live");
        }
    }
}
