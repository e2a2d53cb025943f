package com.acme.mirror;

import com.acme.settings.Settings;
import com.acme.shop.Compat;
import com.acme.shop.Feed;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Copies orders, at a pace that its settings name. */
public final class OrderMirror {

    public static void main(String[] args) throws Exception {
        Settings settings = new Settings(Feed.arguments(args));
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, 1000 / settings.duration("pause").toMillis()), "mirror");
        env.execute(settings.text("name"));
    }
}
