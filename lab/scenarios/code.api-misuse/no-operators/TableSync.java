package com.acme.sync;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.Map;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** One pipeline for each table that the arguments name. */
public final class TableSync {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        for (String table : arguments.getOrDefault("tables", "").split(",")) {
            if (!table.isEmpty()) {
                Compat.discard(Feed.orders(env, Long.parseLong(arguments.get("per-second"))), table);
            }
        }
        env.execute(arguments.get("name"));
    }
}
