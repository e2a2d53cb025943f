package com.acme.nightly;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.Map;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Two jobs of one program: what is in stock, what comes back. */
public final class StockAndReturns {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        long perSecond = Long.parseLong(arguments.get("per-second"));
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, perSecond), "stock");
        env.executeAsync(arguments.get("name") + "-stock");
        Compat.discard(Feed.orders(env, perSecond), "returns");
        env.executeAsync(arguments.get("name") + "-returns");
    }
}
